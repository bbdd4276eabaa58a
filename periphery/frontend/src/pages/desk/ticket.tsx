/** An order's ticket: what it would do is shown before it is sent: where it goes, what it is worth, what risk says. */
import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { api, must, type Problem, problemOf, type Schemas } from "../../api/client";
import { session } from "../../api/session";
import { useSignal } from "../../live/signal";
import { store } from "../../live/store";
import { fixed, fromUnits, grouped, units, price as pricedAs, words } from "../../ui/format";
import { useKeys } from "../../ui/keys";
import { Panel, ProblemNote } from "../../ui/parts";
import { type NewOrder, replace, send, told } from "./actions";
import { precisionOf } from "./blotter";
import { focus } from "./focus";
import { bestOf } from "./market";

const TYPES: NewOrder["ord_type"][] = ["limit", "market", "stop", "stop_limit"];
const TIFS: NewOrder["time_in_force"][] = ["day", "gtc", "ioc", "fok"];
const POLICIES = ["", "sweep", "net", "home", "post", "take", "spray", "iso", "dark", "optimal"] as const;
const PREVIEW_MS = 250;

interface More {
  tif: NonNullable<NewOrder["time_in_force"]>;
  stop: string;
  venue: string;
  policy: (typeof POLICIES)[number];
  strategy: string;
}

const FIRST: More = { tif: "day", stop: "", venue: "", policy: "", strategy: "" };

export function Ticket(props: { area: string }) {
  useSignal(focus.changed);
  useSignal(store.health);
  const [more, setMore] = useState<More>(FIRST);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const may = session.may("trade");
  const { draft, replacing, symbol, account } = focus;
  const body = bodyOf(more);
  const priced = draft.ordType === "limit" || draft.ordType === "stop_limit";
  const change = (next: Partial<More>) => setMore({ ...more, ...next });
  const go = async () => {
    if (busy || !may || !draft.qty) return;
    setBusy(true);
    const asked = replacing
      ? told(`Replace ${symbol}`, replace(String(replacing.values.cl_ord_id), { order_qty: draft.qty, price: draft.price || null }))
      : told(`${draft.side === "buy" ? "Buy" : "Sell"} ${grouped(draft.qty)} ${symbol}`, send(body));
    const found = await asked;
    setProblem(found);
    if (!found && replacing) focus.replace(null);
    setBusy(false);
  };
  useEffect(() => setProblem(null), [symbol, account, draft.side, draft.qty, draft.price]);
  useKeys("Ticket", [
    { key: "b", what: "buy", run: () => begin("buy") },
    { key: "s", what: "sell", run: () => begin("sell") },
    { key: "Ctrl+Enter", what: "send", run: () => void go(), typing: true },
    { key: "Escape", what: "leave the field, or the replacing", run: leave, typing: true },
  ]);
  return (
    <Panel title={replacing ? "Replace" : "Ticket"} area={props.area} pad tools={<><span className="grow" />{replacing ? <button type="button" className="button small" onClick={() => focus.replace(null)}>New order</button> : null}</>}>
      <form className="ticket" onSubmit={(event: FormEvent) => { event.preventDefault(); void go(); }}>
        <div className="segment wide" role="group" aria-label="Side">
          {(["buy", "sell"] as const).map((each) => (
            <button key={each} type="button" aria-pressed={draft.side === each} className={each} disabled={!!replacing}
              style={{ flex: 1 }} onClick={() => focus.write({ side: each })}>{each}</button>
          ))}
        </div>
        <Field id="ticket-account" label="Account">
          <select id="ticket-account" value={account} disabled={!!replacing} onChange={(event) => focus.look({ account: event.target.value })}>
            {(store.reference?.accounts ?? []).map((each) => <option key={each.name}>{each.name}</option>)}
          </select>
        </Field>
        <Field id="ticket-type" label="Type">
          <select id="ticket-type" value={draft.ordType} disabled={!!replacing} onChange={(event) => focus.write({ ordType: event.target.value })}>
            {TYPES.map((each) => <option key={each} value={each}>{words(each)}</option>)}
          </select>
        </Field>
        <Field id="ticket-qty" label="Quantity">
          <input id="ticket-qty" className="num" inputMode="decimal" autoComplete="off" value={draft.qty} onChange={(event) => focus.write({ qty: plain(event.target.value) })} />
        </Field>
        <Field id="ticket-price" label="Price">
          <input id="ticket-price" className="num" inputMode="decimal" autoComplete="off" disabled={!priced && !replacing} value={priced || replacing ? draft.price : ""}
            placeholder={priced ? "" : "at the market"} onChange={(event) => focus.write({ price: plain(event.target.value) })} onKeyDown={(event) => step(event.key, event)} />
        </Field>
        {replacing ? null : <Details more={more} change={change} />}
        <button type="submit" className={`button wide ${draft.side === "buy" ? "buys" : "sells"}`} disabled={busy || !may || !draft.qty} title="Ctrl + Enter">
          {replacing ? "Replace" : draft.side === "buy" ? "Buy" : "Sell"} {grouped(draft.qty)} {symbol}{(priced || replacing) && draft.price ? ` at ${pricedAs(draft.price, precisionOf(symbol))}` : ""}
        </button>
        {may ? null : <p className="wide muted">Sending takes the scope trade.</p>}
        <div className="wide"><ProblemNote problem={problem} /></div>
      </form>
      {replacing || !may ? null : <Preview body={body} />}
    </Panel>
  );
}

function Field(props: { id: string; label: string; children: ReactNode }) {
  return <div className="field"><label htmlFor={props.id}>{props.label}</label>{props.children}</div>;
}

function Details(props: { more: More; change: (next: Partial<More>) => void }) {
  const { more, change } = props;
  const { draft, symbol } = focus;
  const venues = store.reference?.instruments.find((each) => each.name === symbol)?.venues ?? [];
  const strategies = store.reference?.strategies ?? [];
  const stops = draft.ordType === "stop" || draft.ordType === "stop_limit";
  return (
    <>
      {stops ? (
        <Field id="ticket-stop" label="Stop">
          <input id="ticket-stop" className="num" inputMode="decimal" autoComplete="off" value={more.stop} onChange={(event) => change({ stop: plain(event.target.value) })} />
        </Field>
      ) : null}
      <Field id="ticket-tif" label="In force">
        <select id="ticket-tif" value={more.tif} onChange={(event) => change({ tif: event.target.value as More["tif"] })}>
          {TIFS.map((each) => <option key={each} value={each}>{each}</option>)}
        </select>
      </Field>
      <Field id="ticket-venue" label="Venue">
        <select id="ticket-venue" value={more.venue} onChange={(event) => change({ venue: event.target.value })}>
          <option value="">router</option>
          {venues.map((each) => <option key={each}>{each}</option>)}
        </select>
      </Field>
      <Field id="ticket-policy" label="Policy">
        <select id="ticket-policy" value={more.policy} disabled={!!more.venue} onChange={(event) => change({ policy: event.target.value as More["policy"] })}>
          {POLICIES.map((each) => <option key={each} value={each}>{each || "sweep (default)"}</option>)}
        </select>
      </Field>
      {strategies.length ? (
        <Field id="ticket-strategy" label="Strategy">
          <select id="ticket-strategy" value={more.strategy} onChange={(event) => change({ strategy: event.target.value })}>
            <option value="">none</option>
            {strategies.map((each) => <option key={each}>{each}</option>)}
          </select>
        </Field>
      ) : null}
    </>
  );
}

function bodyOf(more: More): NewOrder {
  const { draft, symbol, account } = focus;
  const limited = draft.ordType === "limit" || draft.ordType === "stop_limit";
  return {
    account, symbol, side: draft.side, order_qty: draft.qty, ord_type: draft.ordType as NewOrder["ord_type"],
    price: limited && draft.price ? draft.price : null, time_in_force: more.tif,
    stop_px: draft.ordType.startsWith("stop") && more.stop ? more.stop : null,
    venue: more.venue || null, policy: more.venue ? null : more.policy || null, strategy: more.strategy || null,
    post_only: false, reduce_only: false,
  };
}

function begin(side: "buy" | "sell"): void {
  focus.replace(null);
  const best = bestOf(focus.symbol);
  focus.write({ side, price: focus.draft.price || padded((side === "buy" ? best.bid?.px : best.ask?.px) ?? "") });
  document.getElementById("ticket-qty")?.focus();
}

/** With as many digits as the instrument's prices have. */
function padded(px: string): string {
  const digits = precisionOf(focus.symbol);
  return px && digits !== undefined ? fromUnits(units(px, digits), digits) : px;
}

function leave(): void {
  if (document.activeElement instanceof HTMLElement && document.activeElement !== document.body) document.activeElement.blur();
  else focus.replace(null);
}

function plain(text: string): string {
  return text.replace(/[^0-9.-]/g, "");
}

/** Arrow keys: a tick up or down. */
function step(key: string, event: { preventDefault: () => void }): void {
  const way = key === "ArrowUp" ? 1 : key === "ArrowDown" ? -1 : 0;
  const instrument = store.reference?.instruments.find((each) => each.name === focus.symbol);
  if (!way || !instrument || !focus.draft.price) return;
  event.preventDefault();
  const value = Number(focus.draft.price) + way * Number(instrument.tick);
  focus.write({ price: value.toFixed(instrument.price_precision) });
}

// ---- what it would do --------------------------------------------------------------------------------------

interface Previewed {
  risk: Schemas["Preview"];
  route: Schemas["Route"];
}

function usePreview(body: NewOrder): { found: Previewed | null; problem: Problem | null } {
  const [state, setState] = useState<{ found: Previewed | null; problem: Problem | null }>({ found: null, problem: null });
  const asked = JSON.stringify(body);
  const ready = !!body.order_qty && Number(body.order_qty) > 0 && !!body.account && !!body.symbol
    && (body.ord_type === "market" || body.ord_type === "stop" || !!body.price);
  useEffect(() => {
    let over = false;
    if (!ready) {
      setState({ found: null, problem: null });
      return;
    }
    const timer = setTimeout(async () => {
      try {
        const [risk, route] = await Promise.all([must(api.POST("/orders/preview", { body })), must(api.POST("/orders/route", { body }))]);
        if (!over) setState({ found: { risk, route }, problem: null });
      } catch (error) {
        if (!over) setState({ found: null, problem: problemOf(error) });
      }
    }, PREVIEW_MS);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [asked, ready]);
  return state;
}

function Preview(props: { body: NewOrder }) {
  const { found, problem } = usePreview(props.body);
  if (problem) return <div style={{ marginTop: 8 }}><ProblemNote problem={problem} /></div>;
  if (!found) return <p className="muted" style={{ marginTop: 10 }}>Route, risk and notional are shown here before anything is sent.</p>;
  const { risk, route } = found;
  return (
    <div style={{ marginTop: 10, display: "grid", gap: 8 }} data-testid="preview">
      <div className={risk.denied ? "note bad" : "note good"}>{risk.denied ? `would be denied: ${words(risk.denied)}` : "risk would pass it"}</div>
      <div className="row"><span className="label">Notional</span><span className="grow" style={{ flex: 1 }} /><span className="strong" data-testid="notional">{fixed(route.notional, 2)} {route.currency}</span></div>
      <table className="plain" aria-label="Route">
        <thead><tr><th>Route</th><th className="num">Qty</th><th className="num">Price</th><th>Does</th></tr></thead>
        <tbody>
          {route.legs.map((leg, n) => (
            <tr key={n}><td>{leg.venue}</td><td className="num">{grouped(leg.qty)}</td><td className="num">{pricedAs(leg.price, precisionOf(props.body.symbol))}</td><td className="muted">{leg.rests ? "rests" : "takes"}</td></tr>
          ))}
          {Number(route.left) ? <tr><td className="muted">not now</td><td className="num">{grouped(route.left)}</td><td /><td /></tr> : null}
        </tbody>
      </table>
      {risk.limits.length ? (
        <table className="plain" aria-label="Limits">
          <thead><tr><th>Limit</th><th className="num">Bound</th><th className="num">Room</th></tr></thead>
          <tbody>
            {risk.limits.map((each, n) => (
              <tr key={n}><td>{words(each.check)}</td><td className="num">{grouped(each.limit)}</td><td className={`num ${each.passes ? "" : "bad"}`}>{grouped(each.room)}</td></tr>
            ))}
          </tbody>
        </table>
      ) : null}
    </div>
  );
}
