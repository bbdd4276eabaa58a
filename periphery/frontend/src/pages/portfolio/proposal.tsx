/** One proposal: its orders, what speaks against it, a second person's yes, and what became of each order. */
import { useState } from "react";
import { api, must, problemOf, type Problem } from "../../api/client";
import { session } from "../../api/session";
import { serverClock } from "../../live/clock";
import { Facts, Scroll, State } from "../../ui/asked";
import { fixed, grouped, words } from "../../ui/format";
import { useKeys } from "../../ui/keys";
import { Dialog, Panel, ProblemNote, toast } from "../../ui/parts";
import { duration, percent } from "../../ui/quantities";
import type { Proposed } from "../portfolio.page";

export function Proposal(props: { row: Proposed | null; again: () => void }) {
  const { row } = props;
  const [problem, setProblem] = useState<Problem | null>(null);
  const [sending, setSending] = useState(false);
  const tried = async (work: () => Promise<string>) => {
    try {
      toast("good", await work());
      setProblem(null);
    } catch (error) {
      setProblem(problemOf(error));
    }
    props.again();
  };
  const path = { path: { proposal_id: row?.id ?? "" } };
  const approve = () => tried(async () => {
    await must(api.POST("/portfolio/{proposal_id}/approve", { params: path }));
    return "Approved: it may be sent";
  });
  const send = () => tried(async () => {
    const told = await must(api.POST("/portfolio/{proposal_id}/send", { params: path }));
    return `${told.orders.length} ${told.orders.length === 1 ? "order" : "orders"}: what became of each stands there`;
  });
  const mine = row?.by === session.get()?.name;
  const mayApprove = session.may("risk") && row?.state === "pending" && !mine && !!row.orders.length;
  const maySend = session.may("trade") && row?.state === "approved";
  useKeys("Proposal", [
    { key: "a", what: "approve the proposal", run: () => mayApprove && void approve() },
    { key: "s", what: "send the approved proposal", run: () => maySend && setSending(true) },
  ]);
  if (!row) return <Panel title="Preview" area="proposal"><p className="empty">The orders of a proposal stand here.</p></Panel>;
  return (
    <Panel title={`Proposal of ${row.by} for ${row.account}`} area="proposal" tools={
      <>
        <State of={row.state} />
        <span className="muted">{leftOf(row)}</span>
        <span className="grow" />
        {row.state === "pending" ? <button type="button" className="button small" disabled={!mayApprove} title={mine ? "a second person approves" : ""} onClick={() => void approve()}>Approve</button> : null}
        {row.state === "approved" ? <button type="button" className="button small primary" disabled={!maySend} onClick={() => setSending(true)}>Send</button> : null}
      </>
    }>
      <ProblemNote problem={problem} />
      <Scroll label="Proposal">
        <Orders row={row} />
        <div className="sums">
          <Facts rows={[["Equity", `${fixed(row.equity, 2)} ${row.currency}`], ["Cash", `${fixed(row.cash, 2)} ${row.currency}`], ["Approved by", row.approvals.map((each) => each.by).join(", ")]]} />
          <Facts rows={[["Notional", `${fixed(row.notional, 2)} ${row.currency}`], ["Turnover", percent(Number(row.turnover), 2)], ["Cost", `${fixed(row.cost, 2)} ${row.currency}`]]} />
        </div>
        {row.concerns.map((each) => <div key={each} className="note warn">{each}</div>)}
      </Scroll>
      {sending ? <Send row={row} close={() => setSending(false)} send={() => { setSending(false); void send(); }} /> : null}
    </Panel>
  );
}

function leftOf(row: Proposed): string {
  const left = row.made_ns + row.valid_s * 1e9 - serverClock.nowMs() * 1e6;
  return row.state === "pending" || row.state === "approved" ? `holds for ${duration(Math.max(left, 0))}` : "";
}

function Orders(props: { row: Proposed }) {
  const { row } = props;
  const became = new Map(row.became.map((each) => [each.cl_ord_id, each.became]));
  return (
    <table className="plain" aria-label="Proposed orders">
      <thead><tr><th>Side</th><th className="num">Quantity</th><th>Symbol</th><th className="num">Weight</th><th>Type</th><th className="num">Price</th><th className="num">Bid</th><th className="num">Ask</th><th>Risk says</th><th>Became</th></tr></thead>
      <tbody>
        {row.orders.map((order) => (
          <tr key={order.cl_ord_id}>
            <td className={order.side === "buy" ? "buy" : "sell"}>{words(order.side)}</td><td className="num">{grouped(order.order_qty)}</td><td className="strong">{order.symbol}</td>
            <td className="num">{percent(Number(row.weights[order.symbol]))}</td><td>{order.ord_type}</td><td className="num">{grouped(order.price)}</td>
            <td className="num muted">{grouped(row.prices[order.symbol]?.bid)}</td><td className="num muted">{grouped(row.prices[order.symbol]?.ask)}</td>
            <td className={order.denied ? "bad" : "muted"}>{order.denied ? words(order.denied) : "passes"}</td><td>{words(became.get(order.cl_ord_id) ?? "")}</td>
          </tr>
        ))}
        {row.orders.length ? null : <tr><td colSpan={10} className="empty">The account has these weights already: there is nothing to send.</td></tr>}
      </tbody>
    </table>
  );
}

function Send(props: { row: Proposed; close: () => void; send: () => void }) {
  const { row } = props;
  const denied = row.orders.filter((order) => order.denied).length;
  return (
    <Dialog title={`Send ${row.orders.length} ${row.orders.length === 1 ? "order" : "orders"} for ${row.account}?`} close={props.close} footer={
      <>
        <button type="button" className="button" onClick={props.close}>Not now</button>
        <button type="button" className="button primary" data-first onClick={props.send}>Send</button>
      </>
    }>
      <p>{fixed(row.notional, 2)} {row.currency} in all, {percent(Number(row.turnover), 2)} of the equity; approved by {row.approvals.map((each) => each.by).join(", ")}.</p>
      {denied ? <div className="note bad">Risk would deny {denied} of them as things were.</div> : null}
    </Dialog>
  );
}
