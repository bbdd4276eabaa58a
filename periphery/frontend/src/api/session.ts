/** Who is logged in: a token that is renewed before its end, kept for this tab alone. */
import { Signal } from "../live/signal";

export interface Session {
  name: string;
  scopes: string[];
  token: string;
  expiresMs: number;
}

const KEPT = "nacre.session";
const RENEW_AT = 0.7;

class Sessions {
  readonly changed = new Signal();
  why = "";
  private now: Session | null = read();
  private timer = 0;

  constructor() {
    if (this.now) this.plan(this.now.expiresMs - Date.now());
  }

  get = (): Session | null => this.now;
  token = (): string => this.now?.token ?? "";
  may = (...scopes: string[]): boolean => scopes.some((scope) => this.now?.scopes.includes(scope));

  /** The reason where it fails. */
  async logIn(name: string, password: string): Promise<string> {
    const told = await ask("/auth/token", new URLSearchParams({ username: name, password }));
    if (typeof told === "string") return told;
    this.take(name, told);
    return "";
  }

  async logOut(): Promise<void> {
    await ask("/auth/logout", null, this.token());
    this.ended("");
  }

  /** The backend takes the token no more. */
  ended(why = "the session is over: log in again"): void {
    if (!this.now) return;
    this.now = null;
    this.why = why;
    sessionStorage.removeItem(KEPT);
    clearTimeout(this.timer);
    this.changed.tell();
  }

  private take(name: string, told: Told): void {
    const expiresMs = Date.now() + told.expires_in * 1000;
    this.now = { name, scopes: told.scope.split(" "), token: told.access_token, expiresMs };
    this.why = "";
    sessionStorage.setItem(KEPT, JSON.stringify(this.now));
    this.plan(told.expires_in * 1000);
    this.changed.tell();
  }

  private plan(leftMs: number): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.renew(), Math.max(leftMs * RENEW_AT, 1000));
  }

  private async renew(): Promise<void> {
    const held = this.now;
    if (!held) return;
    const told = await ask("/auth/refresh", null, held.token);
    if (this.now !== held) return;
    if (typeof told !== "string") this.take(held.name, told);
    else if (Date.now() < held.expiresMs) this.plan(5000);
    else this.ended();
  }
}

interface Told {
  access_token: string;
  expires_in: number;
  scope: string;
}

async function ask(path: string, body: URLSearchParams | null, token = ""): Promise<Told | string> {
  try {
    const headers: Record<string, string> = token ? { Authorization: `Bearer ${token}` } : {};
    const answer = await fetch(path, { method: "POST", headers, body });
    const told = answer.status === 204 ? {} : await answer.json();
    return answer.ok ? (told as Told) : `${told.message}${told.hint ? `: ${told.hint}` : ""}`;
  } catch {
    return "the backend can't be reached";
  }
}

function read(): Session | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null") as Session | null;
    return kept && kept.expiresMs > Date.now() ? kept : null;
  } catch {
    return null;
  }
}

export const session = new Sessions();
