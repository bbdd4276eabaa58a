/** Working orders summed up as they change, so that no reader goes through all of them: how many, what at each price. */
import { Signal } from "./signal";
import type { Delta, Row } from "./table";
import { units } from "../ui/format";

/** Digits after the point of the sums and prices here: more than any instrument has. */
export const DIGITS = 12;

export interface Level {
  buys: bigint;
  sells: bigint;
}

interface Part {
  symbol: string;
  account: string;
  price: bigint | null;
  side: "buys" | "sells";
  qty: bigint;
}

export class Working {
  readonly changed = new Signal();
  count = 0;
  readonly byAccount = new Map<string, number>();
  private readonly parts = new Map<string, Part>();
  private readonly levels = new Map<string, Map<bigint, Level>>();

  take = (delta: Delta): void => {
    for (const row of delta.remove) this.leave(`${row.topic} ${row.key}`);
    for (const rows of [delta.add, delta.update]) for (const row of rows) this.put(row);
    this.changed.tell();
  };

  /** Own quantities of a symbol by price, both in units of 10^-DIGITS. */
  of(symbol: string): ReadonlyMap<bigint, Level> {
    return this.levels.get(symbol) ?? EMPTY;
  }

  private put(row: Row): void {
    const id = `${row.topic} ${row.key}`;
    this.leave(id);
    const { values } = row;
    if (values.done) return;
    const part: Part = {
      symbol: String(values.symbol), account: String(values.account), side: values.side === "buy" ? "buys" : "sells",
      price: values.price ? units(String(values.price), DIGITS) : null, qty: units(String(values.leaves_qty ?? "0"), DIGITS),
    };
    this.parts.set(id, part);
    this.add(part, 1);
  }

  private leave(id: string): void {
    const part = this.parts.get(id);
    if (!part) return;
    this.parts.delete(id);
    this.add(part, -1);
  }

  private add(part: Part, way: 1 | -1): void {
    this.count += way;
    this.byAccount.set(part.account, (this.byAccount.get(part.account) ?? 0) + way);
    if (part.price === null) return;
    const levels = this.levels.get(part.symbol) ?? this.levels.set(part.symbol, new Map()).get(part.symbol)!;
    const level = levels.get(part.price) ?? levels.set(part.price, { buys: 0n, sells: 0n }).get(part.price)!;
    level[part.side] += BigInt(way) * part.qty;
    if (!level.buys && !level.sells) levels.delete(part.price);
  }
}

const EMPTY: ReadonlyMap<bigint, Level> = new Map();
