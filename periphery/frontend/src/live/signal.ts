/** Something that may change, and who wants to know; `version` counts. */
import { useEffect, useReducer, useSyncExternalStore } from "react";

export class Signal {
  version = 0;
  private readonly told = new Set<() => void>();

  on = (listener: () => void): (() => void) => {
    this.told.add(listener);
    return () => void this.told.delete(listener);
  };

  tell = (): void => {
    this.version += 1;
    for (const each of [...this.told]) each();
  };
}

/** Renders again after each change. */
export function useSignal(signal: Signal): number {
  return useSyncExternalStore(signal.on, () => signal.version);
}

/** Renders again after changes, once in `everyMs` at the most: of what nobody reads faster. */
export function usePaced(signal: Signal, everyMs: number): void {
  const [, again] = useReducer((count: number) => count + 1, 0);
  useEffect(() => paced(signal, everyMs, again), [signal, everyMs]);
}

/** Calls `work` at the first change, and then once in `everyMs` at the most, the last change never left out. */
export function paced(signal: Signal, everyMs: number, work: () => void): () => void {
  let timer = 0;
  let lastMs = Number.NEGATIVE_INFINITY;
  const run = () => {
    timer = 0;
    lastMs = performance.now();
    work();
  };
  const end = signal.on(() => {
    if (timer) return;
    const waitMs = lastMs + everyMs - performance.now();
    if (waitMs <= 0) run();
    else timer = window.setTimeout(run, waitMs);
  });
  return () => {
    end();
    clearTimeout(timer);
  };
}
