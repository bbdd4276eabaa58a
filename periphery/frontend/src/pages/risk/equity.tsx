/** What the accounts are worth over this session, as this page has seen it. */
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { store } from "../../live/store";
import { Panel } from "../../ui/parts";
import { colour, theme } from "../../ui/theme";

const EVERY_MS = 1000;
const POINTS_MOST = 3600;
const TONES = ["accent", "buy", "warn", "sell", "muted"] as const;

/** By account, since the page was loaded: it goes on while other pages are shown. */
const times: number[] = [];
const worth = new Map<string, (number | null)[]>();
const began = new Map<string, number>();

function look(): void {
  const accounts = store.values("accounts");
  if (!accounts.length) return;
  times.push(Date.now() / 1000);
  for (const row of accounts) {
    const name = String(row.account);
    const line = worth.get(name) ?? worth.set(name, new Array<number | null>(times.length - 1).fill(null)).get(name)!;
    const equity = row.equity === null || row.equity === undefined ? null : Number(row.equity);
    if (equity !== null && !began.has(name)) began.set(name, equity);
    line.push(equity === null ? null : equity - began.get(name)!);
  }
  for (const line of worth.values()) while (line.length < times.length) line.push(null);
  if (times.length > POINTS_MOST) {
    times.shift();
    for (const line of worth.values()) line.shift();
  }
}
setInterval(look, EVERY_MS);

export function Equity() {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let plot: uPlot | null = null;
    let shown = "";
    const draw = () => {
      const names = [...worth.keys()].sort();
      const wanted = `${names.join()} ${theme.now}`;
      const { clientWidth: width, clientHeight: height } = box.current!;
      if (wanted !== shown || !plot) {
        plot?.destroy();
        plot = new uPlot(optionsOf(names, width, height - 30), [times, ...names.map((name) => worth.get(name)!)] as uPlot.AlignedData, box.current!);
        shown = wanted;
      } else plot.setData([times, ...names.map((name) => worth.get(name)!)] as uPlot.AlignedData);
    };
    draw();
    const timer = setInterval(draw, EVERY_MS);
    const seen = new ResizeObserver(() => plot?.setSize({ width: box.current!.clientWidth, height: box.current!.clientHeight - 30 }));
    seen.observe(box.current!);
    return () => {
      clearInterval(timer);
      seen.disconnect();
      plot?.destroy();
    };
  }, []);
  return <Panel title="Profit since this page was opened" area="equity"><div ref={box} style={{ height: "100%", overflow: "hidden" }} role="img" aria-label="Equity by account" /></Panel>;
}

function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toTimeString().slice(0, 8);
}

function optionsOf(names: string[], width: number, height: number): uPlot.Options {
  const axis = { stroke: colour("muted"), grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line"), width: 1 }, font: "11px sans-serif" };
  return {
    width, height,
    axes: [{ ...axis, values: (_plot, at) => at.map(timeOf) }, { ...axis, size: 70 }],
    series: [{}, ...names.map((label, n) => ({ label, stroke: colour(TONES[n % TONES.length]!), width: 1.5, points: { show: false } }))],
    cursor: { y: false },
  };
}
