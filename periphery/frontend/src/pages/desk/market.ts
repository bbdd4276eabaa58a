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
  /** When the newest quote came, in ms of the page's clock; 0: never. */
  at: number;
}

export function bestOf(symbol: string): Best {
  const best: Best = { bid: null, ask: null, at: 0 };
  for (const venue of venuesOf(symbol)) {
    const row = store.tables.quotes.rows.get(`quotes:${symbol}\u0000${venue}`);
    if (!row) continue;
    const { bid_px: bid, bid_qty: bidQty, ask_px: ask, ask_qty: askQty } = row.values as Record<string, string | null>;
    if (bid && (!best.bid || Number(bid) > Number(best.bid.px))) best.bid = { px: bid, qty: bidQty!, venue };
    if (ask && (!best.ask || Number(ask) < Number(best.ask.px))) best.ask = { px: ask, qty: askQty!, venue };
    best.at = Math.max(best.at, row.at);
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
