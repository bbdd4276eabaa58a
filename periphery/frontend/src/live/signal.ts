/** Something that may change, and who wants to know; `version` counts. */
import { useSyncExternalStore } from "react";

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
