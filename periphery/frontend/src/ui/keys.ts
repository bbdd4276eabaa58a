/** Shortcuts: whoever is on the page says which there are; `?` shows them. */
import { useLayoutEffect } from "react";

export interface Shortcut {
  /** As KeyboardEvent.key, with Ctrl+ or Alt+ before it: "b", "?", "Ctrl+Enter". */
  key: string;
  what: string;
  run: () => void;
  /** Also while somebody types into a field. */
  typing?: boolean;
}

interface Group {
  name: string;
  keys: Shortcut[];
}

const groups: Group[] = [];

export function shortcuts(): readonly Group[] {
  return groups;
}

/** These shortcuts, from when the component is seen until it goes. What came last is asked first. */
export function useKeys(name: string, keys: Shortcut[]): void {
  useLayoutEffect(() => {
    const group = { name, keys };
    groups.push(group);
    return () => void groups.splice(groups.indexOf(group), 1);
  });
}

/** ↑ and ↓ through what a page lists; none is chosen: its first, its last. */
export function choosing<T>(what: string, ids: T[], chosen: T | null, choose: (id: T) => void): Shortcut[] {
  const step = (by: 1 | -1) => {
    const at = chosen === null ? -1 : ids.indexOf(chosen);
    const to = at < 0 ? (by > 0 ? 0 : ids.length - 1) : Math.min(Math.max(at + by, 0), ids.length - 1);
    if (!ids.length) return;
    choose(ids[to]!);
    requestAnimationFrame(() => document.querySelector("main .chosen, main [aria-pressed='true'][data-place]")?.scrollIntoView({ block: "nearest" }));
  };
  return [
    { key: "ArrowDown", what: `${what} below`, run: () => step(1) },
    { key: "ArrowUp", what: `${what} above`, run: () => step(-1) },
  ];
}

/** As it is written on the key. */
export function capOf(key: string): string {
  return key.replace("+", " + ").replace("ArrowUp", "↑").replace("ArrowDown", "↓").replace("Escape", "Esc");
}

function nameOf(event: KeyboardEvent): string {
  return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${event.key}`;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ["INPUT", "SELECT", "TEXTAREA"].includes(target.tagName));
}

export function listen(): () => void {
  const taken = (event: KeyboardEvent) => {
    if (event.defaultPrevented) return; // a grid, a list: it is theirs
    const name = nameOf(event);
    const typing = isTyping(event.target);
    const dialog = document.querySelector(".dialog");
    for (const group of [...groups].reverse()) {
      if (dialog && !group.name.startsWith("Dialog")) continue;
      const found = group.keys.find((each) => each.key === name && (!typing || each.typing));
      if (!found) continue;
      event.preventDefault();
      found.run();
      return;
    }
  };
  window.addEventListener("keydown", taken);
  return () => window.removeEventListener("keydown", taken);
}
