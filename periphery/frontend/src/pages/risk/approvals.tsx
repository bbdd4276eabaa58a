/** What waits for a second person: re-arming, limits that loosen. */
import { type FormEvent, useState } from "react";
import { api, must, type Problem, problemOf, type Schemas } from "../../api/client";
import { session } from "../../api/session";
import { ago, grouped, words } from "../../ui/format";
import { useKeys } from "../../ui/keys";
import { Dialog, Panel, ProblemNote, Segment, toast } from "../../ui/parts";

type Approval = Schemas["Approval"];
const SHOWN = ["pending", "all"] as const;
const TONES: Record<string, string> = { pending: "warn", approved: "good", rejected: "bad", expired: "muted" };

export function requestText(asked: Approval): string {
  const { scope, key, check, value, fill, ...more } = asked.request as Record<string, unknown>;
  if (asked.kind === "rearm") return `${scope} ${key ?? ""}`;
  if (asked.kind === "book") return bookingText(fill as Record<string, string>);
  const rest = Object.entries(more).filter(([, each]) => each !== null).map(([name, each]) => `${name} ${each}`).join(", ");
  return `${words(check)} ${grouped(value)}${rest ? `, ${rest}` : ""}`;
}

function bookingText({ account, symbol, qty, price, venue }: Record<string, string>): string {
  return `${grouped(qty)} ${symbol} at ${price} to ${account}, ${venue}`;
}

const TITLES: Record<string, string> = { rearm: "Re-arm", limit: "Limit", book: "Book" };

export function Approvals(props: { told: Schemas["Approvals"] | null; again: () => void }) {
  const [shown, setShown] = useState<(typeof SHOWN)[number]>("pending");
  const [deciding, setDeciding] = useState<Approval | null>(null);
  const all = props.told?.approvals ?? [];
  const rows = shown === "all" ? all : all.filter((each) => each.state === "pending");
  const me = session.get()?.name;
  const may = session.may("risk");
  const first = all.find((each) => each.state === "pending");
  useKeys("Approvals", [{ key: "d", what: "decide the first that waits", run: () => may && first && setDeciding(first) }]);
  return (
    <Panel title="Approvals" area="approvals" tools={<Segment label="Which approvals" value={shown} choices={SHOWN} set={setShown} />}>
      <table className="plain" aria-label="Approvals">
        <thead><tr><th>What, and why</th><th>By</th><th>State</th><th><span className="visually-hidden">Decide</span></th></tr></thead>
        <tbody>
          {rows.map((each) => (
            <tr key={each.id}>
              <td className="wrap"><span className="strong">{TITLES[each.kind] ?? each.kind}</span> {requestText(each)}<div className="muted">{each.why}</div></td>
              <td>{each.by}<div className="muted">{ago(String(each.made_ns))}</div></td>
              <td className={TONES[each.state] ?? ""}>{each.state}{each.second ? <div className="muted">{each.second}</div> : null}</td>
              <td className="num">{may && each.state === "pending" ? <button type="button" className="button small" onClick={() => setDeciding(each)}>{each.by === me ? "Take back…" : "Decide…"}</button> : null}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {props.told && !rows.length ? <p className="empty">{shown === "pending" ? "nothing waits" : "nothing was asked for"}</p> : null}
      {deciding ? <Decide asked={deciding} mine={deciding.by === me} close={() => { setDeciding(null); props.again(); }} /> : null}
    </Panel>
  );
}

function Decide(props: { asked: Approval; mine: boolean; close: () => void }) {
  const { asked, mine } = props;
  const [totp, setTotp] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const path = { approval_id: asked.id };
  const decide = async (approve: boolean) => {
    try {
      if (approve) await must(api.POST("/approvals/{approval_id}/approve", { params: { path }, body: { totp: totp || null } }));
      else await must(api.POST("/approvals/{approval_id}/reject", { params: { path } }));
      toast(approve ? "good" : "warn", `${TITLES[asked.kind] ?? asked.kind} ${requestText(asked)}: ${approve ? "approved" : "rejected"}`);
      props.close();
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  return (
    <Dialog title={`${TITLES[asked.kind] ?? asked.kind} ${requestText(asked)}`} close={props.close}>
      <form className="form" onSubmit={(event: FormEvent) => { event.preventDefault(); if (!mine) void decide(true); }}>
        <p className="wide">{asked.by} asks for it: {asked.why}</p>
        {asked.kind === "rearm" && !mine ? (
          <>
            <label htmlFor="decide-code">Your code</label>
            <input id="decide-code" data-first required inputMode="numeric" pattern="[0-9]{6}" autoComplete="one-time-code" value={totp} onChange={(event) => setTotp(event.target.value)} />
          </>
        ) : null}
        {mine ? <p className="wide muted">Somebody else must approve it.</p> : null}
        <div className="wide"><ProblemNote problem={problem} /></div>
        <div className="wide row" style={{ justifyContent: "flex-end" }}>
          <button type="button" className="button" onClick={() => void decide(false)}>{mine ? "Take it back" : "Reject"}</button>
          {mine ? null : <button type="submit" className="button primary">Approve</button>}
        </div>
      </form>
    </Dialog>
  );
}
