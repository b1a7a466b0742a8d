import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const DATA = join(process.env["FORETIDE_DATA"] ?? join(ROOT, "../shared/data"), "forecast");

/** A history to forecast from and what came after it. Seasons count rows. */
export interface Task {
  readonly series: string;
  readonly stepSeconds: number;
  readonly seasons: readonly number[];
  readonly history: Float64Array;
  readonly actual: Float64Array;
}

interface OriginsEntry {
  readonly series: string;
  readonly stepSeconds: number;
  readonly seasons: readonly number[];
  readonly horizon: number;
  readonly history: number;
  readonly origins: readonly number[];
}

/** M4 Hourly: 414 series, the last 48 values held out by the competition. `every` takes one series in so many. */
export function m4Test(every: number): Task[] {
  return m4Lines(every).map(({ id, y, test }) => m4Task(id, Float64Array.from(y), Float64Array.from(test)));
}

/** The same, with 48 training values held out instead, the last of them `before` rows before the end: for choosing settings without the test values. */
export function m4Validation(every: number, before = 0): Task[] {
  return m4Lines(every).map(({ id, y }) => {
    const end = y.length - before;
    return m4Task(id, Float64Array.from(y.slice(0, end - 48)), Float64Array.from(y.slice(end - 48, end)));
  });
}

/** The open set at its origins. `every` takes one series in so many, `origins` at most so many of each. */
export function openSet(every: number, origins: number): Task[] {
  return openEntries(every).flatMap(({ series, stepSeconds, seasons, horizon, history, origins: all }) => {
    const values = readValues(series);
    const stride = Math.max(1, Math.floor(all.length / origins));
    return all
      .filter((_, index) => index % stride === 0)
      .map((origin) => ({
        series,
        stepSeconds,
        seasons,
        history: values.slice(Math.max(0, origin - history), origin),
        actual: values.slice(origin, origin + horizon),
      }));
  });
}

/** The five-minute series of the open set, whole: their newest 12,000 rows. */
export function streamingSet(every: number): { readonly series: string; readonly values: Float64Array }[] {
  return openEntries(every)
    .filter(({ stepSeconds }) => stepSeconds === 300)
    .map(({ series }) => ({ series, values: readValues(series).slice(-12_000) }));
}

function m4Task(series: string, history: Float64Array, actual: Float64Array): Task {
  return { series, stepSeconds: 3600, seasons: [24, 168], history, actual };
}

function m4Lines(every: number): { id: string; y: number[]; test: number[] }[] {
  const lines = readFileSync(join(DATA, "m4_hourly.jsonl"), "utf8").trim().split("\n");
  return lines.filter((_, index) => index % every === 0).map((line) => JSON.parse(line) as { id: string; y: number[]; test: number[] });
}

function openEntries(every: number): OriginsEntry[] {
  const entries = JSON.parse(readFileSync(join(DATA, "origins.json"), "utf8")) as OriginsEntry[];
  return entries.filter((_, index) => index % every === 0);
}

function readValues(series: string): Float64Array {
  const lines = readFileSync(join(DATA, `${series}.csv`), "utf8").trim().split("\n").slice(1);
  return Float64Array.from(lines, (line) => Number(line.slice(line.lastIndexOf(",") + 1) || NaN));
}
