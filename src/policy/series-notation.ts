/** A value, or why there is none: `absent` where nothing was measured, `stale` where the measuring has stopped. */
export type NotedValue = number | "absent" | "stale";

export type NotedSeries = { readonly ok: true; readonly values: readonly NotedValue[] } | { readonly ok: false; readonly message: string };

const NUMBER = "[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?";
const VALUE = new RegExp(`^(${NUMBER})(?:(?:([+-])((?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?))?x(\\d+))?$`);
const GAP = /^_(?:x(\d+))?$/;
const MOST_VALUES = 1_000_000;

/**
 * Reads a series as promtool writes it: values by spaces; `a+bxn` is a, a+b, …, a+n·b; `axn` is a and n more of it; `_` a gap, `_xn` n of
 * them; `stale` a metric that has stopped. Source: Prometheus, "Unit testing for rules", series notation.
 * Example: `100x2 100+10x3 _ stale` → 100 100 100 100 110 120 130, a gap, stale.
 */
export function readSeriesNotation(text: string): NotedSeries {
  const values: NotedValue[] = [];
  for (const item of text.trim().split(/\s+/)) {
    const gap = GAP.exec(item);
    const value = VALUE.exec(item);
    const times = Number((gap?.[1] ?? value?.[4] ?? "0"));
    if (values.length + times > MOST_VALUES) return { ok: false, message: `has more than ${String(MOST_VALUES)} values` };
    if (item === "stale") values.push("stale");
    else if (gap !== null) for (let i = 0; i < Math.max(1, times); i += 1) values.push("absent");
    else if (value !== null) for (let i = 0; i <= times; i += 1) values.push(Number(value[1]) + (value[2] === "-" ? -1 : 1) * Number(value[3] ?? 0) * i);
    else return { ok: false, message: item === "" ? "is empty" : `${JSON.stringify(item)} is no item of a series` };
  }
  return { ok: true, values };
}
