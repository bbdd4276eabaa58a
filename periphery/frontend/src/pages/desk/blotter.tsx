/** Orders with their children, fills, denials: every row as the stream tells it, in the frame in which it came. */
import { useEffect, useMemo, useRef, useState } from "react";
import { api, must, problemOf } from "../../api/client";
import { session } from "../../api/session";
import { usePaced } from "../../live/signal";
import { parentOf, store } from "../../live/store";
import type { Delta, Row } from "../../live/table";
import { clock, fixed, grouped, price, words } from "../../ui/format";
import { type Column, Grid, type GridHandle } from "../../ui/grid";
import { useKeys } from "../../ui/keys";
import { Dialog, Panel, Segment, toast } from "../../ui/parts";
import { cancel, told } from "./actions";
import { focus, type OrderRow } from "./focus";
import { Fills, Denials } from "./news";

const TABS = ["Orders", "Fills", "Denials"] as const;
const SHOWN = ["working", "done", "all"] as const;
const COUNT_MS = 200;

export function precisionOf(symbol: unknown): number | undefined {
  return store.reference?.instruments.find((each) => each.name === symbol)?.price_precision;
}

export function Blotter(props: { area: string }) {
  const [tab, setTab] = useState<(typeof TABS)[number]>("Orders");
  const [shown, setShown] = useState<(typeof SHOWN)[number]>("working");
  const [quick, setQuick] = useState("");
  const filter = useRef<HTMLInputElement>(null);
  const enter = () => {
    // At once where the grid is there: what is pressed next must find the keyboard in it.
    if (tab === "Orders") blotterHandle.current?.enter();
    else {
      setTab("Orders");
      requestAnimationFrame(() => document.querySelector(".dialog") ?? blotterHandle.current?.enter());
    }
  };
  useKeys("Blotter", [
    { key: "/", what: "filter", run: () => filter.current?.focus() },
    { key: "o", what: "into the orders", run: enter },
    { key: "f", what: "fills", run: () => setTab("Fills") },
    { key: "n", what: "denials", run: () => setTab("Denials") },
    { key: "w", what: "working, done, all", run: () => setShown(SHOWN[(SHOWN.indexOf(shown) + 1) % SHOWN.length]!) },
  ]);
  return (
    <Panel title="Blotter" area={props.area} tools={
      <>
        <Segment label="What" value={tab} choices={TABS} set={setTab} />
        {tab === "Orders" ? <Segment label="Which orders" value={shown} choices={SHOWN} set={setShown} /> : null}
        <Count />
        <span className="grow" />
        <input ref={filter} aria-label="Filter" placeholder="filter  /" value={quick}
          onChange={(event) => setQuick(event.target.value)} onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()} />
      </>
    }>
      {tab === "Orders" ? <Orders shown={shown} quick={quick} /> : tab === "Fills" ? <Fills quick={quick} /> : <Denials quick={quick} />}
    </Panel>
  );
}

function Count() {
  usePaced(store.working.changed, COUNT_MS);
  return <span className="muted" data-testid="working">{store.working.count.toLocaleString("en")} working</span>;
}

/** With a digit more than prices have. */
export function average(value: unknown, symbol: unknown): string {
  return Number(value) ? fixed(value, (precisionOf(symbol) ?? 2) + 1) : "";
}

const text = (name: string) => (row: OrderRow) => row.values[name];
const side = (row: OrderRow) => (row.values.side === "buy" ? "buy" : row.values.side === "sell" ? "sell" : "");
const STATUS: Record<string, string> = { rejected: "bad", denied: "bad", filled: "good", pending_cancel: "warn", pending_replace: "warn" };

const COLUMNS: Column<OrderRow>[] = [
  { head: "", value: (row) => (row.child ? "" : row.open ? "▾" : "▸"), width: 32, tone: () => "muted" },
  { head: "Time", value: (row) => row.seq, show: (row) => clock(row.timeNs) || "earlier", width: 90, number: true, sort: "desc" },
  { head: "Account", value: text("account"), width: 68 },
  { head: "Symbol", value: text("symbol"), width: 76 },
  { head: "Side", value: text("side"), width: 48, tone: side },
  { head: "Type", value: text("ord_type"), show: (row) => words(row.values.ord_type), width: 58 },
  { head: "Qty", value: text("order_qty"), show: (row) => grouped(row.values.order_qty), number: true, width: 84 },
  { head: "Price", value: text("price"), show: (row) => price(row.values.price, precisionOf(row.values.symbol)), number: true, width: 74 },
  { head: "Filled", value: text("cum_qty"), show: (row) => grouped(row.values.cum_qty), number: true, width: 80 },
  { head: "Leaves", value: text("leaves_qty"), show: (row) => grouped(row.values.leaves_qty), number: true, width: 84 },
  { head: "Avg px", value: text("avg_px"), show: (row) => average(row.values.avg_px, row.values.symbol), number: true, width: 80 },
  { head: "Status", value: text("ord_status"), show: (row) => words(row.values.ord_status), tone: (row) => STATUS[String(row.values.ord_status)] ?? "", width: 92 },
  { head: "TIF", value: text("time_in_force"), width: 44 },
  { head: "Venue", value: text("venue"), width: 66 },
  { head: "Strategy", value: text("strategy"), width: 90 },
  { head: "Why", value: text("reason"), show: (row) => words(row.values.reason), width: 110, flex: 1 },
  { head: "Id", value: (row) => (row.child ? row.values.child_id : row.values.cl_ord_id), width: 190, tone: () => "muted" },
];

function orderOf(row: Row, opened: Set<string>): OrderRow {
  return { id: row.key, topic: row.topic, child: false, open: opened.has(row.key), done: !!row.values.done, seq: row.seq, timeNs: row.timeNs, values: row.values };
}

function childOf(row: Row): OrderRow {
  const parent = store.tables.orders.rows.get(`orders:${row.topic.split(":")[1]}\u0000${parentOf(row.key)}`);
  const values = { ...row.values, symbol: row.values.symbol ?? parent?.values.symbol, side: row.values.side ?? parent?.values.side };
  return { id: `${CHILD}${row.key}`, topic: row.topic, child: true, open: false, done: !!row.values.done, seq: row.seq, timeNs: row.timeNs, values };
}

const CHILD = "child ";

function orderIdOf(row: OrderRow): string {
  return row.child ? parentOf(row.id.slice(CHILD.length)) : row.id;
}

export const blotterHandle: { current: GridHandle<OrderRow> | null } = { current: null };

function Orders(props: { shown: (typeof SHOWN)[number]; quick: string }) {
  const opened = useRef(new Set<string>());
  const grid = useRef<GridHandle<OrderRow> | null>(null);
  const [asking, setAsking] = useState<"" | "one" | "all">("");
  const may = session.may("trade");

  const ready = (handle: GridHandle<OrderRow>) => {
    grid.current = blotterHandle.current = handle;
    handle.apply({ add: [...store.tables.orders.rows.values()].map((row) => orderOf(row, opened.current)) });
    const rows = (delta: Row[]) => delta.map((row) => orderOf(row, opened.current));
    const ends = [
      store.tables.orders.follow((delta: Delta) => handle.apply({ add: rows(delta.add), update: rows(delta.update), remove: rows(delta.remove) })),
      store.tables.children.follow((delta: Delta) => {
        const shownOf = (all: Row[]) => all.filter((row) => opened.current.has(parentOf(row.key))).map(childOf);
        handle.apply({ add: shownOf(delta.add), update: shownOf(delta.update), remove: shownOf(delta.remove) });
      }),
    ];
    return () => {
      blotterHandle.current = null;
      ends.forEach((end) => end());
    };
  };

  /** Children stand below their order, however the orders are sorted. */
  const place = (rows: OrderRow[]): OrderRow[] => {
    const children = Map.groupBy(rows.filter((row) => row.child), orderIdOf);
    const byId = (a: OrderRow, b: OrderRow) => (a.id < b.id ? -1 : 1);
    return rows.filter((row) => !row.child).flatMap((row) => [row, ...(children.get(row.id) ?? []).sort(byId)]);
  };

  const turn = (row: OrderRow) => {
    if (row.child) return;
    const kept = [...store.tables.children.rows.values()].filter((each) => parentOf(each.key) === row.id).map(childOf);
    const order = store.tables.orders.rows.get(`${row.topic}\u0000${row.id}`);
    if (opened.current.delete(row.id)) grid.current?.apply({ remove: kept });
    else {
      opened.current.add(row.id);
      grid.current?.apply({ add: kept });
    }
    if (order) grid.current?.apply({ update: [orderOf(order, opened.current)] });
    grid.current?.sortAfter(opened.current.size ? place : null);
  };

  const passes = useMemo(() => {
    if (props.shown === "all") return undefined;
    const done = props.shown === "done";
    return (row: OrderRow) => (row.child ? opened.current.has(orderIdOf(row)) : row.done === done);
  }, [props.shown]);
  useEffect(() => grid.current?.filterAgain(), [passes]);

  const chosen = () => {
    const row = grid.current?.selected() ?? null;
    return row && !row.child && !row.done ? row : null;
  };
  useKeys("Orders", [
    { key: "e", what: "children of the selected order (or Enter)", run: () => grid.current?.selected() && turn(grid.current.selected()!) },
    { key: "r", what: "replace the selected order", run: () => may && chosen() && focus.replace(chosen()) },
    { key: "x", what: "cancel the selected order", run: () => may && chosen() && setAsking("one") },
    { key: "X", what: "cancel all orders of the account", run: () => may && setAsking("all") },
  ]);
  return (
    <>
      <Grid<OrderRow> label="Orders" columns={COLUMNS} ready={ready} passes={passes} quick={props.quick} opened={turn}
        tone={(row) => (row.child ? "child" : row.done ? "done" : "")} empty="no orders"
        chosen={(row) => row && !row.child && row.values.symbol !== focus.symbol && !focus.replacing && focus.look({ symbol: String(row.values.symbol) })} />
      {asking === "one" && chosen() ? <CancelOne row={chosen()!} close={() => setAsking("")} /> : null}
      {asking === "all" ? <CancelAll close={() => setAsking("")} /> : null}
    </>
  );
}

function CancelOne(props: { row: OrderRow; close: () => void }) {
  const [row] = useState(props.row);
  const { values } = row;
  const id = String(values.cl_ord_id);
  const go = () => {
    void told(`Cancel ${id}`, cancel(id));
    props.close();
  };
  return (
    <Dialog title="Cancel this order?" close={props.close} footer={
      <>
        <button type="button" className="button" onClick={props.close}>Keep it</button>
        <button type="button" className="button primary" data-first onClick={go}>Cancel the order</button>
      </>
    }>
      <p><span className={values.side === "buy" ? "buy" : "sell"}>{String(values.side)}</span> {grouped(values.leaves_qty)} of {grouped(values.order_qty)} {String(values.symbol)} at {price(values.price, precisionOf(values.symbol)) || "market"}, account {String(values.account)}</p>
      <p className="muted">{id}</p>
    </Dialog>
  );
}

function CancelAll(props: { close: () => void }) {
  usePaced(store.working.changed, COUNT_MS);
  const account = focus.account;
  const count = store.working.byAccount.get(account) ?? 0;
  const go = async () => {
    props.close();
    try {
      await must(api.POST("/orders/cancel", { body: { account }, parseAs: "text" }));
      toast("good", `Asked to cancel all orders of ${account}`);
    } catch (error) {
      toast("bad", problemOf(error).message);
    }
  };
  return (
    <Dialog title={`Cancel all orders of ${account}?`} close={props.close} footer={
      <>
        <button type="button" className="button" onClick={props.close}>Keep them</button>
        <button type="button" className="button primary" data-first disabled={!count} onClick={() => void go()}>Cancel {count.toLocaleString("en")} {count === 1 ? "order" : "orders"}</button>
      </>
    }>
      <p>{count.toLocaleString("en")} working {count === 1 ? "order" : "orders"} of account {account}, of all symbols.</p>
    </Dialog>
  );
}
