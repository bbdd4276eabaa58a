/** One strategy: its log, other parameters while it runs, its end. */
import { type FormEvent, useState } from "react";
import { api, must, problemOf, type Problem } from "../../api/client";
import { session } from "../../api/session";
import { Facts, Scroll, State } from "../../ui/asked";
import { useKeys } from "../../ui/keys";
import { Dialog, Panel, ProblemNote, toast } from "../../ui/parts";
import { count } from "../../ui/quantities";
import { stateOf, type Strategy } from "../strategies.page";
import { parse } from "./params";
import { said } from "./said";

export function One(props: { row: Strategy | null; again: () => void }) {
  const { row } = props;
  const [stopping, setStopping] = useState(false);
  const may = session.may("trade") && !!row?.connected && !!row.file;
  useKeys("Strategy", [
    { key: "p", what: "parameters of the chosen strategy", run: () => document.getElementById("strategy-params")?.focus() },
    { key: "x", what: "stop the chosen strategy", run: () => may && setStopping(true) },
  ]);
  if (!row) return <Panel title="Strategy" area="one"><p className="empty">Choose a strategy to see its log and to set parameters.</p></Panel>;
  return (
    <Panel title={row.session} area="one" tools={may ? <><span className="grow" /><button type="button" className="button small danger" onClick={() => setStopping(true)}>Stop</button></> : null}>
      <div className="one">
        <Facts rows={[
          ["State", <State key="state" of={stateOf(row)} />], ["File", row.file ?? "not started here"], ["Process", row.pid ? String(row.pid) : ""],
          ["Exit", row.exit_code === null || row.exit_code === undefined ? "" : String(row.exit_code)], ["Requests", count(row.requests)], ["Answers", count(row.responses)],
        ]} />
        {may ? <Params key={row.session} of={row.session} /> : null}
        <Scroll label="Log"><pre className="log">{(row.log ?? []).map(said).join("\n") || (row.file ? "it has said nothing yet" : "a client's session: its log is where it runs")}</pre></Scroll>
      </div>
      {stopping ? <Stop of={row.session} close={() => { setStopping(false); props.again(); }} /> : null}
    </Panel>
  );
}

function Params(props: { of: string }) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const set = async (event: FormEvent) => {
    event.preventDefault();
    try {
      const params = parse(text);
      await must(api.PUT("/strategies/{session}/params", { params: { path: { session: props.of } }, body: { params }, parseAs: "text" }));
      toast("good", `${props.of} is told: ${Object.entries(params).map(([name, value]) => `${name}=${value}`).join(", ")}. What it can't take is in its log.`);
      setText("");
      setProblem(null);
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  return (
    <form className="line" onSubmit={(event) => void set(event)}>
      <label htmlFor="strategy-params" className="label">Parameters</label>
      <input id="strategy-params" required placeholder="fast=10 slow=50" value={text} onChange={(event) => setText(event.target.value)} />
      <button type="submit" className="button">Set</button>
      <ProblemNote problem={problem} />
    </form>
  );
}

function Stop(props: { of: string; close: () => void }) {
  const stop = async () => {
    try {
      await must(api.POST("/strategies/{session}/stop", { params: { path: { session: props.of } } }));
      toast("good", `${props.of} is told to stop: it cancels its orders, and ends`);
    } catch (error) {
      toast("bad", problemOf(error).message);
    }
    props.close();
  };
  return (
    <Dialog title={`Stop ${props.of}?`} close={props.close} footer={
      <>
        <button type="button" className="button" onClick={props.close}>Let it run</button>
        <button type="button" className="button primary" data-first onClick={() => void stop()}>Stop it</button>
      </>
    }><p>It stops in order: its orders are canceled, its state is kept, its process ends.</p></Dialog>
  );
}
