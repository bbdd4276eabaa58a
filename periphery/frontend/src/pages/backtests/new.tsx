/** Put a backtest into the queue: a strategy's file, over recordings. */
import { type FormEvent, useState } from "react";
import { api, must, problemOf, type Problem } from "../../api/client";
import { Dialog, ProblemNote, toast, useAsked } from "../../ui/parts";
import { parse } from "../strategies/params";

const TERMS = { cash: "1000000", taker_fee_bps: "0", maker_fee_bps: "0", latency_us: "0" };
const LABELS: Record<keyof typeof TERMS, string> = { cash: "Cash", taker_fee_bps: "Taker's bps", maker_fee_bps: "Maker's bps", latency_us: "Latency, µs" };

export function NewBacktest(props: { close: () => void; asked: (id: number) => void }) {
  const known = useAsked(async () => ({
    files: (await must(api.GET("/strategies"))).files,
    data: (await must(api.GET("/backtests/data"))).files,
  }), 0);
  const [strategy, setStrategy] = useState("");
  const [data, setData] = useState<string[]>([]);
  const [symbol, setSymbol] = useState("");
  const [text, setText] = useState("");
  const [terms, setTerms] = useState(TERMS);
  const [problem, setProblem] = useState<Problem | null>(null);
  const { files = [], data: recordings = [] } = known.told ?? {};
  const file = strategy || files[0] || "";
  const go = async (event: FormEvent) => {
    event.preventDefault();
    try {
      const body = { strategy: file, data, symbol: symbol || null, params: parse(text), terms: { account: "A1", fee_precision: 8, quote_qty: "1000000000", max_orders: 1 << 18, ...terms } };
      const told = await must(api.POST("/backtests", { body }));
      toast("good", `Backtest ${told.id} is ${told.state}`);
      props.asked(told.id);
      props.close();
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  return (
    <Dialog title="New backtest" close={props.close}>
      <form className="form wide-labels" onSubmit={(event) => void go(event)}>
        <label htmlFor="test-file">Strategy</label>
        <select id="test-file" data-first value={file} onChange={(event) => setStrategy(event.target.value)}>{files.map((each) => <option key={each}>{each}</option>)}</select>
        <label htmlFor="test-data">Recordings</label>
        <select id="test-data" multiple required size={Math.min(Math.max(recordings.length, 2), 8)} style={{ height: "auto" }} value={data} onChange={(event) => setData([...event.target.selectedOptions].map((each) => each.value))}>{recordings.map((each) => <option key={each}>{each}</option>)}</select>
        <label htmlFor="test-symbol">Symbol</label>
        <input id="test-symbol" placeholder="of a recording that doesn't name it" value={symbol} onChange={(event) => setSymbol(event.target.value)} />
        <label htmlFor="test-params">Parameters</label>
        <input id="test-params" placeholder="fast=10 slow=50" value={text} onChange={(event) => setText(event.target.value)} />
        {(Object.keys(TERMS) as (keyof typeof TERMS)[]).map((name) => [
          <label key={`l${name}`} htmlFor={`test-${name}`}>{LABELS[name]}</label>,
          <input key={name} id={`test-${name}`} className="num" inputMode="decimal" value={terms[name]} onChange={(event) => setTerms({ ...terms, [name]: event.target.value })} />,
        ])}
        {known.told && !(files.length && recordings.length) ? <p className="wide note warn">{files.length ? "No recordings: name a folder as `data` in the backend's configuration." : "No strategies: name a folder as `strategies` in the backend's configuration."}</p> : null}
        <div className="wide"><ProblemNote problem={problem ?? (known.problem ? problemOf(known.problem) : null)} /></div>
        <button type="submit" className="button primary wide" disabled={!file || !data.length}>Put it into the queue</button>
      </form>
    </Dialog>
  );
}
