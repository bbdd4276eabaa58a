/** The map: a band a tier, in the order of the path; in the core's, stages stand where they follow each other. */
import type { Schemas } from "../../api/client";
import { count, duration } from "../../ui/quantities";

export type Place = Schemas["Place"];
const TIERS = ["core", "bridge", "periphery", "infrastructure"] as const;
const SPINE = ["sequencer", "resolve", "risk", "orders", "router", "execution", "positions", "egress"];
const SHORT: Record<string, string> = { infrastructure: "infra" };
const BELOW: Record<string, number> = { journal: 1, gateways: 6, venues: 7 };

export const idOf = (place: Place): string => `${place.tier} ${place.name}`;

export function EngineMap(props: { places: Place[]; chosen: string; choose: (id: string) => void }) {
  return (
    <div className="map">
      {TIERS.map((tier, n) => (
        <section key={tier} className={`tier ${tier}`} aria-label={`Tier ${tier}`}>
          <h3>{n ? <span className="arrow" aria-hidden="true">↓</span> : null}{SHORT[tier] ?? tier}</h3>
          <div className="places">
            {props.places.filter((each) => each.tier === tier).map((each) => (
              <Box key={idOf(each)} place={each} chosen={idOf(each) === props.chosen} choose={() => props.choose(idOf(each))} />
            ))}
          </div>
        </section>
      ))}
    </div>
  );
}

function Box(props: { place: Place; chosen: boolean; choose: () => void }) {
  const { place } = props;
  const at = place.tier === "core" ? placeInCore(place.name) : undefined;
  const follows = place.tier === "core" && SPINE.indexOf(place.name) > 0;
  return (
    <button type="button" className={`place ${place.state}${follows ? " follows" : ""}`} style={at} aria-pressed={props.chosen} title={place.why || place.does}
      data-place={idOf(place)} onClick={props.choose}>
      <span className="name"><span className={`dot ${DOTS[place.state] ?? "late"}`} />{place.name}</span>
      {place.timed ? (
        <span className="figures"><span className="muted">p50</span> {duration(place.hop_p50_ns)}<br /><span className="muted">p99</span> {duration(place.hop_p99_ns)}</span>
      ) : <span className="figures">{place.state}</span>}
      <span className="muted small">{place.where ?? (place.seq ? `seq ${count(place.seq)}` : place.state === "absent" ? "" : place.why || "answers")}{place.behind ? `, ${count(place.behind)} behind` : ""}</span>
    </button>
  );
}

const DOTS: Record<string, string> = { ready: "ok", running: "ok", down: "down", unhealthy: "down", absent: "" };

function placeInCore(name: string): { gridColumn: number; gridRow: number } {
  const at = SPINE.indexOf(name);
  return at >= 0 ? { gridColumn: at + 1, gridRow: 1 } : { gridColumn: BELOW[name] ?? 8, gridRow: 2 };
}
