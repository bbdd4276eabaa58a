/** Engines: where each engine and service runs, how it is, how fast, what waits before it, what was lost. */
import { useState } from "react";
import type { Page } from "../pages";
import { api, must, type Schemas } from "../api/client";
import { useSignal } from "../live/signal";
import { store } from "../live/store";
import { Scroll, Trouble } from "../ui/asked";
import { choosing, useKeys } from "../ui/keys";
import { Panel, useAsked } from "../ui/parts";
import { count, duration } from "../ui/quantities";
import "./engines/engines.css";
import { EngineMap, idOf } from "./engines/map";
import { Detail } from "./engines/detail";

const ASK_MS = 1000;

function Engines() {
  const map = useAsked(() => must(api.GET("/engines/map")), ASK_MS);
  const [chosen, setChosen] = useState("core sequencer");
  const places = map.told?.places ?? [];
  useKeys("Engines", choosing("the engine", places.map(idOf), chosen, setChosen));
  const there = places.filter((each) => each.state !== "absent");
  const well = there.filter((each) => each.state === "ready" || each.state === "running");
  return (
    <div className="engines">
      <Panel title="Core → bridge → periphery → infrastructure" area="map" tools={
        <>
          <span className="muted">{count(well.length)} of {count(there.length)} well, {count(places.length - there.length)} not configured</span>
          <span className="grow" />
          <Head told={map.told} />
        </>
      }>
        <Trouble of={map} />
        {map.told?.core ? <div className="note bad" role="alert">No core: {map.told.core}. What is beside it is asked all the same.</div> : null}
        <Scroll label="Map"><EngineMap places={places} chosen={chosen} choose={setChosen} /></Scroll>
      </Panel>
      <Detail told={map.told} chosen={chosen} />
      <Rings rows={map.told?.rings ?? []} />
      <Gaps told={map.told} />
    </div>
  );
}

function Head(props: { told: Schemas["EngineMap"] | null }) {
  const { told } = props;
  if (!told || told.seq === null || told.seq === undefined) return null;
  return (
    <span className="muted">
      placement <strong>{told.placement}</strong> · seq <strong data-testid="map-seq">{count(told.seq)}</strong> · {count(told.events_per_s)} events/s · up {duration(told.uptime_ns)}
    </span>
  );
}

function Rings(props: { rows: Schemas["RingUse"][] }) {
  return (
    <Panel title="Rings" area="rings">
      <Scroll label="Rings">
        <table className="plain" aria-label="Rings">
          <thead><tr><th>Ring</th><th>Taken by</th><th style={{ width: "26%" }}>Occupancy</th><th className="num">Used</th><th className="num">Slots</th><th className="num">Found full</th></tr></thead>
          <tbody>
            {props.rows.map((row) => (
              <tr key={row.ring}>
                <td>{row.ring}</td><td className="muted">{row.taken_by}</td>
                <td><Meter part={row.used / Math.max(row.capacity, 1)} label={`Occupancy of ${row.ring}`} /></td>
                <td className="num">{count(row.used)}</td><td className="num muted">{count(row.capacity)}</td>
                <td className={`num ${row.full ? "warn" : "muted"}`}>{count(row.full)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {props.rows.length ? null : <p className="empty">Rings are read from the memory of a core on this host; none is there.</p>}
      </Scroll>
    </Panel>
  );
}

function Meter(props: { part: number; label: string }) {
  const shown = Math.min(Math.max(props.part * 100, 0), 100);
  return <div className="meter" role="meter" aria-label={props.label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(shown)}><i style={{ width: `${shown}%` }} /></div>;
}

function Gaps(props: { told: Schemas["EngineMap"] | null }) {
  useSignal(store.health);
  const { told } = props;
  const rows: [string, number | null | undefined, string][] = [
    ["Journal: not recorded yet", told?.unrecorded, "events"],
    ["Journal: not on the disk yet", told?.undurable, "events"],
    ["Inputs that came again, dropped", told?.repeated, "inputs"],
    ["Processes brought back", told?.restarts, "times"],
    ["This page: changes that were lost on the way, asked for again", store.stream.counts.lost, "changes"],
  ];
  return (
    <Panel title="Gaps" area="gaps">
      <Scroll label="Gaps">
        <table className="plain" aria-label="Gaps">
          <tbody>{rows.map(([name, value, unit]) => <tr key={name}><td className="wrap">{name}</td><td className={`num ${value ? "strong" : ""}`}>{count(value)}</td><td className="muted">{unit}</td></tr>)}</tbody>
        </table>
        <table className="plain" aria-label="Sessions">
          <thead><tr><th>Session</th><th className="num">Waiting</th><th className="num">Room</th><th className="num">Asked</th><th className="num">Told</th><th className="num">Full</th><th className="num" title="Answers that were overwritten before the session read them">Lost</th></tr></thead>
          <tbody>
            {(told?.sessions ?? []).map((row) => (
              <tr key={row.name}>
                <td>{row.name}</td><td className="num">{count(row.waiting)}</td><td className="num muted">{count(row.capacity)}</td>
                <td className="num">{count(row.requests)}</td><td className="num">{count(row.responses)}</td>
                <td className={`num ${row.busy ? "warn" : "muted"}`}>{count(row.busy)}</td><td className={`num ${row.lapped ? "bad" : "muted"}`}>{count(row.lapped)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </Panel>
  );
}

export const page: Page = { path: "engines", title: "Engines", order: 3, Component: Engines };
