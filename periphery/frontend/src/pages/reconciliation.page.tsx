/** Reconciliation: our books against theirs, what differs, and what is done about it. */
import { useState } from "react";
import type { Page } from "../pages";
import { api, must, type Schemas } from "../api/client";
import { session } from "../api/session";
import { choosing, useKeys } from "../ui/keys";
import { Facts, Scroll, State, Trouble } from "../ui/asked";
import { grouped, words } from "../ui/format";
import { Panel, Segment, useAsked } from "../ui/parts";
import { count } from "../ui/quantities";
import "./reconciliation/reconciliation.css";
import { Book, Compare, Explain } from "./reconciliation/dialogs";
import { Bookings } from "./reconciliation/bookings";

export type Break = Schemas["Break"];
const ASK_MS = 3000;
const SHOWN = ["unsettled", "all"] as const;
const SETTLED = new Set(["closed", "booked"]);

function Reconciliation() {
  const breaks = useAsked(() => must(api.GET("/reconciliation/breaks")), ASK_MS);
  const approvals = useAsked(() => must(api.GET("/approvals", { params: { query: { most: 100 } } })), ASK_MS);
  const [shown, setShown] = useState<(typeof SHOWN)[number]>("unsettled");
  const [chosen, setChosen] = useState("");
  const [open, setOpen] = useState<"" | "compare" | "explain" | "book">("");
  const may = session.may("risk");
  const rows = (breaks.told?.breaks ?? []).filter((row) => shown === "all" || !SETTLED.has(row.status));
  const found = breaks.told?.breaks.find((row) => row.id === chosen) ?? null;
  const close = () => { setOpen(""); breaks.again(); approvals.again(); };
  const act = (what: "explain" | "book") => may && found && !SETTLED.has(found.status) && setOpen(what);
  useKeys("Reconciliation", [
    ...choosing("the break", rows.map((row) => row.id), chosen || null, setChosen),
    { key: "n", what: "compare with a file of theirs", run: () => may && setOpen("compare") },
    { key: "e", what: "explain the chosen break", run: () => act("explain") },
    { key: "b", what: "book the chosen break", run: () => found?.kind !== "cash" && act("book") },
  ]);
  return (
    <div className="reconciliation">
      <Panel title="Breaks" area="breaks" tools={
        <>
          <Segment label="Which breaks" value={shown} choices={SHOWN} set={setShown} />
          <span className="muted" data-testid="breaks-open">{breaks.told ? `${count(breaks.told.open)} open${breaks.told.date ? ` as of ${breaks.told.date}` : ""}` : ""}</span>
          <span className="grow" />
          {may ? <button type="button" className="button small" onClick={() => setOpen("compare")}>Compare with theirs</button> : null}
        </>
      }>
        <Trouble of={breaks} />
        <Scroll label="Breaks">
          <table className="plain" aria-label="Breaks">
            <thead><tr><th>Account</th><th>Of</th><th>Kind</th><th className="num">Ours</th><th className="num">Theirs</th><th className="num">Difference</th><th className="num">Age, days</th><th>Status</th><th>Since</th><th>What was said</th></tr></thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.id} className={row.id === chosen ? "chosen" : ""}>
                  <td><button type="button" className="link" aria-pressed={row.id === chosen} aria-label={`Break ${row.id}`} onClick={() => setChosen(row.id)}>{row.account}</button></td>
                  <td className="strong">{row.what}</td><td className="muted">{row.kind}</td>
                  <td className="num">{grouped(row.ours)}</td><td className="num">{grouped(row.theirs)}</td><td className="num warn">{grouped(row.difference)}</td>
                  <td className={`num ${row.age_days > 1 ? "bad" : ""}`}>{row.age_days}</td><td><State of={row.status} /></td><td className="muted">{row.first_seen}</td>
                  <td className="wrap">{row.explanation ? `${row.explanation} (${row.by})` : ""}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {breaks.told && !rows.length ? <p className="empty">{breaks.told.breaks.length ? "No break is unsettled." : `Nothing was compared yet.${may ? " Compare with a venue's or a clearing house's positions: n." : " Somebody with scope risk compares."}`}</p> : null}
        </Scroll>
      </Panel>
      <Panel title={found ? `Break ${found.id}` : "Break"} area="detail" tools={found && may && !SETTLED.has(found.status) ? (
        <>
          <span className="grow" />
          <button type="button" className="button small" onClick={() => setOpen("explain")}>Explain</button>
          <button type="button" className="button small" disabled={found.kind === "cash"} title={found.kind === "cash" ? "no fill books cash: explain it" : ""} onClick={() => setOpen("book")}>Book</button>
        </>
      ) : null}>
        {found ? <Detail row={found} /> : <p className="empty">Choose a break to see what may explain it.</p>}
      </Panel>
      <Bookings told={approvals.told} of={approvals} again={() => { approvals.again(); breaks.again(); }} />
      {open === "compare" ? <Compare close={close} /> : null}
      {open === "explain" && found ? <Explain row={found} close={close} /> : null}
      {open === "book" && found ? <Book row={found} close={close} /> : null}
    </div>
  );
}

function Detail(props: { row: Break }) {
  const { row } = props;
  return (
    <Scroll label="Break">
      <Facts rows={[
        ["Kind", words(row.kind)], ["Ours", grouped(row.ours)], ["Theirs", grouped(row.theirs)], ["Difference", grouped(row.difference), "warn"],
        ["First seen", row.first_seen], ["Last seen", row.last_seen], ["Status", <State key="state" of={row.status} />], ["By", row.by],
      ]} />
      {row.explanation ? <p className="about">{row.explanation}</p> : null}
      {row.hints.map((hint) => <div key={hint} className="note">{hint}</div>)}
    </Scroll>
  );
}

export const page: Page = { path: "reconciliation", title: "Reconciliation", order: 5, Component: Reconciliation };
