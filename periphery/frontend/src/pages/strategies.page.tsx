/** Strategies: which run, how they are, their parameters, and what is said to them. */
import { useState } from "react";
import type { Page } from "../pages";
import { api, must, type Schemas } from "../api/client";
import { session } from "../api/session";
import { choosing, useKeys } from "../ui/keys";
import { Scroll, State, Trouble } from "../ui/asked";
import { Panel, useAsked } from "../ui/parts";
import { count } from "../ui/quantities";
import "./strategies/strategies.css";
import { One } from "./strategies/one";
import { said } from "./strategies/said";
import { Signals } from "./strategies/signals";
import { Start } from "./strategies/start";

export type Strategy = Schemas["Strategy"];
const ASK_MS = 1000;

/** A session that nobody started here is a client's: it can't be told to end. */
export function stateOf(row: Strategy): string {
  if (row.connected) return "connected";
  return row.exit_code ? "failed" : "ended";
}

function Strategies() {
  const told = useAsked(() => must(api.GET("/strategies")), ASK_MS);
  const [chosen, setChosen] = useState("");
  const [starting, setStarting] = useState(false);
  const may = session.may("trade");
  const rows = told.told?.strategies ?? [];
  const started = rows.filter((row) => row.file);
  const others = rows.filter((row) => !row.file);
  useKeys("Strategies", [
    ...choosing("the strategy", [...started, ...others].map((row) => row.session), chosen || null, setChosen),
    { key: "n", what: "start a strategy", run: () => may && setStarting(true) },
  ]);
  return (
    <div className="strategies">
      <Panel title="Strategies" area="list" tools={
        <>
          <span className="muted">{count(started.filter((row) => row.connected).length)} of {count(started.length)} run</span>
          <span className="grow" />
          {may ? <button type="button" className="button small" onClick={() => setStarting(true)}>Start a strategy</button> : null}
        </>
      }>
        <Trouble of={told} />
        <Scroll label="Strategies">
          <table className="plain" aria-label="Strategies">
            <thead><tr><th>Session</th><th>State</th><th>File</th><th className="num">Process</th><th className="num">Exit</th><th className="num">Requests</th><th className="num">Answers</th><th>Last word</th></tr></thead>
            <tbody>
              {[...started, ...others].map((row) => (
                <tr key={row.session} className={row.session === chosen ? "chosen" : ""}>
                  <td><button type="button" className="link strong" aria-pressed={row.session === chosen} aria-label={`Strategy ${row.session}`} onClick={() => setChosen(row.session)}>{row.session}</button></td>
                  <td><State of={stateOf(row)} /></td><td className="muted">{row.file ?? "not started here"}</td><td className="num">{row.pid ?? ""}</td>
                  <td className={`num ${row.exit_code ? "bad" : ""}`}>{row.exit_code ?? ""}</td><td className="num">{count(row.requests)}</td><td className="num">{count(row.responses)}</td>
                  <td className="muted last">{said((row.log ?? []).at(-1) ?? "")}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {told.told && !started.length ? <p className="empty">{told.told.files.length ? `None was started yet.${may ? " Start one: n." : ""}` : "There are no files to start: name their folder in the backend's configuration, strategies = … (docs/backend.md)."}</p> : null}
        </Scroll>
      </Panel>
      <One row={rows.find((row) => row.session === chosen) ?? null} again={told.again} />
      <Signals />
      {starting ? <Start files={told.told?.files ?? []} close={() => { setStarting(false); told.again(); }} started={setChosen} /> : null}
    </div>
  );
}

export const page: Page = { path: "strategies", title: "Strategies", order: 6, Component: Strategies };
