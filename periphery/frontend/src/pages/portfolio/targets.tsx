/** Target weights as lines, and how their orders are to be made. */
import { type FormEvent, useState } from "react";
import { api, must, problemOf, type Problem } from "../../api/client";
import { useSignal } from "../../live/signal";
import { store } from "../../live/store";
import { useKeys } from "../../ui/keys";
import { ProblemNote, toast } from "../../ui/parts";
import { percent } from "../../ui/quantities";
import { said } from "./said";

/** Lines of a symbol and a part of the equity: 0.25, or 25 %. */
export function parse(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const line of text.split("\n").map((each) => each.trim()).filter(Boolean)) {
    const [symbol, weight = "", ...more] = line.replace(/\s*%$/, "%").split(/[\s,;=]+/);
    const part = weight.endsWith("%") ? shifted(weight.slice(0, -1)) : weight;
    if (!symbol || more.length || !/^-?\d+(\.\d+)?$/.test(part)) throw new Error(`${line}: write a symbol and a weight, as EURUSD 0.25`);
    if (symbol in found) throw new Error(`${symbol} stands there twice`);
    found[symbol] = part;
  }
  if (!Object.keys(found).length) throw new Error("there are no weights");
  return found;
}

/** A hundredth, in digits: no float comes near it. */
function shifted(text: string): string {
  const [whole = "0", fraction = ""] = text.replace("-", "").split(".");
  const digits = whole.padStart(3, "0");
  return `${text.startsWith("-") ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}${fraction}`;
}

export function Targets(props: { made: (id: string) => void }) {
  useSignal(store.health);
  useSignal(store.tables.engine.changed);
  useSignal(store.tables.accounts.changed);
  const accounts = store.reference?.accounts.map((each) => String(each.name)) ?? [];
  const [account, setAccount] = useState("");
  const [text, setText] = useState("");
  const [limit, setLimit] = useState("");
  const [commission, setCommission] = useState("0");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const target = said("portfolio").find((row) => row.weights);
  useKeys("Portfolio", [{ key: "w", what: "into the target weights", run: () => document.getElementById("targets")?.focus() }]);
  const preview = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      const body = { account: account || accounts[0] || "", weights: parse(text), commission_bps: commission, limit_bps: limit || null, least_notional: "0" };
      const told = await must(api.POST("/portfolio", { body }));
      toast("good", `${told.orders.length} ${told.orders.length === 1 ? "order" : "orders"} are proposed; nothing is sent`);
      setProblem(null);
      props.made(told.id);
    } catch (error) {
      setProblem(problemOf(error));
    }
    setBusy(false);
  };
  const take = () => setText(Object.entries(target!.weights as Record<string, number>).map(([name, weight]) => `${name} ${weight}`).join("\n"));
  return (
    <form className="targets" onSubmit={(event) => void preview(event)}>
      <label htmlFor="targets-account">Account</label>
      <select id="targets-account" value={account || accounts[0] || ""} onChange={(event) => setAccount(event.target.value)}>{accounts.map((each) => <option key={each}>{each}</option>)}</select>
      <label htmlFor="targets">Weights</label>
      <textarea id="targets" rows={4} spellCheck={false} placeholder={"EURUSD 0.25\nGBPUSD -10 %"} value={text} onChange={(event) => setText(event.target.value)} />
      <span className="label">Sum</span><span className="num">{sumOf(text)}</span>
      <label htmlFor="targets-limit">Limit, bps</label>
      <input id="targets-limit" className="num" inputMode="decimal" placeholder="market orders" value={limit} onChange={(event) => setLimit(event.target.value)} />
      <label htmlFor="targets-fee">Cost, bps</label>
      <input id="targets-fee" className="num" inputMode="decimal" value={commission} onChange={(event) => setCommission(event.target.value)} />
      <div className="wide"><ProblemNote problem={problem} /></div>
      <div className="wide row">
      <button type="button" className="button" disabled={!target} title={target ? `of ${String(target.method)}` : "the portfolio engine says nothing: nacre engine run portfolio"} onClick={take}>Engine's targets</button>
      <button type="submit" className="button primary" disabled={busy}>Preview orders</button>
      </div>
    </form>
  );
}

function sumOf(text: string): string {
  try {
    return percent(Object.values(parse(text)).reduce((sum, each) => sum + Number(each), 0));
  } catch {
    return "";
  }
}
