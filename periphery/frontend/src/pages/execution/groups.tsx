/** Costs by venue, algorithm, strategy, account or symbol; of a venue also how it is. */
import type { Schemas } from "../../api/client";
import { Scroll, State } from "../../ui/asked";
import { costTone, count, digits, gainTone, percent } from "../../ui/quantities";

export const KEYS = ["venue", "algo", "strategy", "account", "symbol"] as const;
export type Key = (typeof KEYS)[number];
export type Figures = Record<string, number | string | null> & { currency: string };

const MARKOUTS = ["100ms", "1s", "1min", "5min"] as const;

export function Group(props: { by: Key; rows: Figures[]; venues: Schemas["VenueNow"][] }) {
  const ofVenue = props.by === "venue";
  const quiet = ofVenue ? props.venues.filter((each) => !each.symbol && !props.rows.some((row) => row.venue === each.venue)) : [];
  const number = (row: Figures, name: string) => row[name] as number | null | undefined;
  return (
    <Scroll label={`Costs by ${props.by}`}>
      <table className="plain" aria-label={`Costs by ${props.by}`}>
        <thead><tr>
          <th>{props.by[0]!.toUpperCase() + props.by.slice(1)}</th>{ofVenue ? <th>State</th> : null}<th>Currency</th><th className="num">Orders</th><th className="num">Children</th><th className="num">Fills</th>
          <th className="num">Filled</th><th className="num">Rejected</th><th className="num">Canceled</th><th className="num">Ack p50, µs</th><th className="num">Arrival</th>
          {ofVenue ? <th className="num">Eff. spread</th> : <th className="num">Shortfall</th>}<th className="num">Fees</th>
          {MARKOUTS.map((each) => <th key={each} className="num">Markout {each}</th>)}
        </tr></thead>
        <tbody>
          {props.rows.map((row) => (
            <tr key={`${row[props.by]} ${row.currency}`}>
              <td className="strong">{String(row[props.by])}</td>
              {ofVenue ? <td><State of={stateOf(props.venues, String(row.venue))} /></td> : null}
              <td className="muted">{row.currency}</td>
              <td className="num">{count(number(row, "orders"))}</td><td className="num">{count(number(row, "children"))}</td><td className="num">{count(number(row, "fills"))}</td>
              <td className="num">{percent(number(row, "fill_rate"))}</td>
              <td className={`num ${number(row, "reject_ratio") ? "warn" : ""}`}>{percent(number(row, "reject_ratio"))}</td>
              <td className="num">{percent(number(row, "cancel_ratio"))}</td>
              <td className="num">{digits(number(row, "ack_p50_us"), 0)}</td>
              <td className={`num ${costTone(number(row, "arrival_bps"))}`}>{digits(number(row, "arrival_bps"))}</td>
              <td className="num">{digits(number(row, ofVenue ? "effective_spread_bps" : "shortfall_bps"))}</td>
              <td className="num">{digits(number(row, "fees_bps"))}</td>
              {MARKOUTS.map((each) => <td key={each} className={`num ${gainTone(number(row, `markout_${each}_bps`))}`}>{digits(number(row, `markout_${each}_bps`))}</td>)}
            </tr>
          ))}
          {quiet.map((each) => <tr key={each.venue}><td className="strong">{each.venue}</td><td><State of={each.state} /></td><td className="muted" colSpan={14}>nothing was sent to it</td></tr>)}
        </tbody>
      </table>
      {props.rows.length || quiet.length ? null : <p className="empty">Nothing was sent yet.</p>}
    </Scroll>
  );
}

/** Of the venue; where only some of its instruments are not up, these. */
function stateOf(venues: Schemas["VenueNow"][], name: string): string {
  const own = venues.filter((each) => each.venue === name);
  const whole = own.find((each) => !each.symbol)?.state ?? "up";
  const others = own.filter((each) => each.symbol && each.state !== whole);
  return others.length ? `${whole}; ${others.map((each) => `${each.symbol} ${each.state}`).join(", ")}` : whole;
}
