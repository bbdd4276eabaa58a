/** Dark or light: as the system says until somebody says otherwise. */
import { Signal } from "../live/signal";

const KEPT = "nacre.theme";
export type Theme = "dark" | "light";

class Themes {
  readonly changed = new Signal();
  now: Theme = (localStorage.getItem(KEPT) as Theme | null) ??
    (matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark");

  constructor() {
    this.show();
  }

  set = (theme: Theme): void => {
    this.now = theme;
    localStorage.setItem(KEPT, theme);
    this.show();
    this.changed.tell();
  };

  turn = (): void => this.set(this.now === "dark" ? "light" : "dark");

  private show(): void {
    document.documentElement.dataset.theme = this.now;
    document.documentElement.dataset.agThemeMode = this.now;
  }
}

export const theme = new Themes();

/** A colour of style.css, as canvases need it. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
