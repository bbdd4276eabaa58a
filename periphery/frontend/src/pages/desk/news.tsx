/** Fills, and what risk denied: the newest first. */
import { useEffect, useState } from "react";
import { store, type Kind } from "../../live/store";
import type { Row } from "../../live/table";
import { clock, grouped, price, words } from "../../ui/format";
import { type Column, Grid, type GridHandle } from "../../ui/grid";
import { precisionOf } from "./blotter";

interface News {
  id: string;
  row: Row;
}

const text = (name: string) => (news: News) => news.row.values[name];
const sideOf = (news: News) => (String(news.row.values.qty).startsWith("-") ? "sell" : "buy");

const FILLS: Column<News>[] = [
  { head: "Time", value: (news) => news.row.seq, show: (news) => clock(news.row.timeNs), width: 96, number: true, sort: "desc" },
  { head: "Account", value: text("account"), width: 82 },
  { head: "Symbol", value: text("symbol"), width: 88 },
  { head: "Side", value: sideOf, tone: sideOf, width: 56 },
  { head: "Qty", value: text("qty"), show: (news) => grouped(String(news.row.values.qty).replace("-", "")), number: true, width: 96 },
  { head: "Price", value: text("px"), show: (news) => price(news.row.values.px, precisionOf(news.row.values.symbol)), number: true, width: 96 },
  { head: "Fee", value: text("fee"), show: (news) => grouped(news.row.values.fee), number: true, width: 90 },
  { head: "Currency", value: text("currency"), width: 74 },
  { head: "Venue", value: text("venue"), width: 80 },
  { head: "Liquidity", value: text("liquidity"), width: 80 },
  { head: "Kind", value: text("exec_type"), show: (news) => words(news.row.values.exec_type), width: 90 },
  { head: "Execution", value: text("exec_id"), width: 140, flex: 1, tone: () => "muted" },
];

const DENIALS: Column<News>[] = [
  { head: "Time", value: (news) => news.row.seq, show: (news) => clock(news.row.timeNs), width: 96, number: true, sort: "desc" },
  { head: "Account", value: text("account"), width: 82 },
  { head: "Request", value: text("request"), width: 80 },
  { head: "Reason", value: text("reason"), show: (news) => words(news.row.values.reason), tone: () => "bad", width: 170 },
  { head: "Limit", value: text("limit_value"), show: (news) => grouped(news.row.values.limit_value), number: true, width: 110 },
  { head: "Would be", value: text("value"), show: (news) => grouped(news.row.values.value), number: true, width: 110 },
  { head: "Scope", value: (news) => scopeOf(news.row.values.scope), width: 170 },
  { head: "In words", value: text("words"), width: 200, flex: 1 },
  { head: "Id", value: text("cl_ord_id"), width: 190, tone: () => "muted" },
];

export function scopeOf(scope: unknown): string {
  if (!scope || typeof scope !== "object") return typeof scope === "string" ? scope : "";
  return Object.entries(scope).map(([what, name]) => `${what} ${name}`).join(", ");
}

function useNews(kind: Kind): (grid: GridHandle<News>) => () => void {
  const items = (rows: Row[]) => rows.map((row) => ({ id: `${row.topic} ${row.key}`, row }));
  return (grid) => {
    grid.apply({ add: items([...store.tables[kind].rows.values()]) });
    return store.tables[kind].follow((delta) => grid.apply({ add: items(delta.add), update: items(delta.update), remove: items(delta.remove) }));
  };
}

export function Fills(props: { quick: string }) {
  return <Grid<News> label="Fills" columns={FILLS} ready={useNews("fills")} quick={props.quick} empty="no fills" />;
}

export function Denials(props: { quick: string }) {
  return <Grid<News> label="Denials" columns={DENIALS} ready={useNews("denials")} quick={props.quick} empty="nothing was denied" />;
}

/** The newest news of a kind; renders again when there is another. */
export function useNewest(kind: Kind): Row | null {
  const [newest, setNewest] = useState<Row | null>(null);
  useEffect(() => store.tables[kind].follow((delta) => delta.add.length && setNewest(delta.add[delta.add.length - 1]!)), [kind]);
  return newest;
}
