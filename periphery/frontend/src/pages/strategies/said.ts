/** A line of a strategy's log as it is read: the time, what, and the rest by name. A line of another form stays as it is. */
import { clock } from "../../ui/format";

export function said(line: string): string {
  // Times are whole ns: more digits than a number has.
  const exact = line.replace(/"time_ns":\s*(\d+)/, '"time_ns":"$1"');
  let found: unknown;
  try {
    found = JSON.parse(exact);
  } catch {
    return line;
  }
  if (!found || typeof found !== "object" || Array.isArray(found)) return line;
  const { time_ns: timeNs, message, ...rest } = found as Record<string, unknown>;
  const named = Object.entries(rest).map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  return [timeNs ? clock(timeNs) : "", message ?? "", ...named].filter(Boolean).join("  ");
}
