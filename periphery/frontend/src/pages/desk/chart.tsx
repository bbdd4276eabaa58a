/** Bars of the mid, one's own fills where they happened, one's working orders as lines. */
import {
  CandlestickSeries, ColorType, createChart, createSeriesMarkers, type IChartApi, type IPriceLine, type ISeriesApi,
  type ISeriesMarkersPluginApi, LineStyle, type SeriesMarker, type Time, type UTCTimestamp,
} from "lightweight-charts";
import { useEffect, useRef, useState } from "react";
import { api, must } from "../../api/client";
import { serverClock } from "../../live/clock";
import { paced, usePaced, useSignal } from "../../live/signal";
import { store } from "../../live/store";
import { DIGITS } from "../../live/working";
import { fromUnits, grouped } from "../../ui/format";
import { Panel, Segment } from "../../ui/parts";
import { colour, theme } from "../../ui/theme";
import { focus } from "./focus";
import { bestOf, instrumentOf, midOf } from "./market";
import { precisionOf } from "./blotter";
import { price as priced } from "../../ui/format";

const EVERY = { "1 s": 1, "10 s": 10, "1 min": 60 } as const;
type Every = keyof typeof EVERY;
const LINES_MOST = 40;
const MARKERS_MOST = 500;
const DRAW_MS = 100;
const OWN_MS = 500;
const QUOTE_MS = 100;

interface Bar {
  time: UTCTimestamp;
  open: number;
  high: number;
  low: number;
  close: number;
}

class Chart {
  private readonly chart: IChartApi;
  private readonly series: ISeriesApi<"Candlestick">;
  private readonly markers: ISeriesMarkersPluginApi<Time>;
  private lines: IPriceLine[] = [];
  private last: Bar | null = null;
  private shownOrders = "";
  private shownLines = "";
  private shownFills = -1;

  constructor(private readonly box: HTMLElement, private readonly everyS: number) {
    this.chart = createChart(box, {
      autoSize: true,
      timeScale: { timeVisible: true, secondsVisible: everyS < 60, rightOffset: 4, barSpacing: 6 },
      crosshair: { mode: 0 },
    });
    this.series = this.chart.addSeries(CandlestickSeries, {});
    this.markers = createSeriesMarkers(this.series, []);
    this.paint();
  }

  /** In the theme's colours; what has colours of its own is drawn anew. */
  paint(): void {
    this.shownOrders = "anew";
    this.shownFills = -1;
    const [text, line, buy, sell] = ["muted", "line", "buy", "sell"].map(colour) as [string, string, string, string];
    this.chart.applyOptions({
      layout: { background: { type: ColorType.Solid, color: colour("panel") }, textColor: text, fontSize: 11, fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { vertLines: { color: line }, horzLines: { color: line } },
      rightPriceScale: { borderColor: line },
    });
    this.chart.timeScale().applyOptions({ borderColor: line });
    this.series.applyOptions({ upColor: buy, downColor: sell, borderUpColor: buy, borderDownColor: sell, wickUpColor: buy, wickDownColor: sell });
  }

  precision(digits: number): void {
    this.series.applyOptions({ priceFormat: { type: "price", precision: digits, minMove: 10 ** -digits } });
  }

  begin(bars: Bar[]): void {
    this.series.setData(bars);
    this.box.dataset.bars = String(bars.length);
    this.last = bars[bars.length - 1] ?? null;
    this.shownFills = -1;
    this.shownOrders = this.shownLines = "";
    this.chart.timeScale().scrollToRealTime();
  }

  take(mid: number): void {
    const time = (Math.floor(serverClock.nowMs() / 1000 / this.everyS) * this.everyS) as UTCTimestamp;
    const { last } = this;
    if (last && last.time > time) return;
    this.last = last && last.time === time
      ? { ...last, high: Math.max(last.high, mid), low: Math.min(last.low, mid), close: mid }
      : { time, open: mid, high: mid, low: mid, close: mid };
    this.series.update(this.last);
  }

  fills(symbol: string): void {
    const { fills } = store.tables;
    if (this.shownFills === fills.changed.version) return;
    this.shownFills = fills.changed.version;
    const found: SeriesMarker<Time>[] = [];
    for (const row of [...fills.rows.values()].slice(-MARKERS_MOST)) {
      if (row.values.symbol !== symbol || !row.timeNs) continue;
      const bought = !String(row.values.qty).startsWith("-");
      const time = (Math.floor(Number(BigInt(row.timeNs) / 1_000_000_000n) / this.everyS) * this.everyS) as UTCTimestamp;
      found.push({ time, position: bought ? "belowBar" : "aboveBar", shape: bought ? "arrowUp" : "arrowDown", color: colour(bought ? "buy" : "sell"), text: grouped(String(row.values.qty).replace("-", "")) });
    }
    this.box.dataset.fills = String(found.length); // what is drawn can be asked for
    this.markers.setMarkers(found.sort((a, b) => Number(a.time) - Number(b.time)));
  }

  /** A line a price: the nearest to the market, so many at the most. */
  orders(symbol: string): void {
    if (this.shownOrders === `${symbol} ${store.working.changed.version}`) return;
    this.shownOrders = `${symbol} ${store.working.changed.version}`;
    const mid = midOf(symbol) ?? 0;
    const precision = instrumentOf(symbol)?.qty_precision ?? 0;
    const qty = (value: bigint) => grouped(fromUnits(value / 10n ** BigInt(DIGITS - precision), precision));
    const levels = [...store.working.of(symbol)].map(([px, level]) => ({ px: Number(fromUnits(px, DIGITS)), ...level }))
      .sort((a, b) => Math.abs(a.px - mid) - Math.abs(b.px - mid)).slice(0, LINES_MOST);
    const wanted = levels.flatMap(({ px, buys, sells }) => [
      ...(buys ? [{ price: px, side: "buy" as const, title: `buy ${qty(buys)}` }] : []),
      ...(sells ? [{ price: px, side: "sell" as const, title: `sell ${qty(sells)}` }] : []),
    ]);
    const shown = JSON.stringify(wanted);
    if (shown === this.shownLines) return;
    this.shownLines = shown;
    this.box.dataset.lines = wanted.map((each) => `${each.title} at ${each.price}`).join("; ");
    for (const line of this.lines) this.series.removePriceLine(line);
    this.lines = wanted.map(({ price, side, title }) => this.series.createPriceLine({
      price, color: colour(side), lineWidth: 1, lineStyle: LineStyle.Dotted, axisLabelVisible: false, title,
    }));
  }

  end(): void {
    this.chart.remove();
  }
}

export function ChartPanel(props: { area: string }) {
  useSignal(focus.changed);
  useSignal(store.health);
  const [every, setEvery] = useState<Every>("1 s");
  const box = useRef<HTMLDivElement>(null);
  const { symbol } = focus;
  const known = !!instrumentOf(symbol);
  useEffect(() => {
    if (!box.current || !known) return;
    const chart = new Chart(box.current, EVERY[every]);
    chart.precision(precisionOf(symbol) ?? 2);
    let begun = false;
    const begin = async () => {
      try {
        const told = await must(api.GET("/market/bars", { params: { query: { symbol, every_s: EVERY[every] } } }));
        chart.begin(told.bars.map(({ start_s, ...bar }) => ({ time: start_s as UTCTimestamp, open: Number(bar.open), high: Number(bar.high), low: Number(bar.low), close: Number(bar.close) })));
      } catch {
        chart.begin([]); // it begins with what comes
      }
      begun = true;
    };
    void begin();
    const ends = [
      paced(store.frame, DRAW_MS, () => {
        if (!begun) return;
        const mid = midOf(symbol);
        if (mid !== null && !store.stale()) chart.take(mid);
      }),
      paced(store.frame, OWN_MS, () => {
        if (!begun) return;
        chart.orders(symbol);
        chart.fills(symbol);
      }),
      theme.changed.on(() => chart.paint()),
    ];
    return () => {
      ends.forEach((end) => end());
      chart.end();
    };
  }, [symbol, every, known]);
  return (
    <Panel title="Chart" area={props.area} tools={<><Quote symbol={symbol} /><span className="grow" /><Segment label="Bars" value={every} choices={Object.keys(EVERY) as Every[]} set={setEvery} /></>}>
      <div ref={box} style={{ height: "100%" }} role="group" aria-label={`Chart of ${symbol}`} />
    </Panel>
  );
}

const OLD_MS = 10_000;

/** The best of all venues, and how old it is once it is old. */
function Quote(props: { symbol: string }) {
  usePaced(store.frame, QUOTE_MS);
  const best = bestOf(props.symbol);
  const digits = precisionOf(props.symbol);
  const oldMs = best.timeNs ? serverClock.ageMs(best.timeNs) : 0;
  return (
    <span className="row" data-testid="quote">
      <span className="strong">{props.symbol}</span>
      <span className="buy">{best.bid ? priced(best.bid.px, digits) : "–"}</span>
      <span className="muted">/</span>
      <span className="sell">{best.ask ? priced(best.ask.px, digits) : "–"}</span>
      {oldMs > OLD_MS ? <span className="warn">{Math.round(oldMs / 1000)} s old</span> : null}
    </span>
  );
}
