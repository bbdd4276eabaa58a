/** What people do about breaks: compare, say why, book. */
import { type FormEvent, type ReactNode, useState } from "react";
import { api, must, type Problem, problemOf, type Schemas } from "../../api/client";
import { store } from "../../live/store";
import { grouped } from "../../ui/format";
import { Dialog, ProblemNote, toast } from "../../ui/parts";
import { parse, Unreadable } from "./statement";

type Break = Schemas["Break"];
const UNREADABLE = { code: "page", reason: "", place: "rows" };

function Form(props: { title: string; go: string; close: () => void; send: () => Promise<string>; wide?: boolean; children: ReactNode }) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const send = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      toast("good", await props.send());
      props.close();
    } catch (error) {
      setProblem(error instanceof Unreadable ? { ...UNREADABLE, message: error.message, hint: "a line each: account,symbol,quantity" } : problemOf(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={props.title} wide={props.wide} close={props.close}>
      <form className="form" onSubmit={(event) => void send(event)}>
        {props.children}
        <div className="wide"><ProblemNote problem={problem} /></div>
        <button type="submit" className="button primary wide" disabled={busy}>{props.go}</button>
      </form>
    </Dialog>
  );
}

export function Compare(props: { close: () => void }) {
  const [text, setText] = useState("");
  const [date, setDate] = useState("");
  const read = async (file: File | undefined) => file && setText(await file.text());
  const send = async () => {
    const told = await must(api.POST("/reconciliation", { body: { rows: parse(text), date: date || null } }));
    return told.open ? `${told.open} open ${told.open === 1 ? "break" : "breaks"} as of ${told.date}` : `All agrees as of ${told.date}`;
  };
  return (
    <Form title="Compare our books with theirs" go="Compare" wide close={props.close} send={send}>
      <label htmlFor="theirs-file">File</label>
      <input id="theirs-file" type="file" accept=".csv,.tsv,.txt" onChange={(event) => void read(event.target.files?.[0])} />
      <label htmlFor="theirs-rows">Theirs</label>
      <textarea id="theirs-rows" data-first rows={9} spellCheck={false} placeholder={"account,symbol,quantity\nA1,EURUSD,250000\nA1,USD,9750000"} value={text} onChange={(event) => setText(event.target.value)} />
      <span className="label">Is</span><span data-testid="theirs-read">{readAs(text)}</span>
      <label htmlFor="theirs-date">As of</label>
      <input id="theirs-date" type="date" value={date} onChange={(event) => setDate(event.target.value)} />
      <p className="wide muted">Of a symbol the quantity, of a currency the cash. A head names the columns; others are passed by. What a file doesn't have of its accounts is a break, too. Without a day: the journal's last.</p>
    </Form>
  );
}

/** What was understood, before it is compared. */
function readAs(text: string): string {
  if (!text.trim()) return "paste a statement, or choose its file";
  try {
    const rows = parse(text);
    const accounts = [...new Set(rows.map((row) => row.account))];
    return `${rows.length} ${rows.length === 1 ? "row" : "rows"} of ${accounts.join(", ")}`;
  } catch (error) {
    return error instanceof Error ? `can't be read: ${error.message}` : String(error);
  }
}

export function Explain(props: { row: Break; close: () => void }) {
  const [why, setWhy] = useState("");
  const send = async () => {
    await must(api.POST("/reconciliation/breaks/explain", { body: { id: props.row.id, why } }));
    return `${props.row.id} is explained`;
  };
  return (
    <Form title={`Explain ${props.row.id}: ${grouped(props.row.difference)}`} go="Explain" close={props.close} send={send}>
      <label htmlFor="break-why">Why</label>
      <input id="break-why" data-first required value={why} onChange={(event) => setWhy(event.target.value)} />
      <p className="wide muted">It stays explained as long as the difference stays the same.</p>
    </Form>
  );
}

export function Book(props: { row: Break; close: () => void }) {
  const venues = store.reference?.venues ?? [];
  const [venue, setVenue] = useState(venues[0] ?? "");
  const [price, setPrice] = useState("");
  const [why, setWhy] = useState("");
  const send = async () => {
    await must(api.POST("/reconciliation/breaks/book", { body: { id: props.row.id, venue, price, fee: "0", why } }));
    return "It waits for a second person, for fifteen minutes";
  };
  return (
    <Form title={`Book ${grouped(props.row.difference)} ${props.row.what} to ${props.row.account}`} go="Ask for it" close={props.close} send={send}>
      <label htmlFor="book-venue">Venue</label>
      <select id="book-venue" value={venue} onChange={(event) => setVenue(event.target.value)}>{venues.map((each) => <option key={each}>{each}</option>)}</select>
      <label htmlFor="book-price">Price</label>
      <input id="book-price" data-first required className="num" inputMode="decimal" value={price} onChange={(event) => setPrice(event.target.value)} />
      <label htmlFor="book-why">Why</label>
      <input id="book-why" required value={why} onChange={(event) => setWhy(event.target.value)} />
      <p className="wide muted">A fill by hand, of no order, in the core's journal by your name. A second person approves it.</p>
    </Form>
  );
}
