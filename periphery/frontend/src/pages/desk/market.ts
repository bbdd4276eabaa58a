/** The best of all venues, out of the quotes that the stream tells. */
import { store } from "../../live/store";

export interface Side {
  px: string;
  qty: string;
  venue: string;
}

export interface Best {
  bid: Side | null;
  ask: Side | null;
  /** Of the newest quote's event, by the core's clock; 0n: there is none, or its time isn't told. */
  timeNs: bigint;
}

/** The best of one venue; null: it hasn't quoted. */
export function quoteOf(symbol: string, venue: string): Best | null {
  const row = store.tables.quotes.rows.get(`quotes:${symbol}\u0000${venue}`);
  if (!row) return null;
  const { bid_px: bid, bid_qty: bidQty, ask_px: ask, ask_qty: askQty } = row.values as Record<string, string | null>;
  const side = (px: string | null | undefined, qty: string | null | undefined) => (px && qty ? { px, qty, venue } : null);
  return { bid: side(bid, bidQty), ask: side(ask, askQty), timeNs: BigInt(row.timeNs || 0) };
}

export function bestOf(symbol: string): Best {
  const best: Best = { bid: null, ask: null, timeNs: 0n };
  for (const venue of venuesOf(symbol)) {
    const quote = quoteOf(symbol, venue);
    if (!quote) continue;
    if (quote.bid && (!best.bid || Number(quote.bid.px) > Number(best.bid.px))) best.bid = quote.bid;
    if (quote.ask && (!best.ask || Number(quote.ask.px) < Number(best.ask.px))) best.ask = quote.ask;
    if (quote.timeNs > best.timeNs) best.timeNs = quote.timeNs;
  }
  return best;
}

export function venuesOf(symbol: string): string[] {
  return store.reference?.instruments.find((each) => each.name === symbol)?.venues ?? [];
}

export function instrumentOf(symbol: string) {
  return store.reference?.instruments.find((each) => each.name === symbol);
}

export function midOf(symbol: string): number | null {
  const { bid, ask } = bestOf(symbol);
  return bid && ask ? (Number(bid.px) + Number(ask.px)) / 2 : null;
}
