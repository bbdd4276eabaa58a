/** Execution: what orders cost, how venues are, and where orders went. */
import { useState } from "react";
import type { Page } from "../pages";
import { api, must, type Schemas } from "../api/client";
import { useKeys } from "../ui/keys";
import { Panel, Segment, useAsked } from "../ui/parts";
import { Facts, Scroll, Trouble } from "../ui/asked";
import { costTone, count, digits, percent } from "../ui/quantities";
import "./execution/execution.css";
import { Costs } from "./execution/orders";
import { Group, type Figures, KEYS, type Key } from "./execution/groups";
import { Routing } from "./execution/routing";

const ASK_MS = 15_000;
const MOST = 1000;

function Execution() {
  const tca = useAsked(() => must(api.GET("/tca")), ASK_MS);
  const orders = useAsked(() => must(api.GET("/tca/orders", { params: { query: { most: MOST } } })), ASK_MS);
  const [chosen, setChosen] = useState<Schemas["OrderCost"] | null>(null);
  const [key, setKey] = useState<Key>("venue");
  const told = tca.told as unknown as (Record<string, Figures[]> & { until: string }) | null;
  const again = () => { tca.again(); orders.again(); };
  useKeys("Execution", [{ key: "r", what: "work the costs out again", run: again }]);
  return (
    <div className="execution">
      <Panel title="Costs in all" area="total" tools={
        <>
          <span className="muted">{told ? `in bps, until ${told.until.replace("T", " ").replace("+00:00", " UTC")}` : "the journal is being read"}</span>
          <span className="grow" />
          <button type="button" className="button small" onClick={again}>Again</button>
        </>
      }>
        <Trouble of={tca} />
        {(told?.total ?? []).map((row) => <Total key={row.currency} row={row} />)}
        {told && !told.total?.length ? <p className="empty">Nothing was traded yet. Send an order on the desk; its cost stands here.</p> : null}
      </Panel>
      <Panel title="Orders" area="orders" tools={<span className="muted">{orders.told ? `${count(orders.told.orders.length)} of ${count(orders.told.count)}, the newest first; costs in bps, above 0 is a loss` : ""}</span>}>
        <Trouble of={orders} />
        <Costs rows={orders.told?.orders ?? null} choose={setChosen} />
      </Panel>
      <Routing order={chosen} orders={orders.told?.orders ?? []} />
      <Panel title="Venues and other groups" area="groups" tools={<Segment label="By" value={key} choices={KEYS} set={setKey} />}>
        <Group by={key} rows={told?.[key] ?? []} venues={orders.told?.venues ?? []} />
      </Panel>
    </div>
  );
}

function Total(props: { row: Figures }) {
  const { row } = props;
  const bps = (name: string) => digits(row[name] as number | null);
  const tone = (name: string) => costTone(row[name] as number | null);
  return (
    <Scroll label={`Costs in ${row.currency}`}>
      <div className="totals" data-testid={`total-${row.currency}`}>
        <Facts rows={[["Currency", row.currency], ["Orders", count(row.orders as number)], ["Fills", count(row.fills as number)], ["Value", digits(row.value as number, 0)]]} />
        <Facts rows={[["Arrival slippage", bps("arrival_bps"), tone("arrival_bps")], ["Against VWAP", bps("vwap_bps"), tone("vwap_bps")], ["Against TWAP", bps("twap_bps"), tone("twap_bps")], ["Fees", bps("fees_bps"), tone("fees_bps")]]} />
        <Facts rows={[["Shortfall", bps("shortfall_bps"), tone("shortfall_bps")], ["… delay", bps("delay_shortfall_bps")], ["… execution", bps("execution_shortfall_bps")], ["… opportunity", bps("opportunity_shortfall_bps")]]} />
        <Facts rows={[["Effective spread", bps("effective_spread_bps")], ["Realised spread", bps("realized_spread_bps")], ["Regret", bps("regret_bps")], ["Makers' share", percent(row.maker_share as number | null)]]} />
        <Facts rows={[["Orders filled", percent(row.order_fill_rate as number | null)], ["Children filled", percent(row.fill_rate as number | null)], ["Children rejected", percent(row.reject_ratio as number | null)], ["Ack p50, µs", digits(row.ack_p50_us as number | null, 0)]]} />
      </div>
    </Scroll>
  );
}

export const page: Page = { path: "execution", title: "Execution", order: 4, Component: Execution };
