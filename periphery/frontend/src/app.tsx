/** The frame round every page: who, what core, how fresh; and the way from page to page. */
import { useEffect, useState } from "react";
import { session } from "./api/session";
import { frames } from "./live/frames";
import { usePaced, useSignal } from "./live/signal";
import { store } from "./live/store";
import { Login } from "./login";
import { type Page, pages } from "./pages";
import { Account } from "./account";
import { capOf, listen, shortcuts, useKeys } from "./ui/keys";
import { Dialog, Toasts } from "./ui/parts";
import { theme } from "./ui/theme";

export function App() {
  useSignal(session.changed);
  useEffect(listen, []);
  const name = session.get()?.name;
  useEffect(() => store.start(), [name]);
  const token = session.token();
  useEffect(() => store.stream.renewed(), [token]);
  return name ? <Shell key={name} /> : <Login />;
}

function Shell() {
  useSignal(store.health);
  const page = usePage();
  const [open, setOpen] = useState<"" | "help" | "account">("");
  useKeys("Everywhere", [
    ...pages.map((each) => ({ key: `Alt+${each.order}`, what: each.title, run: () => go(each), typing: true })),
    { key: "?", what: "these shortcuts", run: () => setOpen("help") },
    { key: "t", what: "dark or light", run: theme.turn },
    { key: "k", what: "kill", run: () => (location.hash = "#/risk?kill") },
  ]);
  const mode = modeOf();
  return (
    <div className={`shell ${mode.toLowerCase()}`}>
      <header className="top">
        <div className={`mode ${mode.toLowerCase()}`} title={MODES[mode]}>{mode === "NONE" ? "NO CORE" : mode}</div>
        <nav className="tabs" aria-label="Pages">
          {pages.map((each) => (
            <a key={each.path} href={`#/${each.path}`} aria-current={each === page ? "page" : undefined} title={`Alt+${each.order}`}>{each.title}</a>
          ))}
        </nav>
        <Status />
        <div className="row" style={{ paddingRight: 8, gap: 2 }}>
          <button type="button" className="icon" onClick={() => setOpen("account")}>{session.get()?.name}</button>
          <button type="button" className="icon" onClick={theme.turn} aria-label="Dark or light">◐</button>
          <button type="button" className="icon" onClick={() => setOpen("help")} aria-label="Shortcuts">?</button>
        </div>
      </header>
      <Banners />
      <main className="page" key={page.path}><page.Component /></main>
      {open === "help" ? <Help close={() => setOpen("")} /> : null}
      {open === "account" ? <Account close={() => setOpen("")} /> : null}
      <Toasts />
    </div>
  );
}

const STATUS_MS = 500;

const MODES = {
  LIVE: "Orders can reach a market.",
  SIM: "Simulated venues: no order can reach a market.",
  NONE: "The core says nothing.",
};

function modeOf(): keyof typeof MODES {
  const live = store.now?.live ?? null;
  return live === null ? "NONE" : live ? "LIVE" : "SIM";
}

function Status() {
  usePaced(store.frame, STATUS_MS);
  useSignal(store.health);
  const { phase } = store.stream;
  const stale = store.stale();
  const tone = phase === "open" && !stale ? "ok" : phase === "lost" || stale ? "down" : "late";
  const p99 = frames.latelyMs(0.99);
  return (
    <div className="status muted">
      {p99 === null ? null : <span title="Of the last minute's updates, 99 of 100 were on the screen within this time after the core's event">on screen p99 {p99.toLocaleString("en")} ms</span>}
      <span title="The core's last event that this page knows">seq {store.stream.seq.toLocaleString("en")}</span>
      <span data-testid="connection"><span className={`dot ${tone}`} />{phase === "open" ? (stale ? "stale" : "live") : phase}</span>
    </div>
  );
}

function Banners() {
  const [, setTick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTick((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  const stale = store.stale();
  const kills = store.now?.kills ?? 0;
  return (
    <div>
      {stale ? <div className="banner stale" role="alert">STALE: {stale}</div> : null}
      {kills ? <div className="banner killed" role="alert">KILLED: {kills} {kills === 1 ? "kill is" : "kills are"} in force: see <a href="#/risk">risk</a></div> : null}
      {store.now?.read_only ? <div className="banner stale">READ-ONLY: the backend changes nothing but kills</div> : null}
    </div>
  );
}

function Help(props: { close: () => void }) {
  return (
    <Dialog title="Shortcuts" wide close={props.close} footer={<button type="button" className="button" data-first onClick={props.close}>Close</button>}>
      <div className="shortcuts">
        {shortcuts().filter((group) => group.name !== "Dialog").map((group) => [
          <h3 key={group.name}>{group.name}</h3>,
          ...group.keys.map((each) => <div key={group.name + each.key}><span>{each.what}</span><kbd>{capOf(each.key)}</kbd></div>),
        ])}
      </div>
    </Dialog>
  );
}

// ---- addresses ---------------------------------------------------------------------------------------------

function go(page: Page): void {
  location.hash = `#/${page.path}`;
}

function usePage(): Page {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const moved = () => setHash(location.hash);
    window.addEventListener("hashchange", moved);
    return () => window.removeEventListener("hashchange", moved);
  }, []);
  const path = hash.replace(/^#\//, "").split("?")[0];
  return pages.find((each) => each.path === path) ?? pages[0]!;
}
