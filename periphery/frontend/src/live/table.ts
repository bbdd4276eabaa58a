/** Rows by key, as the stream tells them; what has changed is told all at once, when `flush` is called. */
import { Signal } from "./signal";

export type Values = Record<string, unknown>;

/** A row. seq, timeNs: of the event that changed it last; timeNs is empty where none is told. */
export interface Row {
  key: string;
  topic: string;
  seq: number;
  timeNs: string;
  values: Values;
}

export interface Delta {
  add: Row[];
  update: Row[];
  remove: Row[];
}

type Taker = (delta: Delta) => void;

/** mostKept: of news, which has no end; the oldest go. */
export class Table {
  readonly changed = new Signal();
  readonly rows = new Map<string, Row>();
  private readonly takers = new Set<Taker>();
  private added = new Map<string, Row>();
  private updated = new Map<string, Row>();
  private removed = new Map<string, Row>();

  constructor(private readonly mostKept = Infinity) {}

  set(row: Row): void {
    const id = idOf(row.topic, row.key);
    const known = this.rows.get(id);
    this.rows.set(id, row);
    if (!known && this.removed.delete(id)) this.updated.set(id, row);
    else if (!known || this.added.has(id)) this.added.set(id, row);
    else this.updated.set(id, row);
    if (this.rows.size > this.mostKept) this.drop(this.rows.keys().next().value as string);
  }

  remove(topic: string, key: string): void {
    this.drop(idOf(topic, key));
  }

  /** A topic anew: what isn't in `rows` is gone. */
  replace(topic: string, rows: Row[]): void {
    const kept = new Set(rows.map((row) => idOf(topic, row.key)));
    for (const [id, row] of this.rows) if (row.topic === topic && !kept.has(id)) this.drop(id);
    for (const row of rows) this.set(row);
  }

  clear(): void {
    for (const id of [...this.rows.keys()]) this.drop(id);
  }

  get dirty(): boolean {
    return this.added.size + this.updated.size + this.removed.size > 0;
  }

  /** Tells what has changed since the last time. */
  flush(): void {
    if (!this.dirty) return;
    const delta = { add: [...this.added.values()], update: [...this.updated.values()], remove: [...this.removed.values()] };
    this.added = new Map();
    this.updated = new Map();
    this.removed = new Map();
    for (const taker of this.takers) taker(delta);
    this.changed.tell();
  }

  /** From now on it is told of changes; `rows` is what there is: what waits to be told is in there already. */
  follow(taker: Taker): () => void {
    this.flush();
    this.takers.add(taker);
    return () => void this.takers.delete(taker);
  }

  private drop(id: string): void {
    const row = this.rows.get(id);
    if (!row) return;
    this.rows.delete(id);
    this.updated.delete(id);
    if (!this.added.delete(id)) this.removed.set(id, row);
  }
}

export function idOf(topic: string, key: string): string {
  return `${topic}\u0000${key}`;
}
