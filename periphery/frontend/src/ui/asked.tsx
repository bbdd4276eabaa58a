/** What pages that ask (and aren't told) have in common: what went wrong, how old what is shown is, words for nothing. */
import type { ReactNode } from "react";
import { problemOf } from "../api/client";
import { ProblemNote } from "./parts";

/** The backend's problem; with an answer from before it, that this one is old. */
export function Trouble(props: { of: { told: unknown; problem: unknown } }) {
  const { told, problem } = props.of;
  if (!problem) return null;
  return (
    <div>
      <ProblemNote problem={problemOf(problem)} />
      {told ? <div className="note warn">What is shown is older: it was the last answer.</div> : null}
    </div>
  );
}

/** What scrolls by itself, and by the keyboard. */
export function Scroll(props: { label: string; children: ReactNode }) {
  return <div className="scroll" role="region" aria-label={props.label} tabIndex={0}>{props.children}</div>;
}

/** Names and values, one under the other. */
export function Facts(props: { rows: [string, ReactNode, string?][] }) {
  return (
    <dl className="facts">
      {props.rows.map(([name, value, tone]) => (
        <div key={name}><dt>{name}</dt><dd className={`num ${tone ?? ""}`}>{value === "" || value === null || value === undefined ? "–" : value}</dd></div>
      ))}
    </dl>
  );
}

/** How something is: a dot and a word. */
export function State(props: { of: string }) {
  const tone = GOOD.has(props.of) ? "ok" : BAD.has(props.of) ? "down" : IDLE.has(props.of) ? "" : "late";
  return <span className="state"><span className={`dot ${tone}`} />{props.of.replaceAll("_", " ")}</span>;
}

const GOOD = new Set(["ready", "running", "up", "done", "approved", "closed", "sent", "booked", "connected"]);
const BAD = new Set(["down", "unhealthy", "failed", "rejected", "open", "halted"]);
const IDLE = new Set(["absent", "cancelled", "ended", "over", "expired"]);
