/** Risk: what is used of each limit, what is exposed, what is killed, and what waits for a second person. */
import { useEffect, useState } from "react";
import type { Page } from "../pages";
import { api, must } from "../api/client";
import { useKeys } from "../ui/keys";
import { useAsked } from "../ui/parts";
import "./risk/risk.css";
import { Approvals } from "./risk/approvals";
import { Exposures } from "./risk/exposures";
import { Equity } from "./risk/equity";
import { Kills, KillDialog } from "./risk/kill";
import { Limits } from "./risk/limits";
import { ValueAtRisk } from "./risk/var";

const ASK_MS = 1000;

function Risk() {
  const risk = useAsked(() => must(api.GET("/limits")), ASK_MS);
  const kills = useAsked(() => must(api.GET("/kills")), ASK_MS);
  const approvals = useAsked(() => must(api.GET("/approvals", { params: { query: { most: 50 } } })), ASK_MS);
  const [killing, setKilling] = useState<string | null>(null); // of which account; empty: to be chosen
  useEffect(() => {
    const asked = () => location.hash.endsWith("?kill") && setKilling("");
    asked();
    window.addEventListener("hashchange", asked);
    return () => window.removeEventListener("hashchange", asked);
  }, []);
  const close = () => {
    setKilling(null);
    if (location.hash.endsWith("?kill")) history.replaceState(null, "", "#/risk");
    kills.again();
  };
  useKeys("Risk", [{ key: "k", what: "kill", run: () => setKilling("") }]);
  return (
    <div className="risk">
      <Limits told={risk.told} problem={risk.problem} again={risk.again} />
      <Exposures told={risk.told} />
      <ValueAtRisk />
      <Equity />
      <Kills told={kills.told} states={risk.told?.states ?? []} again={() => { kills.again(); approvals.again(); }} kill={(account) => setKilling(account ?? "")} />
      <Approvals told={approvals.told} again={() => { approvals.again(); risk.again(); kills.again(); }} />
      {killing !== null ? <KillDialog account={killing} close={close} /> : null}
    </div>
  );
}

export const page: Page = { path: "risk", title: "Risk", order: 2, Component: Risk };
