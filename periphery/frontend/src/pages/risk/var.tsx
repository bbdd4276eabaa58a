/** What the risk engine says of each account: value at risk and expected shortfall, by method. */
import { useSignal } from "../../live/signal";
import { store } from "../../live/store";
import { fixed, words } from "../../ui/format";
import { Panel } from "../../ui/parts";
import { duration, percent } from "../../ui/quantities";

const METHODS = ["historical", "normal", "monte_carlo"] as const;
type Said = Record<string, unknown>;

export function ValueAtRisk() {
  useSignal(store.tables.engine.changed);
  const said = store.values("engine").filter((row) => METHODS.some((method) => asMap(row[method])))
    .sort((a, b) => (String(a.account) < String(b.account) ? -1 : 1));
  return (
    <Panel title="Value at risk" area="var">
      <table className="plain" aria-label="Value at risk">
        <thead><tr><th>Account</th><th>Method</th><th className="num">Confidence</th><th className="num">Over</th><th className="num">VaR</th><th className="num">Expected shortfall</th><th>Currency</th><th className="num">Exceeded</th></tr></thead>
        <tbody>
          {said.flatMap((row) => METHODS.filter((method) => asMap(row[method])).map((method) => {
            const { var: value, es, expected_shortfall: shortfall } = asMap(row[method])!;
            const held = asMap(row.held);
            return (
              <tr key={`${row.account} ${method}`}>
                <td>{String(row.account ?? "")}</td><td className="muted">{words(method)}</td>
                <td className="num muted">{percent(Number(row.confidence), 1)}</td><td className="num muted">{duration(Number(row.period_s) * 1e9)}</td>
                <td className="num strong">{fixed(value, 2)}</td><td className="num">{fixed(shortfall ?? es, 2)}</td><td className="muted">{String(row.currency ?? "")}</td>
                <td className="num muted">{method === "historical" && held ? `${held.exceptions ?? 0} of ${held.periods ?? 0}` : ""}</td>
              </tr>
            );
          }))}
        </tbody>
      </table>
      {said.length ? null : <p className="empty">The risk engine says nothing yet: it runs as <code>nacre engine run risk</code>, and the websocket engine needs its folder (docs/frontend.md).</p>}
    </Panel>
  );
}

function asMap(value: unknown): Said | null {
  return value && typeof value === "object" && !Array.isArray(value) ? (value as Said) : null;
}
