/** The desk: see the market, trade it, watch what comes of it. */
import { useEffect } from "react";
import type { Page } from "../pages";
import { usePaced, useSignal } from "../live/signal";
import { store } from "../live/store";
import { useKeys } from "../ui/keys";
import { Panel } from "../ui/parts";
import { price } from "../ui/format";
import "./desk/desk.css";
import { Blotter, precisionOf } from "./desk/blotter";
import { ChartPanel } from "./desk/chart";
import { focus } from "./desk/focus";
import { Ladder } from "./desk/ladder";
import { bestOf } from "./desk/market";
import { Positions } from "./desk/positions";
import { Ticket } from "./desk/ticket";

const QUOTES_MS = 100;

function Desk() {
  useSignal(store.health);
  const { reference } = store;
  useEffect(() => {
    if (!reference) return;
    const symbols = reference.instruments.map((each) => each.name);
    const accounts = reference.accounts.map((each) => each.name!);
    if (!symbols.includes(focus.symbol)) focus.look({ symbol: symbols[0] ?? "" });
    if (!accounts.includes(focus.account)) focus.look({ account: accounts[0] ?? "" });
  }, [reference]);
  const turn = (by: number) => {
    const symbols = reference?.instruments.map((each) => each.name) ?? [];
    const at = symbols.indexOf(focus.symbol);
    if (symbols.length) focus.look({ symbol: symbols[(at + by + symbols.length) % symbols.length]! });
  };
  useKeys("Desk", [
    { key: "]", what: "next instrument", run: () => turn(1) },
    { key: "[", what: "instrument before", run: () => turn(-1) },
  ]);
  return (
    <div className="desk">
      <Market area="market" />
      <Ladder area="ladder" />
      <ChartPanel area="chart" />
      <Ticket area="ticket" />
      <Blotter area="blotter" />
      <Positions area="positions" />
    </div>
  );
}

/** Every instrument with its best prices; the one that the desk looks at is marked. */
function Market(props: { area: string }) {
  usePaced(store.frame, QUOTES_MS);
  useSignal(focus.changed);
  return (
    <Panel title="Market" area={props.area}>
      <table className="plain market" aria-label="Market">
        <thead><tr><th>Instrument</th><th className="num">Bid</th><th className="num">Ask</th><th className="num" title="Best ask less best bid, in ticks">Ticks</th></tr></thead>
        <tbody>
          {(store.reference?.instruments ?? []).map(({ name, tick }) => {
            const { bid, ask } = bestOf(name);
            return (
              <tr key={name} className={name === focus.symbol ? "chosen" : ""}>
                <td><button type="button" className="link" aria-pressed={name === focus.symbol} onClick={() => focus.look({ symbol: name })}>{name}</button></td>
                <td className="num buy">{price(bid?.px, precisionOf(name))}</td>
                <td className="num sell">{price(ask?.px, precisionOf(name))}</td>
                <td className="num muted">{bid && ask ? Math.round((Number(ask.px) - Number(bid.px)) / Number(tick)) : ""}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Panel>
  );
}

export const page: Page = { path: "desk", title: "Desk", order: 1, Component: Desk };
