/** What is held now, as parts of each account's equity. */
import { usePaced } from "../../live/signal";
import { store } from "../../live/store";
import { Scroll } from "../../ui/asked";
import { fixed, grouped } from "../../ui/format";
import { average } from "../desk/blotter";
import { Panel } from "../../ui/parts";
import { gainTone } from "../../ui/quantities";

const HELD_MS = 250;

export function Held() {
  usePaced(store.tables.positions.changed, HELD_MS);
  const rows = store.values("positions").filter((row) => Number(row.qty) !== 0);
  rows.sort((a, b) => `${a.account} ${a.symbol}`.localeCompare(`${b.account} ${b.symbol}`));
  return (
    <Panel title="Held now" area="held">
      <Scroll label="Held now">
        <table className="plain" aria-label="Held now">
          <thead><tr><th>Account</th><th>Symbol</th><th className="num">Quantity</th><th className="num">Average cost</th><th className="num">Unrealized</th><th className="num">Realized</th></tr></thead>
          <tbody>
            {rows.map((row) => (
              <tr key={`${row.account} ${row.symbol}`}>
                <td>{String(row.account)}</td><td className="strong">{String(row.symbol)}</td>
                <td className={`num ${Number(row.qty) > 0 ? "buy" : "sell"}`}>{grouped(row.qty)}</td><td className="num">{average(row.avg_cost, row.symbol)}</td>
                <td className={`num ${gainTone(Number(row.unrealized_pnl))}`}>{fixed(row.unrealized_pnl, 2)}</td><td className={`num ${gainTone(Number(row.realized_pnl))}`}>{fixed(row.realized_pnl, 2)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {rows.length ? null : <p className="empty">Nothing is held.</p>}
      </Scroll>
    </Panel>
  );
}
