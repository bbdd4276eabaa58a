/** The audit: who changed what, when, from where, and what became of it. */
import { type FormEvent, useEffect, useState } from "react";
import type { Page } from "../pages";
import { api, must, problemOf, type Problem, type Schemas } from "../api/client";
import { session } from "../api/session";
import { choosing, useKeys } from "../ui/keys";
import { Facts, Scroll } from "../ui/asked";
import { Panel, ProblemNote, toast } from "../ui/parts";
import { count, when } from "../ui/quantities";
import "./audit/audit.css";

type Row = Schemas["AuditRow"];
const MOST = 200;
const EMPTY = { who: "", action: "", path: "", address: "", text: "", since: "", until: "", refused: "" };
type Wanted = typeof EMPTY;

/** A local time of a field, in ns. */
function ns(text: string): number | undefined {
  return text ? new Date(text).getTime() * 1e6 : undefined;
}

function queryOf(wanted: Wanted, before: number | null) {
  const { who, action, path, address, text } = wanted;
  const given = Object.fromEntries(Object.entries({ who, action, path, address, text }).filter(([, value]) => value));
  const refused = wanted.refused ? wanted.refused === "refused" : undefined;
  return { ...given, refused, since_ns: ns(wanted.since), until_ns: ns(wanted.until), before: before ?? undefined, most: MOST };
}

function Audit() {
  const [wanted, setWanted] = useState(EMPTY);
  const [rows, setRows] = useState<Row[]>([]);
  const [next, setNext] = useState<number | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [chosen, setChosen] = useState<Row | null>(null);
  const [checked, setChecked] = useState("");
  const [asking, setAsking] = useState(false);
  const find = async (before: number | null = null) => {
    setAsking(true);
    try {
      const told = await must(api.GET("/audit/search", { params: { query: queryOf(wanted, before) } }));
      setRows((all) => (before ? [...all, ...told.rows] : told.rows));
      setNext(told.next_before);
      setProblem(null);
    } catch (error) {
      setProblem(problemOf(error));
    }
    setAsking(false);
  };
  const verify = async () => {
    try {
      const told = await must(api.GET("/audit/verify"));
      setChecked(told.ok ? "every row is what was written" : `row ${told.broken_at} isn't what was written`);
      if (!told.ok) toast("bad", `The audit was changed: row ${told.broken_at}`);
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  useEffect(() => void find(), []);
  useKeys("Audit", [
    ...choosing("the row", rows.map((row) => row.n), chosen?.n ?? null, (n) => setChosen(rows.find((row) => row.n === n) ?? null)),
    { key: "/", what: "into the filters", run: () => document.getElementById("audit-who")?.focus() },
    { key: "m", what: "more, older rows", run: () => next !== null && void find(next) },
    { key: "v", what: "verify the chain", run: () => void verify() },
  ]);
  if (!session.may("admin")) return <Panel title="Audit" area=""><p className="empty">The audit takes scope admin. Ask an admin, or log in with it.</p></Panel>;
  const field = (name: keyof Wanted, label: string, more: Record<string, unknown> = {}) => (
    <label htmlFor={`audit-${name}`}>{label}
      <input id={`audit-${name}`} value={wanted[name]} onChange={(event) => setWanted({ ...wanted, [name]: event.target.value })} {...more} />
    </label>
  );
  const search = (event: FormEvent) => { event.preventDefault(); void find(); };
  return (
    <div className="audit">
      <Panel title="Search" area="search" tools={
        <>
          <span className="muted">{checked}</span><span className="grow" />
          <button type="button" className="button small" onClick={() => void verify()}>Verify the chain</button>
        </>
      }>
        <form className="filters" onSubmit={search}>
          {field("who", "Who")}
          {field("action", "Action", { list: "audit-actions" })}
          <datalist id="audit-actions">{[...new Set(rows.map((row) => row.action))].map((each) => <option key={each} value={each} />)}</datalist>
          {field("path", "Path has")}
          {field("text", "Sent has")}
          {field("address", "From where")}
          {field("since", "Since", { type: "datetime-local" })}
          {field("until", "Until", { type: "datetime-local" })}
          <label htmlFor="audit-refused">Became
            <select id="audit-refused" value={wanted.refused} onChange={(event) => setWanted({ ...wanted, refused: event.target.value })}><option value="">any</option><option value="done">done</option><option value="refused">refused</option></select>
          </label>
          <button type="submit" className="button primary" disabled={asking}>Search</button>
        </form>
        <ProblemNote problem={problem} />
      </Panel>
      <Panel title="Rows" area="rows" tools={<><span className="muted" data-testid="audit-count">{count(rows.length)}{next === null ? "" : ", there are more"}</span><span className="grow" />{next === null ? null : <button type="button" className="button small" onClick={() => void find(next)}>Older</button>}</>}>
        <Scroll label="Rows">
          <table className="plain" aria-label="Audit">
            <thead><tr><th className="num">Row</th><th>When</th><th>Who</th><th>By</th><th>From</th><th>Action</th><th>Path</th><th className="num">Status</th><th>Sent</th></tr></thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.n} className={row.n === chosen?.n ? "chosen" : ""}>
                  <td className="num"><button type="button" className="link" aria-label={`Row ${row.n}`} aria-pressed={row.n === chosen?.n} onClick={() => setChosen(row)}>{row.n}</button></td>
                  <td>{when(row.time_ns)}</td><td className="strong">{row.who}</td><td className="muted">{row.via}</td><td>{row.address}</td>
                  <td>{row.action}</td><td>{row.path}</td><td className={`num ${row.status >= 400 ? "bad" : ""}`}>{row.status}</td>
                  <td className="muted sent">{JSON.stringify(row.detail)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {rows.length || asking ? null : <p className="empty">No row is all of that. Leave a filter out.</p>}
        </Scroll>
      </Panel>
      <Panel title={chosen ? `Row ${chosen.n}` : "Row"} area="row">
        {chosen ? (
          <Scroll label="Row">
            <Facts rows={[["When", when(chosen.time_ns)], ["Who", chosen.who], ["By", chosen.via], ["From", chosen.address], ["Action", chosen.action], ["Path", chosen.path], ["Status", String(chosen.status)], ["Hash", chosen.hash]]} />
            <pre className="log">{JSON.stringify(chosen.detail, null, 2)}</pre>
          </Scroll>
        ) : <p className="empty">Choose a row to see what was sent. Secrets are left out.</p>}
      </Panel>
    </div>
  );
}

export const page: Page = { path: "audit", title: "Audit", order: 9, Component: Audit };
