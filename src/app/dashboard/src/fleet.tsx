import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { listed, ORDERS, type Listed, type Order } from "./attention.ts";
import { words } from "./format.ts";
import type { Target } from "./wire-types.ts";

/** Rows of one height: only those in sight are in the document, however many targets there are. */
const ROW_PIXELS = 52;
const SPARE_ROWS = 6;
const ORDER_WORDS: Readonly<Record<Order, string>> = { attention: "Attention", name: "Name", cost: "Cost" };
const MOVES: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8, Home: -Infinity, End: Infinity };

interface FleetProps {
  readonly targets: readonly Target[];
  readonly selected: string;
}

/** All targets, what needs attention first: searched by typing, walked through by the arrow keys, opened by a link of its own. */
export function Fleet({ targets, selected }: FleetProps) {
  const [search, setSearch] = useState("");
  const [order, setOrder] = useState<Order>("attention");
  const rows = useMemo(() => listed(targets, search, order), [targets, search, order]);
  const urgent = useMemo(() => rows.filter(({ attention }) => attention.rank > 0).length, [rows]);
  return (
    <nav class="fleet card" aria-labelledby="fleet-title">
      <header><h2 id="fleet-title">Fleet</h2><span class="muted" role="status">{urgent === 0 ? `${String(rows.length)}, all calm` : `${String(urgent)} of ${String(rows.length)} need attention`}</span></header>
      <div class="fleet-tools">
        <input type="search" aria-label="Search name, group or label" placeholder="Search" value={search} onInput={(event) => { setSearch(event.currentTarget.value); }} />
        <select aria-label="Order" value={order} onChange={(event) => { setOrder(event.currentTarget.value as Order); }}>
          {ORDERS.map((one) => <option key={one} value={one}>{ORDER_WORDS[one]}</option>)}
        </select>
      </div>
      {rows.length === 0 ? <p class="empty">Nothing is called that.</p> : <Rows rows={rows} selected={selected} />}
    </nav>
  );
}

function Rows({ rows, selected }: { readonly rows: readonly Listed[]; readonly selected: string }) {
  const list = useRef<HTMLUListElement>(null);
  const [top, setTop] = useState(0);
  const [, setMoves] = useState(0);
  const [height, setHeight] = useState(600);
  const focusNext = useRef<number | undefined>(undefined);
  useEffect(() => { setHeight(list.current?.clientHeight ?? 600); }, []);
  useEffect(() => {
    if (focusNext.current === undefined) return;
    const link = list.current?.querySelector<HTMLAnchorElement>(`[data-row="${String(focusNext.current)}"]`);
    if (link !== null && link !== undefined) { link.focus({ preventScroll: true }); focusNext.current = undefined; }
  });
  const first = Math.max(0, Math.floor(top / ROW_PIXELS) - SPARE_ROWS);
  const last = Math.min(rows.length, Math.ceil((top + height) / ROW_PIXELS) + SPARE_ROWS);
  const move = (event: KeyboardEvent): void => {
    const by = MOVES[event.key];
    const from = focusNext.current ?? Number((event.target as HTMLElement).dataset["row"] ?? NaN);
    const element = list.current;
    if (by === undefined || Number.isNaN(from) || element === null) return;
    event.preventDefault();
    const to = Math.max(0, Math.min(rows.length - 1, from + by));
    focusNext.current = to;
    element.scrollTop = Math.min(to * ROW_PIXELS, Math.max(element.scrollTop, (to + 1) * ROW_PIXELS - element.clientHeight));
    setTop(element.scrollTop);
    setMoves((before) => before + 1);
    // A row that is not drawn yet gets the focus when it is; until then the list holds it, so that no key is lost.
    element.focus({ preventScroll: true });
  };
  return (
    <ul class="fleet-rows" ref={list} tabIndex={-1} onKeyDown={move} onScroll={(event) => { setTop(event.currentTarget.scrollTop); }}>
      <li class="fill" style={{ height: `${String(first * ROW_PIXELS)}px` }} aria-hidden="true" />
      {rows.slice(first, last).map((row, i) => <Row key={row.target.target} row={row} index={first + i} of={rows.length} isSelected={row.target.target === selected} />)}
      <li class="fill" style={{ height: `${String((rows.length - last) * ROW_PIXELS)}px` }} aria-hidden="true" />
    </ul>
  );
}

interface RowProps {
  readonly row: Listed;
  readonly index: number;
  readonly of: number;
  readonly isSelected: boolean;
}

function Row({ row: { target, attention }, index, of, isSelected }: RowProps) {
  const { ready, desired } = target.replicas;
  return (
    <li aria-setsize={of} aria-posinset={index + 1}>
      <a href={`#${encodeURIComponent(target.target)}`} data-row={index} aria-current={isSelected ? "true" : undefined}>
        <i class={`dot ${attention.tone}`} aria-hidden="true" />
        <span class="fleet-name">{target.target}</span>
        <span class="number">{ready === undefined ? "–" : String(ready)}{desired === undefined || desired === ready ? "" : ` → ${String(desired)}`}</span>
        <span class={`fleet-why ${attention.rank === 0 ? "muted" : attention.tone}`}>{attention.rank === 0 ? words(target.mode) : attention.why}</span>
      </a>
    </li>
  );
}
