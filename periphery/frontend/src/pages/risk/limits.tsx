/** How much of each limit is used, the fullest first; a limit is changed here, too. */
import { type FormEvent, useMemo, useState } from "react";
import { api, must, type Problem, problemOf, type Schemas } from "../../api/client";
import { session } from "../../api/session";
import { grouped, words } from "../../ui/format";
import { useKeys } from "../../ui/keys";
import { Bar, Dialog, Panel, ProblemNote, Segment, toast } from "../../ui/parts";

export type Used = Schemas["UsedLimit"];
const SCOPES = ["account", "strategy", "symbol", "venue", "session", "sector", "group"] as const;
const SHOWN = ["used", "all"] as const;

export function scopeText(limit: Schemas["Limit"]): string {
  const named = SCOPES.filter((scope) => limit[scope]).map((scope) => `${scope} ${limit[scope]}`);
  if (limit.each && !limit[limit.each as (typeof SCOPES)[number]]) named.push(`each ${limit.each}`);
  return named.join(", ") || "all";
}

export function Limits(props: { told: Schemas["Risk"] | null; problem: unknown; again: () => void }) {
  const [shown, setShown] = useState<(typeof SHOWN)[number]>("used");
  const [changing, setChanging] = useState<Schemas["Limit"] | null>(null);
  const rows = useMemo(() => {
    const usage = props.told?.usage ?? [];
    const found = shown === "used" ? usage.filter((row) => row.percent !== null && row.percent !== undefined) : usage;
    return [...found].sort((a, b) => (b.percent ?? -1) - (a.percent ?? -1));
  }, [props.told, shown]);
  const may = session.may("risk");
  useKeys("Limits", [{ key: "l", what: "a new limit", run: () => may && setChanging(EMPTY) }]);
  return (
    <Panel title="Limits" area="limits" tools={
      <>
        <Segment label="Which limits" value={shown} choices={SHOWN} set={setShown} />
        <span className="muted">{(props.told?.limits.length ?? 0).toLocaleString("en")} in force</span>
        <span className="grow" />
        {may ? <button type="button" className="button small" onClick={() => setChanging(EMPTY)}>New limit</button> : null}
      </>
    }>
      {props.problem ? <ProblemNote problem={problemOf(props.problem)} /> : null}
      <table className="plain" aria-label="Limits">
        <thead><tr><th>Limit</th><th>Scope</th><th>Kind</th><th className="num">Used</th><th className="num">Of</th><th className="marks"><span style={{ left: "67%" }}>70 %</span><span style={{ left: "86%" }}>90 %</span></th><th className="num">%</th><th><span className="visually-hidden">Change</span></th></tr></thead>
        <tbody>
          {rows.map((row, n) => {
            const percent = row.percent ?? null;
            const name = `${words(row.check)}, ${scopeText(row)}`;
            return (
              <tr key={n}>
                <td>{words(row.check)}</td>
                <td className="muted">{scopeText(row)}</td>
                <td className="muted">{row.soft ? "soft" : "hard"}{row.action ? `, ${words(row.action)}` : ""}</td>
                <td className="num">{grouped(row.used)}</td>
                <td className="num">{grouped(row.value)} {row.currency ?? ""}</td>
                <td>{percent === null ? null : <Bar percent={percent} label={name} />}</td>
                <td className={`num ${percent === null ? "" : percent >= 90 ? "bad" : percent >= 70 ? "warn" : ""}`}>{percent === null ? "" : percent.toFixed(1)}</td>
                <td className="num">{may ? <button type="button" className="icon" aria-label={`Change ${name}`} onClick={() => setChanging(row)}>✎</button> : null}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {props.told && !rows.length ? <p className="empty">{shown === "used" ? "of no limit is anything used" : "no limits"}</p> : null}
      {changing ? <Change limit={changing} close={() => { setChanging(null); props.again(); }} /> : null}
    </Panel>
  );
}

const EMPTY: Schemas["Limit"] = { check: "max_order_qty", value: "" };
const CHECKS: Schemas["NewLimit"]["check"][] = [
  "max_order_qty", "max_order_notional", "price_collar_bps", "price_collar_ticks", "market_protection_bps", "spread_bps",
  "market_data_age_s", "duplicate_content", "order_rate", "repeated_execution", "max_working_orders", "max_daily_orders",
  "order_trade_ratio", "max_position", "max_position_notional", "short_sale", "min_cash", "margin", "gross_exposure",
  "net_exposure", "sector_exposure", "max_daily_qty", "max_daily_notional", "credit", "self_trade", "daily_loss",
  "drawdown", "losing_streak", "cancel_rate", "max_daily_cancels", "restricted", "permission",
];

function Change(props: { limit: Schemas["Limit"]; close: () => void }) {
  const { limit } = props;
  const isNew = !limit.value;
  const [check, setCheck] = useState(limit.check);
  const [value, setValue] = useState(limit.value);
  const [account, setAccount] = useState(limit.account ?? "");
  const [symbol, setSymbol] = useState(limit.symbol ?? "");
  const [why, setWhy] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const go = async (event: FormEvent) => {
    event.preventDefault();
    const { check: _check, value: _value, ...scope } = limit as Used;
    delete (scope as Partial<Used>).used;
    delete (scope as Partial<Used>).percent;
    try {
      const body = { ...scope, check, value, account: account || null, symbol: symbol || null, why } as Schemas["NewLimit"];
      const told = await must(api.POST("/limits", { body }));
      toast(told.applied ? "good" : "warn", told.applied ? `${words(check)} is ${value}` : `It loosens: a second person must approve it (${told.loosens})`);
      props.close();
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  return (
    <Dialog title={isNew ? "New limit" : `Change ${words(check)}, ${scopeText(limit)}`} close={props.close}>
      <form className="form" onSubmit={(event) => void go(event)}>
        {isNew ? (
          <>
            <label htmlFor="limit-check">Limit</label>
            <select id="limit-check" value={check} onChange={(event) => setCheck(event.target.value)}>{CHECKS.map((each) => <option key={each} value={each}>{words(each)}</option>)}</select>
            <label htmlFor="limit-account">Account</label>
            <input id="limit-account" value={account} onChange={(event) => setAccount(event.target.value)} />
            <label htmlFor="limit-symbol">Symbol</label>
            <input id="limit-symbol" value={symbol} onChange={(event) => setSymbol(event.target.value)} />
          </>
        ) : null}
        <label htmlFor="limit-value">Value</label>
        <input id="limit-value" data-first className="num" value={value} onChange={(event) => setValue(event.target.value)} />
        <label htmlFor="limit-why">Why</label>
        <input id="limit-why" required value={why} onChange={(event) => setWhy(event.target.value)} />
        <p className="wide muted">What tightens is in force at once. What loosens waits for a second person.</p>
        <div className="wide"><ProblemNote problem={problem} /></div>
        <button type="submit" className="button primary wide">Set</button>
      </form>
    </Dialog>
  );
}
