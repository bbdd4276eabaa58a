/** What each account has in the market: from positions at the mark of now, by instrument. */
import { usePaced } from "../../live/signal";
import { store } from "../../live/store";
import type { Schemas } from "../../api/client";
import { fixed, grouped, words } from "../../ui/format";
import { Panel } from "../../ui/parts";
import { midOf } from "../desk/market";
import { tone } from "../desk/positions";

const EXPOSED_MS = 250;
const EXPOSURE = ["gross_exposure", "net_exposure"];

export function Exposures(props: { told: Schemas["Risk"] | null }) {
  usePaced(store.tables.positions.changed, EXPOSED_MS);
  const rows = store.values("positions").filter((row) => Number(row.qty))
    .map((row): Record<string, unknown> & { exposure: number | null } => {
      const mid = midOf(String(row.symbol));
      return { ...row, exposure: mid === null ? null : mid * Number(row.qty) };
    })
    .sort((a, b) => Math.abs(b.exposure ?? 0) - Math.abs(a.exposure ?? 0));
  const limits = (props.told?.usage ?? []).filter((row) => EXPOSURE.some((name) => row.check.includes(name)));
  return (
    <Panel title="Exposures" area="exposures">
      <table className="plain" aria-label="Exposures">
        <thead><tr><th>Account</th><th>Instrument</th><th className="num">Qty</th><th className="num">At the mid</th><th>Currency</th></tr></thead>
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.account} ${row.symbol}`}>
              <td>{String(row.account)}</td><td>{String(row.symbol)}</td>
              <td className={`num ${tone(row.qty)}`}>{grouped(row.qty)}</td>
              <td className="num strong">{row.exposure === null ? "no mid" : fixed(row.exposure, 2)}</td>
              <td className="muted">{String(row.currency ?? "")}</td>
            </tr>
          ))}
          {limits.map((row, n) => (
            <tr key={n}><td>{row.account ?? "all"}</td><td className="muted">{words(row.check)}</td><td /><td className="num strong">{grouped(row.used)}</td><td className="muted">{row.currency ?? ""}</td></tr>
          ))}
        </tbody>
      </table>
      {rows.length + limits.length ? null : <p className="empty">nothing is held</p>}
    </Panel>
  );
}
