/** What each order cost: slippage, shortfall with its parts, markouts. */
import { useMemo } from "react";
import type { Schemas } from "../../api/client";
import { words } from "../../ui/format";
import { type Column, Grid } from "../../ui/grid";
import { costTone, digits, gainTone, when } from "../../ui/quantities";

type Cost = Schemas["OrderCost"] & { id: string };
type Figure = "arrival_bps" | "vwap_bps" | "shortfall_bps" | "delay_shortfall_bps" | "execution_shortfall_bps" |
  "opportunity_shortfall_bps" | "fees_shortfall_bps" | "markout_1s_bps" | "markout_1min_bps";

const cost = (head: string, name: Figure, width = 74): Column<Cost> => ({
  head, value: (row) => row[name], show: (row) => digits(row[name]), tone: (row) => costTone(row[name]), number: true, width,
});
const markout = (head: string, name: Figure): Column<Cost> => ({ ...cost(head, name, 90), tone: (row) => gainTone(row[name]) });

const COLUMNS: Column<Cost>[] = [
  { head: "Time", value: (row) => row.seq, show: (row) => when(row.time_ns).slice(11), number: true, width: 74, sort: "desc" },
  { head: "Order", value: (row) => row.cl_ord_id, width: 112 },
  { head: "Account", value: (row) => row.account, width: 72 },
  { head: "Symbol", value: (row) => row.symbol, width: 78 },
  { head: "Side", value: (row) => row.side, tone: (row) => (row.side === "buy" ? "buy" : "sell"), width: 52 },
  { head: "Algo", value: (row) => row.algo, show: (row) => (row.algo === "(none)" ? "" : row.algo), width: 50 },
  { head: "Filled", value: (row) => row.cum_qty, show: (row) => row.cum_qty.toLocaleString("en"), number: true, width: 76 },
  { head: "Of", value: (row) => row.order_qty, show: (row) => row.order_qty.toLocaleString("en"), number: true, width: 76 },
  { head: "Status", value: (row) => row.status, show: (row) => words(row.status), width: 76 },
  cost("Arrival", "arrival_bps"),
  cost("VWAP", "vwap_bps"),
  cost("Shortfall", "shortfall_bps"),
  cost("… delay", "delay_shortfall_bps"),
  cost("… execution", "execution_shortfall_bps", 92),
  cost("… opportunity", "opportunity_shortfall_bps", 102),
  cost("… fees", "fees_shortfall_bps", 70),
  markout("Markout 1 s", "markout_1s_bps"),
  markout("Markout 1 min", "markout_1min_bps"),
];

export function Costs(props: { rows: Schemas["OrderCost"][] | null; choose: (row: Schemas["OrderCost"] | null) => void }) {
  const rows = useMemo(() => props.rows?.map((row) => ({ ...row, id: String(row.seq) })), [props.rows]);
  if (!rows) return <p className="empty">The journal is being read.</p>;
  return <Grid<Cost> label="Costs of orders" columns={COLUMNS} rows={rows} chosen={props.choose} empty="no orders yet: send one on the desk" />;
}
