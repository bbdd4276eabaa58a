/** Backtests: what waits and runs, and what came of it. */
import { useState } from "react";
import type { Page } from "../pages";
import { api, must, problemOf, type Schemas } from "../api/client";
import { session } from "../api/session";
import { choosing, useKeys } from "../ui/keys";
import { Scroll, State, Trouble } from "../ui/asked";
import { Panel, toast, useAsked } from "../ui/parts";
import { count, when } from "../ui/quantities";
import "./backtests/backtests.css";
import { NewBacktest } from "./backtests/new";
import { Result } from "./backtests/result";

export type Run = Schemas["Backtest"];
const ASK_MS = 1000;
const WAITS = new Set(["queued", "running"]);

function Backtests() {
  const told = useAsked(() => must(api.GET("/backtests", { params: { query: { most: 200 } } })), ASK_MS);
  const [chosen, setChosen] = useState<number | null>(null);
  const [asking, setAsking] = useState(false);
  const may = session.may("trade");
  const rows = told.told?.backtests ?? [];
  const found = rows.find((row) => row.id === chosen) ?? rows[0] ?? null;
  const cancel = async (id: number) => {
    try {
      await must(api.DELETE("/backtests/{backtest_id}", { params: { path: { backtest_id: id } } }));
      toast("good", `Backtest ${id} is cancelled`);
    } catch (error) {
      toast("bad", problemOf(error).message);
    }
    told.again();
  };
  useKeys("Backtests", [
    ...choosing("the backtest", rows.map((row) => row.id), found?.id ?? null, setChosen),
    { key: "n", what: "a new backtest", run: () => may && setAsking(true) },
    { key: "x", what: "cancel the chosen backtest", run: () => may && found && WAITS.has(found.state) && void cancel(found.id) },
  ]);
  return (
    <div className={found?.has_result ? "backtests" : "backtests waits"}>
      <Panel title="Backtests" area="list" tools={
        <>
          <span className="muted">{count(rows.filter((row) => row.state === "running").length)} run, {count(rows.filter((row) => row.state === "queued").length)} wait</span>
          <span className="grow" />
          {may ? <button type="button" className="button small" onClick={() => setAsking(true)}>New backtest</button> : null}
        </>
      }>
        <Trouble of={told} />
        <Scroll label="Backtests">
          <table className="plain" aria-label="Backtests">
            <thead><tr><th className="num">No.</th><th>State</th><th>Strategy</th><th>Over</th><th>Progress</th><th>By</th><th>Asked</th><th><span className="visually-hidden">Cancel</span></th></tr></thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.id} className={row.id === found?.id ? "chosen" : ""}>
                  <td className="num"><button type="button" className="link strong" aria-pressed={row.id === found?.id} aria-label={`Backtest ${row.id}`} onClick={() => setChosen(row.id)}>{row.id}</button></td>
                  <td><State of={row.state} /></td><td>{String(row.request.strategy)}</td>
                  <td className="muted over">{(row.request.data as string[]).join(", ")}</td>
                  <td><div className="meter" role="meter" aria-label={`Progress of ${row.id}`} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(row.progress * 100)}><i style={{ width: `${row.progress * 100}%` }} /></div></td>
                  <td>{row.by}</td><td className="muted">{when(row.made_ns)}</td>
                  <td>{may && WAITS.has(row.state) ? <button type="button" className="button small" aria-label={`Cancel backtest ${row.id}`} onClick={() => void cancel(row.id)}>Cancel</button> : null}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {told.told && !rows.length ? <p className="empty">No backtest yet.{may ? " Queue one: n." : ""}</p> : null}
        </Scroll>
      </Panel>
      {found ? <Result key={found.id} run={found} /> : <Panel title="Result" area="result"><p className="empty">Equity, drawdown, figures and fills of a backtest stand here.</p></Panel>}
      {asking ? <NewBacktest close={() => { setAsking(false); told.again(); }} asked={setChosen} /> : null}
    </div>
  );
}

export const page: Page = { path: "backtests", title: "Backtests", order: 7, Component: Backtests };
