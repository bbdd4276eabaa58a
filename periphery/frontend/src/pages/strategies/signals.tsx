/** Signals: values by a name that strategies hear, the newest first; and one that is said here. */
import { type FormEvent, useState } from "react";
import { api, must, problemOf, type Problem } from "../../api/client";
import { session } from "../../api/session";
import { store } from "../../live/store";
import { useSignal } from "../../live/signal";
import { Scroll, Trouble } from "../../ui/asked";
import { clock } from "../../ui/format";
import { Panel, ProblemNote, toast, useAsked } from "../../ui/parts";

const ASK_MS = 3000;
const PAGE = 1000;
const KEPT = 500;
type Said = { seq: number; n: number; time_ns: number; session?: string; name?: string; value?: unknown; symbol?: string | null };

/** The newest, page after page; the next time from where it was. */
function follow() {
  let rows: Said[] = [];
  let after = 0;
  let turn = Promise.resolve<Said[]>(rows);
  const all = async () => {
    for (;;) {
      const told = await must(api.GET("/strategies/signals", { params: { query: { after, most: PAGE } } }));
      const found = told.rows as unknown as Said[];
      rows = [...rows, ...found].slice(-KEPT);
      after = found.at(-1)?.seq ?? after;
      if (told.next_after === null || told.next_after === undefined) return rows;
    }
  };
  // One turn at a time: two would take the same rows twice.
  return () => (turn = turn.then(all, all));
}

export function Signals() {
  const [ask] = useState(follow);
  const told = useAsked(ask, ASK_MS);
  const rows = [...(told.told ?? [])].reverse();
  return (
    <Panel title="Signals" area="signals" tools={<span className="muted">what is said to strategies; it is in the journal</span>}>
      {session.may("trade") ? <Say again={told.again} /> : null}
      <Trouble of={told} />
      <Scroll label="Signals">
        <table className="plain" aria-label="Signals">
          <thead><tr><th>Time</th><th>By</th><th>Name</th><th className="num">Value</th><th>Symbol</th><th className="num">Seq</th></tr></thead>
          <tbody>
            {rows.map((row) => <tr key={`${row.seq} ${row.n}`}><td className="muted">{clock(String(row.time_ns))}</td><td>{row.session}</td><td className="strong">{row.name}</td><td className="num">{String(row.value ?? "")}</td><td>{row.symbol ?? ""}</td><td className="num muted">{row.seq}</td></tr>)}
          </tbody>
        </table>
        {told.told && !rows.length ? <p className="empty">Nothing was said yet. Models say signals; a person may, too.</p> : null}
      </Scroll>
    </Panel>
  );
}

function Say(props: { again: () => void }) {
  useSignal(store.health);
  const [wanted, setWanted] = useState({ name: "", value: "", symbol: "" });
  const [problem, setProblem] = useState<Problem | null>(null);
  const symbols = store.reference?.instruments ?? [];
  const say = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await must(api.POST("/strategies/signals", { body: { name: wanted.name, value: wanted.value, symbol: wanted.symbol || null }, parseAs: "text" }));
      toast("good", `${wanted.name} ${wanted.value} is said`);
      setProblem(null);
      props.again();
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  const set = (name: keyof typeof wanted) => (event: { target: { value: string } }) => setWanted({ ...wanted, [name]: event.target.value });
  return (
    <form className="line" onSubmit={(event) => void say(event)}>
      <input aria-label="Signal's name" required placeholder="name" value={wanted.name} onChange={set("name")} />
      <input aria-label="Signal's value" required className="num" inputMode="decimal" placeholder="value" value={wanted.value} onChange={set("value")} />
      <select aria-label="Signal's symbol" value={wanted.symbol} onChange={set("symbol")}><option value="">no symbol</option>{symbols.map((each) => <option key={each.name}>{each.name}</option>)}</select>
      <button type="submit" className="button">Say</button>
      <ProblemNote problem={problem} />
    </form>
  );
}
