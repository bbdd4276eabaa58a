/** Equity and drawdown over a recording, one above the other, with one cursor. */
import { useEffect, useMemo, useRef } from "react";
import uPlot from "uplot";
import { useSignal } from "../../live/signal";
import { when } from "../../ui/quantities";
import { colour, theme } from "../../ui/theme";

export interface Curve { time_ns: number[]; equity: (number | null)[]; drawdown: (number | null)[] }
const LEGEND_PX = 26;
const SYNC = "backtest";

export function Course(props: { curve: Curve; currency: string }) {
  useSignal(theme.changed);
  const times = useMemo(() => props.curve.time_ns.map((ns) => ns / 1e9), [props.curve]);
  return (
    <div className="course">
      <Line times={times} values={props.curve.equity} label={`Equity, ${props.currency}`} tone="accent" />
      <Line times={times} values={props.curve.drawdown} label={`Drawdown, ${props.currency}`} tone="sell" fill />
    </div>
  );
}

function Line(props: { times: number[]; values: (number | null)[]; label: string; tone: string; fill?: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const size = () => ({ width: box.current!.clientWidth, height: Math.max(box.current!.clientHeight - LEGEND_PX, 60) });
    const plot = new uPlot({ ...size(), ...optionsOf(props) }, [props.times, props.values] as uPlot.AlignedData, box.current!);
    const seen = new ResizeObserver(() => plot.setSize(size()));
    seen.observe(box.current!);
    return () => { seen.disconnect(); plot.destroy(); };
  }, [props.times, props.values, theme.now]);
  return <div ref={box} className="line-chart" role="img" aria-label={props.label} />;
}

/** Of a recording that may be a minute or a year: the day where a day begins, else the time. */
function timeOf(seconds: number): string {
  const text = when(seconds * 1e9);
  return text.endsWith("00:00:00") ? text.slice(5, 10) : text.slice(11);
}

function optionsOf(props: { label: string; tone: string; fill?: boolean }): Omit<uPlot.Options, "width" | "height"> {
  const axis = { stroke: colour("muted"), grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line"), width: 1 }, font: "11px sans-serif" };
  const value = (_plot: uPlot, shown: number | null) => (shown === null ? "" : shown.toLocaleString("en", { maximumFractionDigits: 2 }));
  return {
    axes: [{ ...axis, values: (_plot, at) => at.map(timeOf) }, { ...axis, size: 86 }],
    series: [{ value: (_plot, seconds: number | null) => (seconds === null ? "" : when(seconds * 1e9)) }, { label: props.label, stroke: colour(props.tone), width: 1.4, value, points: { show: false }, fill: props.fill ? `${colour(props.tone)}30` : undefined }],
    cursor: { y: false, sync: { key: SYNC } },
  };
}
