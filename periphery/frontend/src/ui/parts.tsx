/** The small parts that pages are made of. */
import { type ReactNode, useEffect, useRef, useState } from "react";
import type { Problem } from "../api/client";
import { Signal, useSignal } from "../live/signal";
import { useKeys } from "./keys";

export function Panel(props: { title: string; tools?: ReactNode; pad?: boolean; area?: string; children: ReactNode }) {
  return (
    <section className="panel" aria-label={props.title} style={props.area ? { gridArea: props.area } : undefined}>
      <header>
        <h2>{props.title}</h2>
        {props.tools}
      </header>
      <div className={props.pad ? "body pad" : "body"} tabIndex={0}>{props.children}</div>
    </section>
  );
}

export function Segment<T extends string>(props: { label: string; value: T; choices: readonly T[]; set: (value: T) => void }) {
  return (
    <div className="segment" role="group" aria-label={props.label}>
      {props.choices.map((each) => (
        <button key={each} type="button" aria-pressed={each === props.value} onClick={() => props.set(each)}>{each}</button>
      ))}
    </div>
  );
}

/** How much of a limit is used: marks at 70 and 90 %, coloured beyond. */
export function Bar(props: { percent: number; label: string }) {
  const shown = Math.min(Math.max(props.percent, 0), 100);
  const tone = props.percent >= 90 ? "bar bad" : props.percent >= 70 ? "bar warn" : "bar";
  return (
    <div className={tone} role="meter" aria-label={props.label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={shown}>
      <i style={{ width: `${shown}%` }} />
    </div>
  );
}

export function ProblemNote(props: { problem: Problem | null }) {
  if (!props.problem) return null;
  const { message, reason, hint } = props.problem;
  return (
    <div className="note bad" role="alert">
      <div>{reason ? <strong>{reason.replaceAll("_", " ")}: </strong> : null}{message}</div>
      {hint ? <div>{hint}</div> : null}
    </div>
  );
}

/** One question at a time, above everything; Escape leaves it. What is pressed is its own: a grid behind it that is
 * drawn anew takes the keyboard back, so that Enter would do something there. */
export function Dialog(props: { title: string; wide?: boolean; close: () => void; children: ReactNode; footer?: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  useKeys("Dialog", [{ key: "Escape", what: "close", run: props.close, typing: true }]);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    const first = (what: string) => box.current?.querySelector<HTMLElement>(what);
    let last = first("[data-first]:enabled") ?? first(":is(input, select, button):enabled") ?? box.current;
    const keep = (event: FocusEvent) => {
      if (!box.current || [...document.querySelectorAll(".dialog")].at(-1) !== box.current) return;
      if (box.current.contains(event.target as Node)) last = event.target as HTMLElement;
      else (last?.isConnected ? last : box.current).focus();
    };
    last?.focus();
    document.addEventListener("focusin", keep);
    return () => {
      document.removeEventListener("focusin", keep);
      before?.focus?.();
    };
  }, []);
  return (
    <div className="veil" onMouseDown={(event) => event.target === event.currentTarget && props.close()}>
      <div className={props.wide ? "dialog wide" : "dialog"} role="dialog" aria-modal="true" aria-label={props.title} ref={box}
        tabIndex={-1} onKeyDown={(event) => keepFocus(event.nativeEvent, box.current)}>
        <header><h2 style={{ fontSize: 13 }}>{props.title}</h2></header>
        <div className="body">{props.children}</div>
        {props.footer ? <footer>{props.footer}</footer> : null}
      </div>
    </div>
  );
}

function keepFocus(event: KeyboardEvent, box: HTMLElement | null): void {
  if (event.key !== "Tab" || !box) return;
  const all = [...box.querySelectorAll<HTMLElement>("input, select, textarea, button, a[href]")].filter((each) => !each.hasAttribute("disabled"));
  const edge = event.shiftKey ? all[0] : all[all.length - 1];
  if (document.activeElement !== edge) return;
  event.preventDefault();
  (event.shiftKey ? all[all.length - 1] : all[0])?.focus();
}

// ---- what has just happened --------------------------------------------------------------------------------

type Tone = "good" | "bad" | "warn";
const TOAST_MS = 7000;
const TOASTS_MOST = 5;
const toasts: { id: number; tone: Tone; text: string }[] = [];
const toasted = new Signal();
let toastIds = 0;

export function toast(tone: Tone, text: string): void {
  const id = ++toastIds;
  toasts.push({ id, tone, text });
  if (toasts.length > TOASTS_MOST) toasts.shift();
  toasted.tell();
  setTimeout(() => dropToast(id), TOAST_MS);
}

function dropToast(id: number): void {
  const at = toasts.findIndex((each) => each.id === id);
  if (at >= 0) toasts.splice(at, 1);
  toasted.tell();
}

export function Toasts() {
  useSignal(toasted);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {toasts.map((each) => (
        <button key={each.id} type="button" className={`toast ${each.tone}`} onClick={() => dropToast(each.id)}>{each.text}</button>
      ))}
    </div>
  );
}

/** What an operation tells, asked again every so often; `problem` where it was refused. */
export function useAsked<T>(ask: () => Promise<T>, everyMs: number, deps: unknown[] = []): { told: T | null; problem: unknown; again: () => void } {
  const [state, setState] = useState<{ told: T | null; problem: unknown }>({ told: null, problem: null });
  const again = useRef<() => void>(() => undefined);
  useEffect(() => {
    let over = false;
    let timer = 0;
    let latest = 0;
    const turn = async () => {
      clearTimeout(timer);
      const mine = ++latest;
      const isOld = () => over || mine !== latest; // asked again meanwhile: that answer is newer, and goes on
      try {
        const told = await ask();
        if (!isOld()) setState({ told, problem: null });
      } catch (problem) {
        if (!isOld()) setState((before) => ({ told: before.told, problem }));
      }
      if (!isOld() && everyMs) timer = window.setTimeout(turn, everyMs);
    };
    again.current = () => void turn();
    void turn();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, deps);
  return { ...state, again: () => again.current() };
}
