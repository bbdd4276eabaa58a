/** Start a strategy's file, as a process of its own. */
import { type FormEvent, useState } from "react";
import { api, must, problemOf, type Problem } from "../../api/client";
import { Dialog, ProblemNote, toast } from "../../ui/parts";
import { parse } from "./params";

export function Start(props: { files: string[]; close: () => void; started: (name: string) => void }) {
  const [file, setFile] = useState(props.files[0] ?? "");
  const [name, setName] = useState("");
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const session = name || file.replace(/\.py$/, "");
  const go = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await must(api.POST("/strategies", { body: { file, session, params: parse(text) } }));
      toast("good", `${session} is started`);
      props.started(session);
      props.close();
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  return (
    <Dialog title="Start a strategy" close={props.close}>
      <form className="form" onSubmit={(event) => void go(event)}>
        <label htmlFor="start-file">File</label>
        <select id="start-file" data-first value={file} onChange={(event) => setFile(event.target.value)}>{props.files.map((each) => <option key={each}>{each}</option>)}</select>
        <label htmlFor="start-name">Session</label>
        <input id="start-name" placeholder={session} value={name} onChange={(event) => setName(event.target.value)} />
        <label htmlFor="start-params">Parameters</label>
        <input id="start-params" placeholder="fast=10 slow=50" value={text} onChange={(event) => setText(event.target.value)} />
        <p className="wide muted">It goes on without this page and without the backend, until it is stopped.</p>
        <div className="wide"><ProblemNote problem={problem} /></div>
        <button type="submit" className="button primary wide" disabled={!file}>Start</button>
      </form>
    </Dialog>
  );
}
