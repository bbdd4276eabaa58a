/** What the risk, factor and analytics engines say of portfolios: value at risk, exposures to factors, tear sheet. */
import { useState } from "react";
import { useSignal } from "../../live/signal";
import { store } from "../../live/store";
import type { Values } from "../../live/table";
import { Facts, Scroll } from "../../ui/asked";
import { fixed, words } from "../../ui/format";
import { Panel, Segment } from "../../ui/parts";
import { digits, gainTone, percent } from "../../ui/quantities";
import { asMap, asNumber, said } from "./said";

const SHOWN = ["risk", "factors", "tear sheet"] as const;
const ENGINES = { risk: "risk", factors: "factor", "tear sheet": "analytics" } as const;
const METHODS = ["historical", "normal", "monte_carlo"] as const;

export function Engines() {
  useSignal(store.tables.engine.changed);
  const [shown, setShown] = useState<(typeof SHOWN)[number]>("risk");
  const rows = said(ENGINES[shown]);
  return (
    <Panel title="Engines say" area="engines" tools={<Segment label="What engines say" value={shown} choices={SHOWN} set={setShown} />}>
      <Scroll label="Engines say">
        {shown === "risk" ? <Risk rows={rows} /> : shown === "factors" ? <Factors rows={rows} /> : <TearSheets rows={rows} />}
        {rows.length ? null : <p className="empty">The {ENGINES[shown]} engine says nothing yet: run it (<code>nacre engine run {ENGINES[shown]}</code>) and name its folder to the websocket engine (docs/websocket.md).</p>}
      </Scroll>
    </Panel>
  );
}

function Risk(props: { rows: Values[] }) {
  return (
    <>
      {props.rows.filter((row) => row.account && METHODS.some((method) => asMap(row[method]))).map((row) => (
        <table key={String(row.account)} className="plain" aria-label={`Risk of ${row.account}`}>
          <thead><tr><th>{String(row.account)}</th><th className="num">VaR</th><th className="num">Shortfall</th></tr></thead>
          <tbody>
            {METHODS.filter((method) => asMap(row[method])).map((method) => {
              const told = asMap(row[method])!;
              return <tr key={method}><td>{words(method)}</td><td className="num strong">{fixed(told.var, 2)}</td><td className="num">{fixed(told.expected_shortfall ?? told.es, 2)}</td></tr>;
            })}
            {Object.entries(asMap(row.exposures) ?? {}).map(([name, value]) => <tr key={name}><td className="muted">exposure to {name}</td><td className="num">{fixed(value, 0)}</td><td /></tr>)}
          </tbody>
        </table>
      ))}
    </>
  );
}

function Factors(props: { rows: Values[] }) {
  const row = props.rows.at(-1);
  const exposures = Object.entries(asMap(row?.exposures) ?? {});
  const names = [...new Set(exposures.flatMap(([, told]) => Object.keys(asMap(asMap(told)?.betas) ?? {})))];
  const loadings = Array.isArray(row?.loadings) ? (row.loadings as Values[]) : [];
  const explained = Array.isArray(row?.explained) ? (row.explained as (number | null)[]) : [];
  if (!row) return null;
  return (
    <>
      {row.failed ? <div className="note warn">{String(row.failed)}</div> : null}
      {exposures.length ? (
        <table className="plain" aria-label="Exposures to factors">
          <thead><tr><th>Instrument</th>{names.map((name) => <th key={name} className="num">{name}</th>)}<th className="num">Alpha</th><th className="num">R²</th></tr></thead>
          <tbody>{exposures.map(([symbol, told]) => {
            const of = asMap(told) ?? {};
            return <tr key={symbol}><td className="strong">{symbol}</td>{names.map((name) => <td key={name} className="num">{digits(asNumber(asMap(of.betas)?.[name]), 3)}</td>)}<td className="num">{digits(asNumber(of.alpha), 6)}</td><td className="num">{digits(asNumber(of.r2), 3)}</td></tr>;
          })}</tbody>
        </table>
      ) : null}
      {loadings.length ? (
        <table className="plain" aria-label="Components">
          <thead><tr><th>Component</th><th className="num">Explains</th><th>Loadings</th></tr></thead>
          <tbody>{loadings.map((each, n) => <tr key={n}><td>{n + 1}</td><td className="num">{percent(explained[n])}</td><td className="wrap">{Object.entries(each).map(([name, value]) => `${name} ${digits(asNumber(value), 2)}`).join(", ")}</td></tr>)}</tbody>
        </table>
      ) : null}
    </>
  );
}

const TEAR: [string, string, "part" | "number"][] = [
  ["Total return", "total_return", "part"], ["Annual return", "annual_return", "part"], ["Volatility", "volatility", "part"], ["Sharpe", "sharpe", "number"],
  ["Sortino", "sortino", "number"], ["Calmar", "calmar", "number"], ["Deepest drawdown", "max_drawdown", "part"], ["Drawdown now", "drawdown", "part"],
  ["Best period", "best", "part"], ["Worst period", "worst", "part"], ["Periods above 0", "positive", "part"],
];

function TearSheets(props: { rows: Values[] }) {
  return (
    <>
      {props.rows.filter((row) => row.account).map((row) => (
        <section key={String(row.account)} aria-label={`Tear sheet of ${row.account}`}>
          <h3 className="sheet">{String(row.account)}: {fixed(row.equity, 2)} {String(row.currency ?? "")}</h3>
          <Facts rows={[
            ["P&L", fixed(row.pnl, 2), gainTone(asNumber(row.pnl))],
            ...TEAR.map(([name, key, kind]): [string, string] => [name, kind === "part" ? percent(asNumber(row[key]), 3) : digits(asNumber(row[key]))]),
            ...Object.entries(asMap(row.by_instrument) ?? {}).map(([name, value]): [string, string] => [`of ${name}`, fixed(value, 2)]),
            ...Object.entries(asMap(row.by_strategy) ?? {}).map(([name, value]): [string, string] => [`of strategy ${name || "none"}`, fixed(value, 2)]),
          ]} />
        </section>
      ))}
    </>
  );
}
