/** What the desk looks at: a symbol, an account, and the order that the ticket is about. */
import { Signal } from "../../live/signal";

export interface Draft {
  side: "buy" | "sell";
  qty: string;
  price: string;
  ordType: string;
}

/** An order as the blotter has it. */
export interface OrderRow {
  id: string;
  topic: string;
  child: boolean;
  open: boolean;
  done: boolean;
  seq: number;
  timeNs: string;
  values: Record<string, unknown>;
}

const KEPT = "nacre.focus";

class Focus {
  readonly changed = new Signal();
  symbol = "";
  account = "";
  draft: Draft = { side: "buy", qty: "", price: "", ordType: "limit" };
  replacing: OrderRow | null = null;

  constructor() {
    try {
      Object.assign(this, JSON.parse(sessionStorage.getItem(KEPT) ?? "{}"));
    } catch {
      sessionStorage.removeItem(KEPT);
    }
  }

  look(what: { symbol?: string; account?: string }): void {
    Object.assign(this, what);
    if (what.symbol) this.replacing = null;
    sessionStorage.setItem(KEPT, JSON.stringify({ symbol: this.symbol, account: this.account }));
    this.changed.tell();
  }

  write(draft: Partial<Draft>): void {
    this.draft = { ...this.draft, ...draft };
    this.changed.tell();
  }

  replace(order: OrderRow | null): void {
    this.replacing = order;
    if (order) {
      const text = (name: string) => String(order.values[name] ?? "");
      this.draft = { ...this.draft, side: text("side") === "sell" ? "sell" : "buy", qty: text("order_qty"), price: text("price") };
    }
    this.changed.tell();
  }
}

export const focus = new Focus();
