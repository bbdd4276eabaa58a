/** All that is known of the engine or service that was chosen on the map. */
import type { Schemas } from "../../api/client";
import { Facts, Scroll, State } from "../../ui/asked";
import { Panel } from "../../ui/parts";
import { count, duration, percent } from "../../ui/quantities";
import { idOf } from "./map";

export function Detail(props: { told: Schemas["EngineMap"] | null; chosen: string }) {
  const place = props.told?.places.find((each) => idOf(each) === props.chosen);
  if (!place) return <Panel title="Details" area="detail"><p className="empty">Choose one on the map.</p></Panel>;
  const spine = props.told?.rings.find((row) => row.ring === "spine");
  const occupancy = spine && place.behind !== null && place.behind !== undefined ? percent(place.behind / spine.capacity, 2) : "";
  return (
    <Panel title={`${place.name} (${place.tier})`} area="detail">
      <Scroll label="Details">
        <p className="about">{place.does}</p>
        {place.why ? <div className={`note ${place.state === "absent" ? "" : "warn"}`}>{place.why}</div> : null}
        <Facts rows={[
          ["State", <State key="state" of={place.state} />],
          ["Runs", [place.where, place.wait && `waits by ${place.wait}`].filter(Boolean).join(", ")],
          ["Process", place.pid ? String(place.pid) : ""],
          ["Last event", count(place.seq)],
          ["Behind the last event", count(place.behind)],
          ["Of the spine's room", occupancy],
          ["Hop p50", duration(place.hop_p50_ns)],
          ["Hop p99", duration(place.hop_p99_ns)],
          ["Own time p50", duration(place.service_p50_ns)],
          ["Own time p99", duration(place.service_p99_ns)],
          ["Timed events", count(place.timed)],
        ]} />
        {place.tier === "core" ? <p className="about muted">A hop is from when the stage before was done with an event until this one was; one event in 61 is timed, since the core began.</p> : null}
      </Scroll>
    </Panel>
  );
}
