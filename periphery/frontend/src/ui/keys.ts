/** Shortcuts: whoever is on the page says which there are; `?` shows them. */
import { useEffect } from "react";

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

/** These shortcuts, while the component is there. What came last is asked first. */
export function useKeys(name: string, keys: Shortcut[]): void {
  useEffect(() => {
    const group = { name, keys };
    groups.push(group);
    return () => void groups.splice(groups.indexOf(group), 1);
  });
}

function nameOf(event: KeyboardEvent): string {
  return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${event.key}`;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ["INPUT", "SELECT", "TEXTAREA"].includes(target.tagName));
}

export function listen(): () => void {
  const taken = (event: KeyboardEvent) => {
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
