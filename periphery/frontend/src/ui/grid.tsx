/** ag-grid (community) behind a few words: columns of text or numbers, rows by id, changes as transactions. */
import {
  CellStyleModule, ClientSideRowModelApiModule, ClientSideRowModelModule, type ColDef, ColumnApiModule,
  createGrid, EventApiModule, ExternalFilterModule, type GridApi, HighlightChangesModule, ModuleRegistry,
  RenderApiModule, RowApiModule, RowSelectionModule, RowStyleModule,
  ScrollApiModule, themeQuartz, TooltipModule,
} from "ag-grid-community";
import { useEffect, useImperativeHandle, useRef, type Ref } from "react";

ModuleRegistry.registerModules([
  CellStyleModule, ClientSideRowModelApiModule, ClientSideRowModelModule, ColumnApiModule, EventApiModule,
  ExternalFilterModule, HighlightChangesModule, RenderApiModule, RowApiModule, RowSelectionModule, RowStyleModule,
  ScrollApiModule, TooltipModule,
]);

const shared = {
  fontFamily: "inherit", fontSize: 12, headerFontSize: 11, headerFontWeight: 500, rowHeight: 23, headerHeight: 25,
  spacing: 4, cellHorizontalPadding: 7, wrapperBorder: false, wrapperBorderRadius: 0, borderRadius: 2,
  iconSize: 12, headerColumnResizeHandleHeight: "40%", rowBorder: true,
} as const;
const look = themeQuartz
  .withParams({ ...shared, backgroundColor: "#ffffff", foregroundColor: "#1f2933", headerTextColor: "#566373",
    headerBackgroundColor: "#ffffff", borderColor: "#dbe1e8", rowHoverColor: "#f1f4f8", selectedRowBackgroundColor: "#e4eefb",
    accentColor: "#1b5fb8", oddRowBackgroundColor: "#ffffff" }, "light")
  .withParams({ ...shared, backgroundColor: "#11161d", foregroundColor: "#d5dde7", headerTextColor: "#93a1b2",
    headerBackgroundColor: "#11161d", borderColor: "#222b37", rowHoverColor: "#1a212b", selectedRowBackgroundColor: "#16263d",
    accentColor: "#6ea8f0", oddRowBackgroundColor: "#11161d", browserColorScheme: "dark" }, "dark");

export interface Item {
  id: string;
}

/** value: what is sorted and filtered by; show: what is read. tone: a class of style.css. */
export interface Column<T> {
  head: string;
  value: (row: T) => unknown;
  show?: (row: T) => string;
  tone?: (row: T) => string;
  number?: boolean;
  width?: number;
  flex?: number;
  flash?: boolean;
  sort?: "asc" | "desc";
}

export interface GridHandle<T> {
  apply: (change: { add?: T[]; update?: T[]; remove?: T[] }) => void;
  rows: () => T[];
  selected: () => T | null;
  select: (id: string) => void;
  filterAgain: () => void;
  /** The keyboard goes to the chosen row, or to the first. */
  enter: () => void;
  sortBy: (head: string, how: "asc" | "desc" | null) => void;
  sortAfter: (place: ((rows: T[]) => T[]) | null) => void;
}

interface Props<T extends Item> {
  label: string;
  columns: Column<T>[];
  /** Of a grid that isn't told of changes: all of its rows. */
  rows?: T[];
  handle?: Ref<GridHandle<T>>;
  /** Once it is there. What it gives is called at its end. */
  ready?: (grid: GridHandle<T>) => (() => void) | void;
  passes?: (row: T) => boolean;
  quick?: string;
  tone?: (row: T) => string;
  chosen?: (row: T | null) => void;
  opened?: (row: T) => void;
  empty?: string;
}

export function Grid<T extends Item>(props: Props<T>) {
  const box = useRef<HTMLDivElement>(null);
  const grid = useRef<GridApi<T> | null>(null);
  const given = useRef(props);
  given.current = props;
  const handle = useRef<GridHandle<T> | null>(null);
  const wanted = useRef(wordsOf(props.quick));
  const texts = useRef(new WeakMap<T, string>());

  /** Whether a row reads so: its text is put together once, and again only when there is another row. */
  const has = (row: T, words: string[]): boolean => {
    if (!words.length) return true;
    let text = texts.current.get(row);
    if (text === undefined) texts.current.set(row, text = textOf(row, given.current.columns));
    return words.every((word) => text.includes(word));
  };

  useEffect(() => {
    const made = createGrid<T>(box.current!, {
      theme: look,
      columnDefs: props.columns.map(column),
      defaultColDef: { sortable: true, resizable: true, suppressHeaderMenuButton: true, suppressHeaderFilterButton: true },
      rowData: props.rows ?? [],
      getRowId: (params) => params.data.id,
      deltaSort: true,
      animateRows: false,
      suppressColumnMoveAnimation: true,
      rowSelection: { mode: "singleRow", checkboxes: false, enableClickSelection: true },
      getRowClass: (params) => (params.data ? given.current.tone?.(params.data) : undefined),
      isExternalFilterPresent: () => !!given.current.passes || !!wanted.current.length,
      doesExternalFilterPass: (node) => !node.data || ((given.current.passes?.(node.data) ?? true) && has(node.data, wanted.current)),
      onSelectionChanged: (event) => given.current.chosen?.(event.api.getSelectedRows()[0] ?? null),
      onRowDoubleClicked: (event) => event.data && given.current.opened?.(event.data),
      onCellKeyDown: (event) => {
        const key = (event.event as KeyboardEvent | null)?.key;
        if (key === "Enter" && "data" in event && event.data) given.current.opened?.(event.data as T);
      },
      onCellFocused: (event) => {
        const node = event.rowIndex === null ? undefined : event.api.getDisplayedRowAtIndex(event.rowIndex);
        node?.setSelected(true, true);
      },
      overlayNoRowsTemplate: `<span class="muted">${props.empty ?? "nothing"}</span>`,
      tooltipShowDelay: 500,
    });
    grid.current = made;
    named(box.current!, props.label);
    handle.current = makeHandle(made);
    const end = props.ready?.(handle.current);
    return () => {
      end?.();
      grid.current = null;
      made.destroy();
    };
    // One grid as long as the component is there.
  }, []);

  useImperativeHandle(props.handle, () => handle.current!, []);
  useEffect(() => void (props.rows && grid.current?.setGridOption("rowData", props.rows)), [props.rows]);
  useEffect(() => {
    wanted.current = wordsOf(props.quick);
    grid.current?.onFilterChanged();
  }, [props.quick]);
  useEffect(() => grid.current?.onFilterChanged(), [props.passes]);

  return <div className="grid" ref={box} />;
}

function column<T>(told: Column<T>): ColDef<T> {
  const { head, value, show, tone, number } = told;
  return {
    headerName: head,
    colId: head,
    valueGetter: (params) => (params.data ? value(params.data) : undefined),
    valueFormatter: (params) => (params.data && show ? show(params.data) : String(params.value ?? "")),
    equals: () => false,
    comparator: number ? byNumber : byText,
    headerClass: number ? "num" : undefined,
    cellClass: (params) => `${number ? "num " : ""}${(params.data && tone?.(params.data)) || ""}`,
    enableCellChangeFlash: !!told.flash,
    width: told.width,
    flex: told.flex,
    minWidth: 44,
    sort: told.sort,
  };
}

function wordsOf(quick: string | undefined): string[] {
  return (quick ?? "").toLowerCase().split(/\s+/).filter(Boolean);
}

/** What of a row can be found: as it is, and as it is shown. */
function textOf<T>(row: T, columns: Column<T>[]): string {
  return columns.map(({ value, show }) => `${value(row) ?? ""}\n${show ? show(row) : ""}`).join("\n").toLowerCase();
}

function byNumber(a: unknown, b: unknown): number {
  return Number(a ?? Number.NEGATIVE_INFINITY) - Number(b ?? Number.NEGATIVE_INFINITY);
}

function byText(a: unknown, b: unknown): number {
  const [left, right] = [String(a ?? ""), String(b ?? "")];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** A name for those who don't see it. */
function named(box: HTMLElement, label: string): void {
  for (const each of box.querySelectorAll("[role=treegrid], [role=grid]")) each.setAttribute("aria-label", label);
}

function makeHandle<T extends Item>(grid: GridApi<T>): GridHandle<T> {
  return {
    apply: (change) => void grid.applyTransaction(change),
    rows: () => {
      const found: T[] = [];
      grid.forEachNodeAfterFilterAndSort((node) => node.data && found.push(node.data));
      return found;
    },
    selected: () => grid.getSelectedRows()[0] ?? null,
    select: (id) => grid.getRowNode(id)?.setSelected(true, true),
    filterAgain: () => grid.onFilterChanged(),
    enter: () => {
      const row = grid.getSelectedNodes()[0]?.rowIndex ?? 0;
      const [first] = grid.getAllDisplayedColumns();
      if (!first || !grid.getDisplayedRowCount()) return;
      grid.ensureIndexVisible(row);
      grid.setFocusedCell(row, first);
    },
    sortBy: (head, how) => grid.applyColumnState({ state: how ? [{ colId: head, sort: how }] : [], defaultState: { sort: null } }),
    sortAfter: (place) => {
      grid.setGridOption("postSortRows", place ? (params) => {
        const nodes = new Map(params.nodes.map((node) => [node.data!.id, node]));
        const placed = place(params.nodes.map((node) => node.data!)).map((row) => nodes.get(row.id)!);
        params.nodes.splice(0, params.nodes.length, ...placed);
      } : undefined);
      grid.refreshClientSideRowModel("sort");
    },
  };
}
