/** Portfolio: target weights, the orders that bring them about, a second person's yes; and what is held, at what risk. */
import { useState } from "react";
import type { Page } from "../pages";
import { api, must, type Schemas } from "../api/client";
import { session } from "../api/session";
import { Scroll, State, Trouble } from "../ui/asked";
import { fixed } from "../ui/format";
import { choosing, useKeys } from "../ui/keys";
import { Panel, useAsked } from "../ui/parts";
import { count, percent, when } from "../ui/quantities";
import "./portfolio/portfolio.css";
import { Engines } from "./portfolio/engines";
import { Held } from "./portfolio/held";
import { Proposal } from "./portfolio/proposal";
import { Targets } from "./portfolio/targets";

export type Proposed = Schemas["Proposed"];
const ASK_MS = 2000;

function Portfolio() {
  const told = useAsked(() => must(api.GET("/portfolio")), ASK_MS);
  const [chosen, setChosen] = useState("");
  const rows = told.told?.proposals ?? [];
  const found = rows.find((row) => row.id === chosen) ?? rows[0] ?? null;
  useKeys("Portfolio", choosing("the proposal", rows.map((row) => row.id), found?.id ?? null, setChosen));
  return (
    <div className="portfolio">
      <Panel title="Target weights" area="targets">
        {session.may("trade") ? <Targets made={(id) => { setChosen(id); told.again(); }} /> : <p className="empty">Targets take scope trade. What was proposed is beside.</p>}
      </Panel>
      <Panel title="Proposals" area="list" tools={<span className="muted">{count(rows.length)}</span>}>
        <Trouble of={told} />
        <Scroll label="Proposals">
          <table className="plain" aria-label="Proposals">
            <thead><tr><th>Made</th><th>By</th><th>Account</th><th>State</th><th className="num">Orders</th><th className="num">Notional</th><th className="num">Turnover</th></tr></thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.id} className={row.id === found?.id ? "chosen" : ""}>
                  <td><button type="button" className="link" aria-pressed={row.id === found?.id} aria-label={`Proposal ${row.id}`} onClick={() => setChosen(row.id)}>{when(row.made_ns).slice(5)}</button></td>
                  <td>{row.by}</td><td className="strong">{row.account}</td><td><State of={row.state} /></td>
                  <td className="num">{count(row.orders.length)}</td><td className="num">{fixed(row.notional, 0)} {row.currency}</td><td className="num">{percent(Number(row.turnover))}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {told.told && !rows.length ? <p className="empty">Nothing was proposed yet. Write target weights and preview their orders; nothing is sent before a second person approves.</p> : null}
        </Scroll>
      </Panel>
      <Proposal row={found} again={told.again} />
      <Held />
      <Engines />
    </div>
  );
}

export const page: Page = { path: "portfolio", title: "Portfolio", order: 8, Component: Portfolio };
