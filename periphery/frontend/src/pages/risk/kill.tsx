/** Stop trading in a scope: one question, with how many orders it meets; and the way back, which takes two people. */
import { type FormEvent, useState } from "react";
import { api, must, type Problem, problemOf, type Schemas } from "../../api/client";
import { session } from "../../api/session";
import { usePaced } from "../../live/signal";
import { store } from "../../live/store";
import { ago, words } from "../../ui/format";
import { useKeys } from "../../ui/keys";
import { Dialog, Panel, ProblemNote, toast } from "../../ui/parts";

type KillBody = Schemas["Kill"];
type Scope = KillBody["scope"];
const COUNT_MS = 200;
const SCOPES: Scope[] = ["all", "account", "strategy", "symbol", "venue", "session"];

interface Stopped {
  scope: Schemas["Rearm"]["scope"];
  key: string | null;
  why: string;
}

export function Kills(props: { told: Schemas["Kills"] | null; states: Schemas["ScopeState"][]; again: () => void; kill: (account?: string) => void }) {
  const [rearming, setRearming] = useState<Stopped | null>(null);
  const kills = props.told?.kills ?? [];
  const known = new Set(kills.map((kill) => `${kill.scope} ${kill.key ?? ""}`));
  const halted = props.states.filter((each) => !known.has(`${each.scope} ${each.key ?? ""}`));
  const may = session.may("risk");
  const rearm = (scope: string, key: string | null, why: string) => setRearming({ scope: scope as Stopped["scope"], key, why });
  const [stopped] = [...kills.map((each) => ({ ...each, why: "killed" })), ...halted.map((each) => ({ ...each, why: each.state }))];
  useKeys("Kill", [{ key: "r", what: "re-arm the first that is stopped", run: () => may && stopped && rearm(stopped.scope, stopped.key || null, stopped.why) }]);
  return (
    <Panel title="Kill" area="kills" tools={<><span className="grow" /><button type="button" className="button danger small" title="k" onClick={() => props.kill()}>Kill…</button></>}>
      <table className="plain" aria-label="What is stopped">
        <thead><tr><th>Scope</th><th>Is</th><th>By</th><th>Since</th><th><span className="visually-hidden">Re-arm</span></th></tr></thead>
        <tbody>
          {kills.map((kill) => (
            <tr key={kill.epoch}>
              <td className="strong">{kill.scope} {kill.key ?? ""}</td><td className="bad">killed</td><td>{kill.by}</td><td className="muted">{ago(String(kill.at_ns))}</td>
              <td className="num">{may ? <button type="button" className="button small" onClick={() => rearm(kill.scope, kill.key, "killed")}>Re-arm…</button> : null}</td>
            </tr>
          ))}
          {halted.map((each) => (
            <tr key={`${each.scope} ${each.key}`}>
              <td className="strong">{each.scope} {each.key ?? ""}</td><td className="warn">{words(each.state)}{each.reason ? `: ${words(each.reason)}` : ""}</td><td /><td />
              <td className="num">{may ? <button type="button" className="button small" onClick={() => rearm(each.scope, each.key || null, each.state)}>Re-arm…</button> : null}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {props.told && !kills.length && !halted.length ? <p className="empty">nothing is killed or halted</p> : null}
      <Reach kill={props.kill} />
      {rearming ? <RearmDialog stopped={rearming} close={() => { setRearming(null); props.again(); }} /> : null}
    </Panel>
  );
}

/** What works in each account: what a kill of it would meet. */
function Reach(props: { kill: (account: string) => void }) {
  usePaced(store.working.changed, COUNT_MS);
  const may = session.may("trade", "risk", "admin");
  return (
    <table className="plain reach" aria-label="What a kill would meet">
      <thead><tr><th>Account</th><th className="num">Working orders</th><th><span className="visually-hidden">Kill</span></th></tr></thead>
      <tbody>
        {(store.reference?.accounts ?? []).map(({ name }) => (
          <tr key={name}>
            <td>{name}</td><td className="num">{(store.working.byAccount.get(name!) ?? 0).toLocaleString("en")}</td>
            <td className="num">{may ? <button type="button" className="button small" aria-label={`Kill ${name}…`} onClick={() => props.kill(name!)}>Kill…</button> : null}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Orders that work in the scope, as this page knows them. */
function workingIn(scope: Scope, key: string): number {
  let count = 0;
  for (const { values } of store.tables.orders.rows.values()) {
    if (!values.done && (scope === "all" || values[scope] === key)) count += 1;
  }
  if (scope !== "venue") return count;
  count = 0;
  for (const { values } of store.tables.children.rows.values()) if (!values.done && values.venue === key) count += 1;
  return count;
}

function keysOf(scope: Scope): string[] {
  const { reference } = store;
  if (scope === "account") return (reference?.accounts ?? []).map((each) => each.name!);
  if (scope === "symbol") return (reference?.instruments ?? []).map((each) => each.name);
  if (scope === "venue") return reference?.venues ?? [];
  if (scope === "strategy") return reference?.strategies ?? [];
  return [];
}

export function KillDialog(props: { account: string; close: () => void }) {
  usePaced(store.working.changed, COUNT_MS);
  const [scope, setScope] = useState<Scope>("account");
  const [key, setKey] = useState(props.account || (keysOf("account")[0] ?? ""));
  const [problem, setProblem] = useState<Problem | null>(null);
  const named = scope === "all" ? "everything" : `${scope} ${key}`;
  const count = workingIn(scope, key);
  const choose = (next: Scope) => {
    setScope(next);
    setKey(keysOf(next)[0] ?? "");
  };
  const go = async () => {
    try {
      const told = await must(api.POST("/kill", { body: { scope, key: scope === "all" ? null : key, confirm: "KILL" } }));
      const took = told.taken ? `the core has taken it; ${told.working} still worked then` : "the gateways have it; the core has not said so yet";
      toast("warn", `Killed ${named}: ${took}`);
      props.close();
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  const keys = keysOf(scope);
  const unit = scope === "venue" ? "child order" : "order";
  return (
    <Dialog title="Kill" close={props.close} footer={
      <>
        <button type="button" className="button" onClick={props.close}>Don't</button>
        <button type="button" className="button danger" disabled={scope !== "all" && !key} onClick={() => void go()}>Kill {named}: cancel {count.toLocaleString("en")} {count === 1 ? unit : `${unit}s`}</button>
      </>
    }>
      <div className="form">
        <label htmlFor="kill-scope">Scope</label>
        <select id="kill-scope" data-first value={scope} onChange={(event) => choose(event.target.value as Scope)}>
          {SCOPES.map((each) => <option key={each}>{each}</option>)}
        </select>
        {scope === "all" ? null : (
          <>
            <label htmlFor="kill-key">Which</label>
            {keys.length ? (
              <select id="kill-key" value={key} onChange={(event) => setKey(event.target.value)}>{keys.map((each) => <option key={each}>{each}</option>)}</select>
            ) : <input id="kill-key" value={key} onChange={(event) => setKey(event.target.value)} />}
          </>
        )}
      </div>
      <p>{scope === "session" ? "All orders of that session" : `${count.toLocaleString("en")} working ${count === 1 ? unit : `${unit}s`}`} will be cancelled, new ones denied, until two people re-arm it.</p>
      <ProblemNote problem={problem} />
    </Dialog>
  );
}

function RearmDialog(props: { stopped: Stopped; close: () => void }) {
  const { scope, key } = props.stopped;
  const [totp, setTotp] = useState("");
  const [why, setWhy] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const go = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await must(api.POST("/rearm", { body: { scope, key, totp, why } }));
      toast("warn", `Re-arming ${scope} ${key ?? ""} waits for a second person, fifteen minutes`);
      props.close();
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  return (
    <Dialog title={`Re-arm ${scope} ${key ?? ""}`} close={props.close}>
      <form className="form" onSubmit={(event) => void go(event)}>
        <p className="wide">It is {words(props.stopped.why)}. A second person must approve this with a code of their own.</p>
        <label htmlFor="rearm-why">Why</label>
        <input id="rearm-why" data-first required value={why} onChange={(event) => setWhy(event.target.value)} />
        <label htmlFor="rearm-code">Code</label>
        <input id="rearm-code" required inputMode="numeric" pattern="[0-9]{6}" autoComplete="one-time-code" value={totp} onChange={(event) => setTotp(event.target.value)} />
        <div className="wide"><ProblemNote problem={problem} /></div>
        <button type="submit" className="button primary wide">Ask for it</button>
      </form>
    </Dialog>
  );
}
