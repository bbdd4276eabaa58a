/** Times, parts and costs as people read them: of floats, for the eye alone. */
import { unsignedZero } from "./format";

type Number_ = number | null | undefined;

/** ns in the unit that leaves one to three digits before the point. */
export function duration(ns: Number_): string {
  if (ns === null || ns === undefined) return "";
  if (ns < 1000) return `${ns} ns`;
  if (ns < 1e6) return `${short(ns / 1e3)} µs`;
  if (ns < 1e9) return `${short(ns / 1e6)} ms`;
  if (ns < 120e9) return `${short(ns / 1e9)} s`;
  if (ns < 7200e9) return `${Math.floor(ns / 60e9)} min`;
  return `${Math.floor(ns / 3600e9)} h`;
}

function short(value: number): string {
  return value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0);
}

export function digits(value: Number_, places = 2): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "";
  return unsignedZero(value.toLocaleString("en", { minimumFractionDigits: places, maximumFractionDigits: places }));
}

/** A part of 1, in percent. */
export function percent(part: Number_, places = 1): string {
  const text = digits(part === null || part === undefined ? null : part * 100, places);
  return text && `${text} %`;
}

export function count(value: Number_): string {
  return value === null || value === undefined ? "" : value.toLocaleString("en");
}

/** Day and time of ns since 1970, in the zone of who looks. */
export function when(ns: Number_): string {
  if (!ns) return "";
  const at = new Date(ns / 1e6);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** A cost: what is above 0 was paid. */
export function costTone(value: Number_): string {
  return !value ? "" : value > 0 ? "sell" : "good";
}

/** A gain: what is below 0 was lost. */
export function gainTone(value: Number_): string {
  return !value ? "" : value > 0 ? "good" : "sell";
}
