/** Numbers are decimal text, exact, and stay so: only their digits are grouped. */
import { serverClock } from "../live/clock";

export function grouped(text: unknown): string {
  if (text === null || text === undefined || text === "") return "";
  const [whole = "", fraction] = String(text).split(".");
  const sign = whole.startsWith("-") ? "-" : "";
  const digits = whole.replace("-", "").replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return sign + digits + (fraction ? `.${fraction}` : "");
}

/** With so many digits after the point, cut or filled up: for money and the like. */
export function fixed(text: unknown, digits: number): string {
  if (text === null || text === undefined || text === "") return "";
  const value = Number(text);
  return Number.isFinite(value) ? grouped(unsignedZero(value.toFixed(digits))) : String(text);
}

/** Zero has no sign: -0.00 is 0.00. */
export function unsignedZero(text: string): string {
  return text.replace(/^-(?=[0.,]*$)/, "");
}

/** A price with as many digits as its instrument has. */
export function price(text: unknown, precision: number | undefined): string {
  if (text === null || text === undefined || text === "") return "";
  const [whole = "", fraction = ""] = String(text).split(".");
  const wanted = Math.max(precision ?? 0, fraction.length);
  return grouped(wanted ? `${whole}.${fraction.padEnd(wanted, "0")}` : whole);
}

/** The time of day of ns since 1970. */
export function clock(ns: unknown): string {
  if (!ns || ns === "0") return "";
  const ms = Number(BigInt(String(ns)) / 1_000_000n);
  const at = new Date(ms);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(ms % 1000).padStart(3, "0")}`;
}

export function ago(ns: number | string): string {
  const seconds = serverClock.ageMs(ns) / 1000;
  if (seconds < 90) return `${Math.round(seconds)} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  return `${Math.round(seconds / 3600)} h ago`;
}

export function words(text: unknown): string {
  return text === null || text === undefined ? "" : String(text).replaceAll("_", " ");
}

/** Whole units of 10^-precision: exact sums and comparisons. */
export function units(text: string, precision: number): bigint {
  const [whole = "0", fraction = ""] = text.split(".");
  const sign = whole.startsWith("-") ? -1n : 1n;
  const digits = whole.replace("-", "") + fraction.padEnd(precision, "0").slice(0, precision);
  return sign * BigInt(digits);
}

export function fromUnits(value: bigint, precision: number): string {
  const sign = value < 0n ? "-" : "";
  const digits = (value < 0n ? -value : value).toString().padStart(precision + 1, "0");
  return precision ? `${sign}${digits.slice(0, -precision)}.${digits.slice(-precision)}` : sign + digits;
}
