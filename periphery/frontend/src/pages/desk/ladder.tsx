/** Prices that stand still while quantities move: bids left, asks right, one's own orders beside them. */
import { useCallback, useEffect, useMemo, useReducer, useRef, useState } from "react";
import { api, must, type Schemas } from "../../api/client";
import { useSignal } from "../../live/signal";
import { store } from "../../live/store";
import { DIGITS } from "../../live/working";
import { fromUnits, grouped, units } from "../../ui/format";
import { useKeys } from "../../ui/keys";
import { Panel, useAsked } from "../../ui/parts";
import { focus } from "./focus";
import { type Best, bestOf, instrumentOf, quoteOf, venuesOf } from "./market";

const LEVELS_MS = 500;
const HEAD_PX = 26;
const ROW_PX = 19;
const LEAST = 4;

/** So many rows on each side of the middle as there is room for. */
function useHalf(): [React.RefCallback<HTMLElement>, bigint] {
  const [half, setHalf] = useState(LEAST);
  const seen = useRef<ResizeObserver | null>(null);
  const box = useCallback((found: HTMLElement | null) => {
    seen.current?.disconnect();
    if (!found) return;
    seen.current = new ResizeObserver(([entry]) => setHalf(Math.max(LEAST, Math.floor(((entry!.contentRect.height - HEAD_PX) / ROW_PX - 1) / 2))));
    seen.current.observe(found);
  }, []);
  return [box, BigInt(half)];
}

interface Place {
  bid: bigint;
  ask: bigint;
}

export function Ladder(props: { area: string }) {
  useSignal(focus.changed);
  useSignal(store.frame);
  useSignal(store.health);
  const { symbol } = focus;
  const instrument = instrumentOf(symbol);
  const levels = useAsked(() => (symbol ? must(api.GET("/market/levels", { params: { query: { symbol } } })) : Promise.resolve(null)), LEVELS_MS, [symbol]);
  const [box, half] = useHalf();
  const [middle, setMiddle] = useState<bigint | null>(null);
  const [chosen, move] = useReducer((at: bigint | null, by: bigint | null) => (by === null ? null : (at ?? middle ?? 0n) + by), null);
  const precision = instrument?.price_precision ?? 0;
  const tick = useMemo(() => units(instrument?.tick ?? "1", precision) || 1n, [instrument, precision]);
  const centre = centreOf(symbol, precision, tick);
  useEffect(() => {
    setMiddle(null);
    move(null);
  }, [symbol]);
  useEffect(() => {
    // Prices stay where they are until the market leaves the window, or somebody centres them.
    if (centre !== null && (middle === null || distance(centre, middle) > tick * (half - 2n))) setMiddle(centre);
  }, [centre, middle, tick, half]);
  useKeys("Ladder", [
    { key: "c", what: "centre", run: () => setMiddle(centre) },
    { key: "ArrowUp", what: "a price up", run: () => move(tick) },
    { key: "ArrowDown", what: "a price down", run: () => move(-tick) },
    { key: "p", what: "that price into the ticket", run: () => chosen !== null && focus.write({ price: fromUnits(chosen, precision) }) },
  ]);
  if (!instrument) return <Panel title="Ladder" area={props.area}><p className="empty">no instrument</p></Panel>;
  const places = placesOf(symbol, precision, levels.told);
  const own = store.working.of(symbol);
  const most = [...places.values()].reduce((found, each) => max(found, max(each.bid, each.ask)), 1n);
  const qty = (value: bigint) => (value ? grouped(fromUnits(value, instrument.qty_precision)) : "");
  const ownQty = (value: bigint) => qty(value / 10n ** BigInt(DIGITS - instrument.qty_precision));
  const take = (px: bigint, side: "buy" | "sell") => focus.write({ price: fromUnits(px, precision), side, ordType: "limit" });
  const prices = middle === null ? [] : Array.from({ length: Number(half) * 2 + 1 }, (_, n) => middle + tick * (half - BigInt(n)));
  return (
    <Panel title="Ladder" area={props.area} tools={<><span className="grow" /><button type="button" className="button small" title="c" onClick={() => setMiddle(centre)}>Centre</button></>}>
      <div className="ladder-box" ref={box}>
      <table className="ladder" aria-label={`Ladder of ${symbol}`}>
        <colgroup><col className="mine" /><col /><col className="px" /><col /><col className="mine" /></colgroup>
        <thead><tr><th className="num">Mine</th><th className="num">Bid</th><th className="num">Price</th><th className="num">Ask</th><th className="num">Mine</th></tr></thead>
        <tbody>
          {prices.map((px) => {
            const place = places.get(px);
            const mine = own.get(px * 10n ** BigInt(DIGITS - precision));
            const bar = (value: bigint) => ({ "--part": `${Number((value * 100n) / most)}%` }) as React.CSSProperties;
            return (
              <tr key={String(px)} className={`${px === chosen ? "chosen" : ""} ${px === centre ? "centre" : ""}`}>
                <td className="num mine">{ownQty(mine?.buys ?? 0n)}</td>
                <td className="num bid" style={bar(place?.bid ?? 0n)} onClick={() => take(px, "buy")}>{qty(place?.bid ?? 0n)}</td>
                <td className="num px" onClick={() => focus.write({ price: fromUnits(px, precision) })}>{fromUnits(px, precision)}</td>
                <td className="num ask" style={bar(place?.ask ?? 0n)} onClick={() => take(px, "sell")}>{qty(place?.ask ?? 0n)}</td>
                <td className="num mine">{ownQty(mine?.sells ?? 0n)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {middle === null ? <p className="empty">no quote yet</p> : null}
      </div>
    </Panel>
  );
}

/** The price nearest to the middle of the market, in ticks. */
function centreOf(symbol: string, precision: number, tick: bigint): bigint | null {
  const { bid, ask } = bestOf(symbol);
  const sides = [bid, ask].filter((side) => side !== null).map((side) => units(side.px, precision));
  if (!sides.length) return null;
  return (sides.reduce((sum, each) => sum + each, 0n) / BigInt(sides.length) / tick) * tick;
}

/** Depth as it was asked for last, with the best of each venue as the stream tells it. */
function placesOf(symbol: string, precision: number, told: Schemas["Levels"] | null): Map<bigint, Place> {
  const found = new Map<bigint, Place>();
  const at = (text: string) => {
    const px = units(text, precision);
    return found.get(px) ?? found.set(px, { bid: 0n, ask: 0n }).get(px)!;
  };
  const qtyPrecision = instrumentOf(symbol)?.qty_precision ?? 0;
  for (const venue of venuesOf(symbol)) {
    const best = quoteOf(symbol, venue);
    if (best?.bid) at(best.bid.px).bid += units(best.bid.qty, qtyPrecision);
    if (best?.ask) at(best.ask.px).ask += units(best.ask.qty, qtyPrecision);
    for (const level of told?.symbol === symbol ? told.levels : []) {
      const behind = level.venue === venue && isBehind(level, best);
      if (behind) at(level.px)[level.side as "bid" | "ask"] += units(level.qty, qtyPrecision);
    }
  }
  return found;
}

/** Of a depth that was asked for a moment ago, what the stream's best doesn't contradict. */
function isBehind(level: Schemas["Level"], best: Best | null): boolean {
  const top = level.side === "bid" ? best?.bid : best?.ask;
  if (!top) return false;
  return level.side === "bid" ? Number(level.px) < Number(top.px) : Number(level.px) > Number(top.px);
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function distance(a: bigint, b: bigint): bigint {
  return a > b ? a - b : b - a;
}
