/** What the core is doing, as this page knows it: one store, fed by the stream, told to its readers in a frame. */
import { api, must, type Schemas } from "../api/client";
import { session } from "../api/session";
import { serverClock } from "./clock";
import { frames } from "./frames";
import { Signal } from "./signal";
import { Stream } from "./stream";
import { Working } from "./working";
import { idOf, type Row, Table, type Values } from "./table";

const KINDS = ["quotes", "trades", "orders", "children", "fills", "denials", "positions", "accounts", "risk", "alerts",
  "engine"] as const;
export type Kind = (typeof KINDS)[number];
const NEWS = 5000;
const DONE_MOST = 5000;
const TOPICS = [...KINDS.map((kind) => `${kind}:*`), "risk", "alerts"];
const NOW_MS = 2000;
const LATE_MS = 5000;
const TOLD_EVERY_MS = 50;
const ENDED = new Set<string>(["filled", "canceled", "rejected", "denied", "expired", "done_for_day"]);

export type Now = Schemas["Now"];

class Store {
  readonly tables: Record<Kind, Table>;
  readonly stream: Stream;
  readonly working = new Working();
  /** Told in a frame, if anything has come, every TOLD_EVERY_MS at the most. */
  readonly frame = new Signal();
  /** Told when the state of the core or of the connection is another one. */
  readonly health = new Signal();
  now: Now | null = null;
  nowAt = 0;
  nowWhy = "";
  reference: Schemas["Reference"] | null = null;
  private readonly done: Record<"orders" | "children", Row[]> = { orders: [], children: [] };
  private behindSince = 0;
  private timer = 0;
  private dirty = false;
  private toldMs = 0;
  private denialsAfter: number | null = null;

  constructor() {
    const table = (kind: Kind) => new Table(["fills", "denials", "alerts"].includes(kind) ? NEWS : Infinity);
    this.tables = Object.fromEntries(KINDS.map((kind) => [kind, table(kind)])) as Record<Kind, Table>;
    this.tables.orders.follow(this.working.take);
    this.stream = new Stream(TOPICS, {
      snapshot: (topic, rows) => this.snapshot(topic, rows),
      change: (topic, row, gone) => this.change(topic, row, gone),
      missed: (topic, afterSeq) => void this.fetchMissed(topic, afterSeq),
      anew: () => this.anew(),
    });
    this.stream.changed.on(() => this.health.tell());
  }

  /** With a session: everything that pages show; without: nothing. */
  start(): void {
    clearInterval(this.timer);
    this.forget();
    if (!session.get()) {
      this.stream.close();
      return;
    }
    void this.ask();
    this.timer = window.setInterval(() => void this.ask(), NOW_MS);
    this.stream.open(session.token);
    void this.fetchEnded();
  }

  /** Why what is shown may not be what is true; empty: it is. */
  stale(): string {
    const { stream, now } = this;
    if (!session.get()) return "";
    if (this.nowWhy) return this.nowWhy;
    if (now && now.core) return `no core: ${now.core}`;
    if (now && !now.stream) return "no live data: the backend has no websocket engine configured";
    if (stream.phase === "lost" || (stream.phase === "connecting" && stream.lostAt)) {
      return `connection lost ${Math.max(0, Math.round((Date.now() - stream.lostAt) / 1000))} s ago: ${stream.why}`;
    }
    if (this.behindSince && performance.now() - this.behindSince > LATE_MS) {
      return `the stream is ${(now!.seq! - stream.seq).toLocaleString("en")} events behind the core`;
    }
    return "";
  }

  /** Of rows of a kind, the newest values by key. */
  values(kind: Kind): Values[] {
    return [...this.tables[kind].rows.values()].map((row) => row.values);
  }

  private async ask(): Promise<void> {
    const askedMs = performance.now();
    try {
      this.now = await must(api.GET("/now"));
      serverClock.told(this.now.time_ns, askedMs);
      this.nowAt = performance.now();
      this.nowWhy = "";
      const behind = this.now.seq !== null && this.stream.phase === "open" && this.stream.seq < this.now.seq;
      this.behindSince = behind ? this.behindSince || performance.now() : 0;
      if (!this.reference && !this.now.core) this.reference = await must(api.GET("/reference"));
    } catch (error) {
      this.nowWhy = error instanceof Error ? error.message : String(error);
    }
    this.health.tell();
  }

  private forget(): void {
    for (const kind of KINDS) this.tables[kind].clear();
    this.done.orders = [];
    this.done.children = [];
    this.now = null;
    this.reference = null;
    this.behindSince = 0;
    this.mark();
  }

  private anew(): void {
    this.forget();
    void this.ask();
    void this.fetchEnded();
  }

  private table(topic: string): Table {
    return this.tables[topic.split(":", 1)[0] as Kind];
  }

  private snapshot(topic: string, rows: Row[]): void {
    const kind = topic.split(":", 1)[0] as Kind;
    if (kind === "orders" || kind === "children") this.keepDone(kind, topic, rows);
    else if (kind === "fills" || kind === "denials" || kind === "alerts") for (const row of rows) this.put(kind, row);
    else this.table(topic).replace(topic, rows);
    this.mark();
  }

  private change(topic: string, row: Row, gone: boolean): void {
    const kind = topic.split(":", 1)[0] as Kind;
    if (row.timeNs) frames.waits(Number(BigInt(row.timeNs) / 1000n) / 1000);
    if (kind === "orders" || kind === "children") {
      if (gone) this.end(kind, row);
      else this.tables[kind].set(row);
    } else if (gone) this.tables[kind].remove(topic, row.key);
    else this.put(kind, row);
    this.mark();
  }

  private put(kind: Kind, row: Row): void {
    // An alert's key comes again: each is a row of its own.
    const key = kind === "alerts" ? `${row.key}#${row.seq}` : row.key;
    this.tables[kind].set(key === row.key ? row : { ...row, key });
  }

  /** Orders that have ended stay in the blotter, so many at the most. */
  private end(kind: "orders" | "children", row: Row): void {
    this.tables[kind].set({ ...row, values: { ...row.values, done: true } });
    const ended = this.done[kind];
    ended.push(row);
    if (ended.length > DONE_MOST) this.tables[kind].remove(ended[0]!.topic, ended.shift()!.key);
  }

  private keepDone(kind: "orders" | "children", topic: string, rows: Row[]): void {
    const kept = [...this.tables[kind].rows.values()].filter((row) => row.topic === topic && row.values.done);
    this.tables[kind].replace(topic, [...rows, ...kept]);
  }

  /** What ended before this page was there, or while it was cut off. */
  private async fetchEnded(): Promise<void> {
    try {
      const told = await must(api.GET("/orders", { params: { query: { live_only: false, most: 2000 } } }));
      for (const order of [...told.orders].reverse()) if (ENDED.has(order.ord_status)) this.takeEnded(order);
      this.mark();
    } catch {
      return; // the banner says that the backend can't be reached
    }
  }

  private takeEnded(order: Schemas["Order"]): void {
    const topic = `orders:${order.account}`;
    const { children, ...values } = order;
    // A child is named after its order's first id, which is the order's key.
    const key = children[0] ? parentOf(children[0].child_id) : order.cl_ord_id;
    if (this.tables.orders.rows.get(idOf(topic, key))?.values.done) return;
    this.end("orders", { key, topic, seq: 0, timeNs: "", values });
    for (const child of children) {
      const about = { symbol: order.symbol, side: order.side };
      this.end("children", { key: child.child_id, topic: `children:${order.account}`, seq: 0, timeNs: "",
        values: { ...child, ...about } });
    }
  }

  /** News that a snapshot has not, out of the recorder's store. */
  private async fetchMissed(topic: string, afterSeq: number): Promise<void> {
    const [kind, account] = topic.split(":") as [Kind, string];
    if (kind === "orders") return this.fetchEnded();
    if (kind !== "fills" && kind !== "denials") return;
    // The store's denials are of nobody: they are asked for once, from the earliest place on.
    if (kind === "denials" && (this.denialsAfter ?? Infinity) <= afterSeq) return;
    if (kind === "denials") this.denialsAfter = afterSeq;
    let after: number | null = afterSeq;
    try {
      while (after !== null) {
        const query = { after, most: 1000 };
        const told: Schemas["Rows"] = kind === "fills"
          ? await must(api.GET("/orders/fills", { params: { query: { ...query, account } } }))
          : await must(api.GET("/denials", { params: { query } }));
        for (const values of told.rows as unknown as Values[]) this.takeMissed(kind, topic, values);
        after = told.next_after ?? null;
      }
      this.mark();
    } catch {
      return; // without a recorder's store there is nothing more to fetch
    } finally {
      if (kind === "denials") this.denialsAfter = null;
    }
  }

  private takeMissed(kind: "fills" | "denials", topic: string, values: Values): void {
    const key = kind === "fills" ? `${values.venue ?? ""}/${values.exec_id}` : String(values.cl_ord_id);
    if (this.tables[kind].rows.has(idOf(topic, key)) || (kind === "denials" && this.knowsDenial(key))) return;
    this.put(kind, { key, topic, seq: Number(values.seq), timeNs: String(values.time_ns), values });
  }

  private knowsDenial(key: string): boolean {
    for (const row of this.tables.denials.rows.values()) if (row.key === key) return true;
    return false;
  }

  /** What has come is told in the next frame, but not more often than anybody can read. */
  private mark(): void {
    if (this.dirty) return;
    this.dirty = true;
    const waitMs = this.toldMs + TOLD_EVERY_MS - performance.now();
    if (waitMs > 0) setTimeout(() => frames.next(this.tell), waitMs);
    else frames.next(this.tell);
  }

  private tell = (): void => {
    this.dirty = false;
    this.toldMs = performance.now();
    for (const kind of KINDS) this.tables[kind].flush();
    this.frame.tell();
  };
}

/** The order's first id, of a child's. */
export function parentOf(childId: string): string {
  return childId.slice(0, childId.lastIndexOf("."));
}

export const store = new Store();
