/** What came of one backtest: equity and drawdown, figures, fills. */
import { useMemo } from "react";
import { api, must } from "../../api/client";
import { Facts, Scroll, Trouble } from "../../ui/asked";
import { grouped, fixed } from "../../ui/format";
import { type Column, Grid } from "../../ui/grid";
import { Panel, useAsked } from "../../ui/parts";
import { count, digits, duration, gainTone, percent, when } from "../../ui/quantities";
import type { Run } from "../backtests.page";
import { type Curve, Course } from "./course";

interface Fill { id: string; time_ns: number; symbol: string; venue: string; side: string; qty: string; px: string; fee: string; liquidity: string }
type Figures = Record<string, number | null>;
interface Told {
  ok: boolean; currency: string; pnl: string; equity: string; fees: string; orders: number; fills: number; rows: number; run_ns: number;
  statistics: Figures; curve?: Curve; fills_shown: Omit<Fill, "id">[];
}

const COLUMNS: Column<Fill>[] = [
  { head: "Time", value: (row) => row.time_ns, show: (row) => when(row.time_ns).slice(5), number: true, width: 108 },
  { head: "Symbol", value: (row) => row.symbol, width: 72 },
  { head: "Venue", value: (row) => row.venue, width: 88 },
  { head: "Side", value: (row) => row.side, tone: (row) => (row.side === "buy" ? "buy" : "sell"), width: 46 },
  { head: "Qty", value: (row) => row.qty, show: (row) => grouped(row.qty), number: true, width: 76 },
  { head: "Price", value: (row) => row.px, show: (row) => grouped(row.px), number: true, width: 74 },
  { head: "Fee", value: (row) => row.fee, show: (row) => grouped(row.fee), number: true, width: 64 },
  { head: "As", value: (row) => row.liquidity, width: 64, flex: 1 },
];

export function Result(props: { run: Run }) {
  const { run } = props;
  if (!run.has_result) return <Waits run={run} />;
  return <Done run={run} />;
}

function Waits(props: { run: Run }) {
  const { run } = props;
  return (
    <Panel title={`Backtest ${run.id}`} area="result">
      {run.error ? <div className="note bad" role="alert">{run.error}</div> : <p className="empty">{run.state === "queued" ? "It waits for its turn." : run.state === "running" ? `It runs: ${percent(run.progress, 0)}.` : `It is ${run.state}.`}</p>}
    </Panel>
  );
}

function Done(props: { run: Run }) {
  const { run } = props;
  const asked = useAsked(() => must(api.GET("/backtests/{backtest_id}/result", { params: { path: { backtest_id: run.id } } })), 0);
  const told = asked.told as unknown as Told | null;
  const fills = useMemo(() => told?.fills_shown.map((fill, n) => ({ ...fill, id: String(n) })) ?? [], [told]);
  return (
    <>
      <Panel title={`Backtest ${run.id}: ${String(run.request.strategy)}`} area="result" tools={told ? <span className="muted">{count(told.rows)} rows in {duration(told.run_ns)}{told.ok ? "" : "; some rows could not be played"}</span> : null}>
        <Trouble of={asked} />
        {told?.curve ? <Course curve={told.curve} currency={told.currency} /> : asked.problem ? null : <p className="empty">{told ? "This result has no curve: queue it anew." : "It is being fetched."}</p>}
      </Panel>
      <Panel title="Figures" area="figures"><Scroll label="Figures">{told ? <Statistics told={told} /> : null}</Scroll></Panel>
      <Panel title="Fills" area="fills" tools={told ? <span className="muted" data-testid="backtest-fills">{count(told.fills)}{told.fills > told.fills_shown.length ? `, the first ${count(told.fills_shown.length)} are shown` : ""}</span> : null}>
        {told ? <Grid<Fill> label="Fills of the backtest" columns={COLUMNS} rows={fills} empty="it made no fills" /> : null}
      </Panel>
    </>
  );
}

function Statistics(props: { told: Told }) {
  const { told } = props;
  const of = told.statistics;
  const pnl = Number(told.pnl);
  return (
    <Facts rows={[
      ["P&L", `${fixed(told.pnl, 2)} ${told.currency}`, gainTone(pnl)],
      ["Equity", `${fixed(told.equity, 2)} ${told.currency}`],
      ["Fees", fixed(told.fees, 2)],
      ["Orders", count(told.orders)],
      ["Fills", count(told.fills)],
      ["Total return", percent(of.total_return, 3), gainTone(of.total_return)],
      ["Volatility", percent(of.volatility, 2)],
      ["Sharpe", digits(of.sharpe)],
      ["Sortino", digits(of.sortino)],
      ["Deepest drawdown", `${digits(of.max_drawdown)}${of.max_drawdown_ratio === null || of.max_drawdown_ratio === undefined ? "" : `, ${percent(of.max_drawdown_ratio, 3)}`}`],
      ["… from", when(of.max_drawdown_from_ns)],
      ["… to", when(of.max_drawdown_to_ns)],
      ["Hit rate", percent(of.hit_rate)],
      ["Profit factor", digits(of.profit_factor)],
      ["Average gain", digits(of.average_gain)],
      ["Average loss", digits(of.average_loss)],
      ["Turnover", digits(of.turnover, 0)],
      ["In the market", percent(of.in_the_market)],
    ]} />
  );
}
