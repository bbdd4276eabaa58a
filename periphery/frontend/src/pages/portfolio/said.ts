/** What an engine of the periphery says now, by its name. */
import { store } from "../../live/store";
import type { Values } from "../../live/table";

export function said(engine: string): Values[] {
  const topic = `engine:${engine}`;
  return [...store.tables.engine.rows.values()].filter((row) => row.topic === topic || row.topic.startsWith(`${topic}:`)).map((row) => row.values);
}

export function asMap(value: unknown): Values | null {
  return value && typeof value === "object" && !Array.isArray(value) ? (value as Values) : null;
}

export function asNumber(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
