/** A broker's or a clearing house's statement as text: whose position, of what, how much; a head names the columns. */
import type { Schemas } from "../../api/client";

export type Row = Schemas["BookRow"];

const HEADS: Record<keyof Row, string[]> = {
  account: ["account", "account id", "acct", "portfolio"],
  symbol: ["symbol", "instrument", "ticker", "security", "currency", "asset", "what"],
  qty: ["quantity", "qty", "position", "net position", "balance", "amount", "cash"],
};
const ORDER = ["account", "symbol", "qty"] as const;

/** What can't be read, and where. */
export class Unreadable extends Error {}

/** Unreadable: names the row. */
export function parse(text: string): Row[] {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/).map((line, n) => ({ line: line.trim(), n: n + 1 })).filter((each) => each.line);
  if (!lines.length) throw new Unreadable("there are no rows");
  const split = lines[0]!.line.includes("\t") ? "\t" : lines[0]!.line.includes(";") ? ";" : ",";
  const head = headOf(fields(lines[0]!.line, split));
  const rows = (head ? lines.slice(1) : lines).map(({ line, n }) => rowOf(fields(line, split), head ?? { account: 0, symbol: 1, qty: 2 }, !head, n, line));
  if (!rows.length) throw new Unreadable("there are no rows below the head");
  return rows;
}

/** Where each column stands; null: the line is no head. */
function headOf(names: string[]): Record<keyof Row, number> | null {
  const found = names.map((name) => name.toLowerCase().replaceAll("_", " "));
  const places = ORDER.map((key) => found.findIndex((name) => HEADS[key].includes(name)));
  if (places[0]! < 0) return null;
  const lacks = ORDER.filter((_, n) => places[n]! < 0);
  if (lacks.length) throw new Unreadable(`the head names no ${lacks.map((key) => (key === "qty" ? "quantity" : key)).join(" and no ")}: ${names.join(", ")}`);
  return { account: places[0]!, symbol: places[1]!, qty: places[2]! };
}

/** exact: without a head there are three columns and no more. */
function rowOf(all: string[], head: Record<keyof Row, number>, exact: boolean, n: number, line: string): Row {
  const [account = "", symbol = "", told = ""] = ORDER.map((key) => all[head[key]]?.trim());
  const qty = told.replace(/^\+/, "").replace(/^\((.*)\)$/, "-$1").replace(/,(?=\d{3}(\D|$))/g, "");
  if (!account || !symbol || !/^-?\d+(\.\d+)?$/.test(qty) || (exact && all.length > ORDER.length)) throw new Unreadable(`row ${n}: ${line}`);
  return { account, symbol, qty };
}

/** A line's fields; what is quoted may have the separator in it. */
function fields(line: string, split: string): string[] {
  const found: string[] = [""];
  let quoted = false;
  for (const each of line) {
    if (each === '"') quoted = !quoted;
    else if (each === split && !quoted) found.push("");
    else found[found.length - 1] += each;
  }
  return found.map((field) => field.trim());
}
