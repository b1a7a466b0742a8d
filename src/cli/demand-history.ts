import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseHistoryCsv } from "../history/history-csv.ts";
import { HOUR_SECONDS } from "../history/history-store.ts";
import { queryPrometheusRange } from "../history/prometheus-range.ts";
import { signalPromql } from "../history/signal-promql.ts";
import { HISTORY_FILE, openSqliteHistory } from "../history/sqlite-history.ts";
import { JOURNAL_FOLDER, openSegmentJournal } from "../journal/segment-journal.ts";
import type { Policy } from "../model/policy.ts";
import { failure, success } from "../model/result.ts";
import type { Result } from "../model/result.ts";
import { readDaemonHistory } from "./daemon-client.ts";

/** Demand that was, ascending: the load per second about each time; NaN where it is not known. */
export interface DemandHistory {
  readonly timesSeconds: Float64Array;
  readonly perSecond: Float64Array;
}

export interface HistoryQuestion {
  readonly policy: Policy;
  /** What a server is asked for; files and stores give what they have of it. */
  readonly fromSeconds: number | undefined;
  readonly toSeconds: number;
  /** PromQL; made of the policy's demand signal where absent. */
  readonly query: string | undefined;
  readonly bearerToken: string | undefined;
}

export const HISTORY_HELP = "a CSV file (timestamp,demand), a Prometheus address (http://…), a daemon's (daemon:http://…), its data folder, or journal:FOLDER";
const DEFAULT_DAYS = 28;

/** Up to when a place is read where it was not said: a server up to its newest whole step, all else whole. */
export function endOf(place: string, { forecast }: Policy, nowSeconds: number): number {
  return /^(?:https?|daemon):/.test(place) ? nowSeconds - forecast.stepSeconds : Infinity;
}

/** The demand of a policy's target from wherever `--history` points. */
export async function readDemandHistory(place: string, question: HistoryQuestion): Promise<Result<DemandHistory>> {
  const read = await readFrom(place, question);
  if (!read.ok) return read;
  const { fromSeconds = -Infinity, toSeconds } = question;
  const kept = Array.from(read.value.timesSeconds.keys()).filter((row) => (read.value.timesSeconds[row] ?? NaN) >= fromSeconds && (read.value.timesSeconds[row] ?? NaN) <= toSeconds);
  const known = kept.filter((row) => (read.value.perSecond[row] ?? NaN) >= 0).length;
  if (known < 2) return failure("missing", `${place}: a replay needs two values of demand, found ${String(known)}`);
  return success({ timesSeconds: Float64Array.from(kept, (row) => read.value.timesSeconds[row] ?? NaN), perSecond: Float64Array.from(kept, (row) => read.value.perSecond[row] ?? NaN) });
}

function readFrom(place: string, question: HistoryQuestion): Promise<Result<DemandHistory>> {
  if (/^https?:/.test(place)) return fromPrometheus(place, question);
  if (place.startsWith("daemon:")) return readDaemonHistory(place.slice("daemon:".length), { target: question.policy.name, ...spanOf(question), bearerToken: question.bearerToken });
  if (place.startsWith("journal:")) return fromJournal(place.slice("journal:".length), question.policy);
  if (isFolder(place)) return fromDataFolder(place, question.policy);
  return Promise.resolve(fromCsv(place));
}

function spanOf({ fromSeconds, toSeconds }: HistoryQuestion): { readonly fromSeconds: number; readonly toSeconds: number } {
  return { fromSeconds: fromSeconds ?? toSeconds - DEFAULT_DAYS * 86_400, toSeconds };
}

function fromCsv(path: string): Result<DemandHistory> {
  let text: string;
  try {
    text = readFileSync(path === "-" ? 0 : path, "utf8");
  } catch (error) {
    return failure("missing", `${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = parseHistoryCsv(text);
  if (!parsed.ok) return failure("permanent", parsed.problems.map(({ line, column, message }) => `${path}:${String(line)}:${String(column)}: ${message}`).join("\n"));
  const { demand } = parsed.value.signals;
  return demand === undefined ? failure("permanent", `${path}: a replay needs the column demand`) : success({ timesSeconds: parsed.value.timesSeconds, perSecond: demand });
}

/** A value that a query gives for a time describes the window that ends there: it holds in that window's middle. */
async function fromPrometheus(url: string, question: HistoryQuestion): Promise<Result<DemandHistory>> {
  const { policy, bearerToken } = question;
  const stepSeconds = policy.forecast.stepSeconds;
  const { fromSeconds, toSeconds } = spanOf(question);
  const range = { fromSeconds: Math.ceil(fromSeconds / stepSeconds + 0.5) * stepSeconds, toSeconds: Math.floor(toSeconds / stepSeconds + 0.5) * stepSeconds };
  const query = question.query ?? signalPromql(policy.signals.demand, stepSeconds);
  const rows = await queryPrometheusRange({ url, query, ...range, stepSeconds, ...(bearerToken !== undefined && { bearerToken }) });
  if (!rows.ok) return failure(rows.failure, `${rows.message}${question.query === undefined ? ` (asked: ${query}; give --query to ask otherwise)` : ""}`);
  return success({ timesSeconds: rows.value.timesSeconds.map((time) => time - stepSeconds / 2), perSecond: rows.value.values });
}

/** The history of a daemon that is stopped; while it runs its file is its own, and the journal beside it is read. */
async function fromDataFolder(folder: string, policy: Policy): Promise<Result<DemandHistory>> {
  const file = join(folder, HISTORY_FILE);
  if (!existsSync(file)) return fromJournal(folder, policy);
  const opened = await openSqliteHistory(file);
  if (!opened.ok) return opened.failure === "transient" && existsSync(join(folder, JOURNAL_FOLDER)) ? fromJournal(folder, policy) : opened;
  const store = opened.value;
  try {
    const keys = await store.keys();
    if (!keys.ok) return keys;
    const steps = keys.value.filter(({ target, signal }) => target === policy.name && signal === "demand").map(({ stepSeconds }) => stepSeconds).sort((a, b) => a - b);
    const stepSeconds = steps.find((step) => step === policy.forecast.stepSeconds) ?? steps.find((step) => step < HOUR_SECONDS) ?? steps[0];
    if (stepSeconds === undefined) return failure("missing", `${file} holds no demand of "${policy.name}": it knows ${[...new Set(keys.value.map(({ target }) => target))].join(", ") || "no target"}`);
    const points = await store.readPoints({ target: policy.name, signal: "demand", stepSeconds }, 0, Number.MAX_SAFE_INTEGER);
    if (!points.ok) return points;
    return success({ timesSeconds: Float64Array.from(points.value, ({ timeSeconds }) => timeSeconds + stepSeconds / 2), perSecond: Float64Array.from(points.value, ({ mean }) => mean) });
  } finally {
    await store.close();
  }
}

/** What the passes of a journal saw; the daemon may run. */
async function fromJournal(folder: string, policy: Policy): Promise<Result<DemandHistory>> {
  const path = existsSync(join(folder, JOURNAL_FOLDER)) ? join(folder, JOURNAL_FOLDER) : folder;
  if (!isFolder(path)) return failure("missing", `there is no journal in ${folder}`);
  const opened = await openSegmentJournal(path, { readOnly: true });
  if (!opened.ok) return opened;
  const times: number[] = [];
  const values: number[] = [];
  try {
    for await (const record of opened.value.read(1)) {
      if (record.type !== "pass") continue;
      const demand = record.pass.snapshot.targets[policy.name]?.demand;
      if (demand?.kind !== "value") continue;
      const middle = demand.timeSeconds - policy.signals.demand.windowSeconds / 2;
      if (middle <= (times.at(-1) ?? -Infinity)) continue;
      times.push(middle);
      values.push(demand.value);
    }
  } finally {
    await opened.value.close();
  }
  return times.length === 0 ? failure("missing", `the journal in ${folder} saw no demand of "${policy.name}"`) : success({ timesSeconds: Float64Array.from(times), perSecond: Float64Array.from(values) });
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
