/** Where orders went: of the chosen order, or of all that are shown; and what the market did after its fills. */
import type { Schemas } from "../../api/client";
import { Scroll } from "../../ui/asked";
import { grouped } from "../../ui/format";
import { Panel } from "../../ui/parts";
import { count, digits, gainTone, percent } from "../../ui/quantities";

type Cost = Schemas["OrderCost"];
interface Went {
  venue: string;
  orders: number;
  children: number;
  rejected: number;
  filled: number;
}
const MARKOUTS = ["10ms", "100ms", "1s", "5s", "10s", "1min", "5min"] as const;

export function Routing(props: { order: Cost | null; orders: Cost[] }) {
  const { order } = props;
  const rows = wentTo(order ? [order] : props.orders);
  const all = rows.reduce((sum, row) => sum + row.filled, 0);
  return (
    <Panel title={order ? `Routing of ${order.cl_ord_id}` : "Routing of all"} area="routing">
      <Scroll label="Routing">
        <table className="plain" aria-label="Routing">
          <thead><tr><th>Venue</th>{order ? null : <th className="num">Orders</th>}<th className="num">Children</th><th className="num">Rejected</th><th className="num">Filled</th><th style={{ width: "24%" }}>Part</th><th className="num">%</th></tr></thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.venue}>
                <td className="strong">{row.venue}</td>{order ? null : <td className="num">{count(row.orders)}</td>}
                <td className="num">{count(row.children)}</td><td className={`num ${row.rejected ? "warn" : ""}`}>{count(row.rejected)}</td><td className="num">{count(row.filled)}</td>
                <td><div className="meter" role="meter" aria-label={`Part of ${row.venue}`} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(all ? (row.filled / all) * 100 : 0)}><i style={{ width: `${all ? (row.filled / all) * 100 : 0}%` }} /></div></td>
                <td className="num">{percent(all ? row.filled / all : null)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {rows.length ? null : <p className="empty">Nothing was sent to a venue{order ? " for it" : " yet"}.</p>}
        {order ? <Markouts order={order} /> : <p className="about muted">Choose an order to see its own venues and markouts.</p>}
      </Scroll>
    </Panel>
  );
}

function Markouts(props: { order: Cost }) {
  const { order } = props;
  return (
    <table className="plain" aria-label="Markouts">
      <thead><tr><th>Price paid</th>{MARKOUTS.map((each) => <th key={each} className="num">{each.replace(/(\d+)/, "$1 ")}</th>)}</tr></thead>
      <tbody><tr>
        <td>{order.avg_px === null ? "nothing was filled" : `${grouped(order.avg_px.toFixed(6))}, mid at arrival ${order.arrival_px === null ? "unknown" : grouped(order.arrival_px.toFixed(6))}`}</td>
        {MARKOUTS.map((each) => <td key={each} className={`num ${gainTone(order[`markout_${each}_bps`])}`}>{digits(order[`markout_${each}_bps`])}</td>)}
      </tr></tbody>
    </table>
  );
}

function wentTo(orders: Cost[]): Went[] {
  const found = new Map<string, Went>();
  for (const order of orders) {
    for (const leg of order.legs) {
      const row = found.get(leg.venue) ?? { venue: leg.venue, orders: 0, children: 0, rejected: 0, filled: 0 };
      found.set(leg.venue, { venue: leg.venue, orders: row.orders + 1, children: row.children + leg.children, rejected: row.rejected + leg.rejected, filled: row.filled + leg.filled_qty });
    }
  }
  return [...found.values()].sort((a, b) => b.filled - a.filled);
}
