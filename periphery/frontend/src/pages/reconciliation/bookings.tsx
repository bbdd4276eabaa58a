/** Bookings that somebody asked for: a second person decides. */
import { api, must, problemOf, type Schemas } from "../../api/client";
import { session } from "../../api/session";
import { Scroll, State, Trouble } from "../../ui/asked";
import { grouped } from "../../ui/format";
import { useKeys } from "../../ui/keys";
import { Panel, toast } from "../../ui/parts";
import { when } from "../../ui/quantities";

type Fill = { account: string; symbol: string; qty: string; price: string; venue: string };

export function Bookings(props: { told: Schemas["Approvals"] | null; of: { told: unknown; problem: unknown }; again: () => void }) {
  const rows = (props.told?.approvals ?? []).filter((row) => row.kind === "book");
  const me = session.get()?.name;
  const decide = async (id: number, yes: boolean) => {
    const params = { path: { approval_id: id } };
    try {
      if (yes) await must(api.POST("/approvals/{approval_id}/approve", { params, body: {} }));
      else await must(api.POST("/approvals/{approval_id}/reject", { params }));
      toast("good", yes ? "It is booked: the next comparison shows whether it agrees" : "It isn't booked");
    } catch (error) {
      const { message, hint } = problemOf(error);
      toast("bad", `${message}${hint ? `: ${hint}` : ""}`);
    }
    props.again();
  };
  const waits = rows.find((row) => row.state === "pending" && row.by !== me);
  useKeys("Bookings", [{ key: "a", what: "approve the first that waits for you", run: () => session.may("risk") && waits && void decide(waits.id, true) }]);
  return (
    <Panel title="Bookings" area="bookings">
      <Trouble of={props.of} />
      <Scroll label="Bookings">
        <table className="plain" aria-label="Bookings">
          <thead><tr><th>Asked for</th><th>By</th><th>Account</th><th>Symbol</th><th className="num">Quantity</th><th className="num">Price</th><th>Venue</th><th>Why</th><th>State</th><th>Second</th><th><span className="visually-hidden">Decide</span></th></tr></thead>
          <tbody>
            {rows.map((row) => {
              const fill = row.request.fill as Fill;
              return (
                <tr key={row.id}>
                  <td className="muted">{when(row.made_ns)}</td><td>{row.by}</td><td>{fill.account}</td><td className="strong">{fill.symbol}</td>
                  <td className={`num ${fill.qty.startsWith("-") ? "sell" : "buy"}`}>{grouped(fill.qty)}</td><td className="num">{grouped(fill.price)}</td><td>{fill.venue}</td>
                  <td className="wrap">{row.why}</td><td><State of={row.state} /></td><td>{row.second}</td>
                  <td>{row.state === "pending" && session.may("risk") ? (
                    <div className="row">
                      <button type="button" className="button small primary" disabled={row.by === me} title={row.by === me ? "a second person approves" : ""} onClick={() => void decide(row.id, true)}>Approve</button>
                      <button type="button" className="button small" onClick={() => void decide(row.id, false)}>{row.by === me ? "Take back" : "Reject"}</button>
                    </div>
                  ) : null}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
        {rows.length ? null : <p className="empty">No booking was asked for. A break's difference is booked as a fill, once a second person approves.</p>}
      </Scroll>
    </Panel>
  );
}
