/** Positions at the mark of now, and what each account has made. */
import { usePaced } from "../../live/signal";
import { store } from "../../live/store";
import type { Row } from "../../live/table";
import { fixed, grouped } from "../../ui/format";
import { type Column, Grid, type GridHandle } from "../../ui/grid";
import { Panel } from "../../ui/parts";
import { average } from "./blotter";
import { focus } from "./focus";

const MONEY_MS = 200;

interface Held {
  id: string;
  values: Record<string, unknown>;
}

const text = (name: string) => (row: Held) => row.values[name];
const sign = (name: string) => (row: Held) => tone(row.values[name]);

export function tone(value: unknown): string {
  const number = Number(value);
  return number > 0 ? "good" : number < 0 ? "sell" : "muted";
}

const COLUMNS: Column<Held>[] = [
  { head: "Account", value: text("account"), width: 56 },
  { head: "Symbol", value: text("symbol"), width: 68 },
  { head: "Qty", value: text("qty"), show: (row) => grouped(row.values.qty), tone: sign("qty"), number: true, width: 70 },
  { head: "Avg cost", value: text("avg_cost"), show: (row) => average(row.values.avg_cost, row.values.symbol), number: true, width: 72 },
  { head: "Unrealized", value: text("unrealized_pnl"), show: (row) => fixed(row.values.unrealized_pnl, 2), tone: sign("unrealized_pnl"), number: true, width: 78 },
  { head: "Realized", value: text("realized_pnl"), show: (row) => fixed(row.values.realized_pnl, 2), tone: sign("realized_pnl"), number: true, width: 74 },
  { head: "Fees", value: text("fees"), show: (row) => fixed(row.values.fees, 2), number: true, width: 64, flex: 1 },
];

export function Positions(props: { area: string }) {
  const ready = (grid: GridHandle<Held>) => {
    const items = (rows: Row[]) => rows.map((row) => ({ id: `${row.topic} ${row.key}`, values: row.values }));
    grid.apply({ add: items([...store.tables.positions.rows.values()]) });
    return store.tables.positions.follow((delta) => grid.apply({ add: items(delta.add), update: items(delta.update), remove: items(delta.remove) }));
  };
  return (
    <Panel title="Positions" area={props.area}>
      <div style={{ display: "grid", gridTemplateRows: "1fr auto", height: "100%" }}>
        <Grid<Held> label="Positions" columns={COLUMNS} ready={ready} empty="no positions"
          chosen={(row) => row && row.values.symbol !== focus.symbol && focus.look({ symbol: String(row.values.symbol) })} />
        <Accounts />
      </div>
    </Panel>
  );
}

/** Each account's profit, in its own currency. */
function Accounts() {
  usePaced(store.tables.accounts.changed, MONEY_MS);
  const rows = store.values("accounts").sort((a, b) => (String(a.account) < String(b.account) ? -1 : 1));
  if (!rows.length) return null;
  return (
    <table className="plain" aria-label="Accounts" style={{ borderTop: "1px solid var(--line)" }}>
      <thead><tr><th>Account</th><th className="num">Equity</th><th className="num">Unrealized</th><th className="num">Realized</th><th className="num">Fees</th></tr></thead>
      <tbody>
        {rows.map((row) => (
          <tr key={String(row.account)}>
            <td>{String(row.account)}</td>
            <td className="num strong">{fixed(row.equity, 2)} {String(row.currency ?? "")}</td>
            <td className={`num ${tone(row.unrealized_pnl)}`}>{fixed(row.unrealized_pnl, 2)}</td>
            <td className={`num ${tone(row.realized_pnl)}`}>{fixed(row.realized_pnl, 2)}</td>
            <td className="num">{fixed(row.fees, 2)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
