import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { HISTORY_SIGNALS, parseHistoryCsv } from "../history/history-csv.ts";
import { HOUR_SECONDS } from "../history/history-store.ts";
import { queryPrometheusRange } from "../history/prometheus-range.ts";
import { signalPromql } from "../history/signal-promql.ts";
import { HISTORY_FILE, openSqliteHistory } from "../history/sqlite-history.ts";
import { JOURNAL_FOLDER, openSegmentJournal } from "../journal/segment-journal.ts";
import { valueOf } from "../model/observation.ts";
import type { Policy } from "../model/policy.ts";
import { failure, success } from "../model/result.ts";
import type { Result } from "../model/result.ts";
import type { TargetSnapshot } from "../model/snapshot.ts";
import { readDaemonHistory } from "./daemon-client.ts";

/** Demand that was, ascending: the load per second about each time; NaN where it is not known. */
export interface DemandHistory {
  readonly timesSeconds: Float64Array;
  readonly perSecond: Float64Array;
  /** What `columnsNeeded` names, at the same times. */
  readonly signals: Readonly<Record<string, Float64Array>>;
}

/**
 * What a replay of a policy must know of the past beside the demand: its other signals; the replicas that were ready, where one of them is
 * a mean use; and the backlog, where the demand counts what is served. A backlog that is only read is simulated.
 */
export function columnsNeeded({ extraSignals = [], demandIsServed }: Policy): readonly string[] {
  const measured = extraSignals.filter(({ spec }) => spec !== undefined);
  return [...measured.map(({ name }) => name), ...(measured.some(({ by }) => by === "utilization") ? ["readyReplicas"] : []), ...(demandIsServed === true ? ["backlog"] : [])];
}

export interface HistoryQuestion {
  readonly policy: Policy;
  /** What a server is asked for; files and stores give what they have of it. */
  readonly fromSeconds: number | undefined;
  readonly toSeconds: number;
  /** PromQL; made of the policy's demand signal where absent. */
  readonly query: string | undefined;
  readonly bearerToken: string | undefined;
  /** All targets that are replayed together: a file then has columns such as `api/demand`; those without a target's name are the first's. */
  readonly group?: readonly Policy[];
}

export const HISTORY_HELP = "a CSV file (timestamp,demand[,the policy's other signals by name]; of another target of its group api/demand), a Prometheus address (http://…), a daemon's (daemon:http://…), its data folder, or journal:FOLDER";
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
  const column = (values: Float64Array): Float64Array => Float64Array.from(kept, (row) => values[row] ?? NaN);
  const signals = Object.fromEntries(Object.entries(read.value.signals).map(([name, values]) => [name, column(values)]));
  const empty = Object.entries(signals).find(([, values]) => !values.some((value) => value >= 0));
  if (empty !== undefined) return failure("missing", `${place}: there is no value of ${empty[0]} in the time that is replayed`);
  return success({ timesSeconds: column(read.value.timesSeconds), perSecond: column(read.value.perSecond), signals });
}

function readFrom(place: string, question: HistoryQuestion): Promise<Result<DemandHistory>> {
  if (/^https?:/.test(place)) return fromPrometheus(place, question);
  if (place.startsWith("daemon:")) return fromDaemon(place.slice("daemon:".length), question);
  if (place.startsWith("journal:")) return fromJournal(place.slice("journal:".length), question.policy);
  if (isFolder(place)) return fromDataFolder(place, question.policy);
  return Promise.resolve(fromCsv(place, question));
}

function spanOf({ fromSeconds, toSeconds }: HistoryQuestion): { readonly fromSeconds: number; readonly toSeconds: number } {
  return { fromSeconds: fromSeconds ?? toSeconds - DEFAULT_DAYS * 86_400, toSeconds };
}

async function fromDaemon(address: string, question: HistoryQuestion): Promise<Result<DemandHistory>> {
  const needed = columnsNeeded(question.policy);
  if (needed.length > 0) return failure("missing", `a daemon tells the demand alone, and ${question.policy.name} needs ${needed.join(", ")} too: give --history journal:FOLDER (the daemon may run)`);
  const read = await readDaemonHistory(address, { target: question.policy.name, ...spanOf(question), bearerToken: question.bearerToken });
  return read.ok ? success({ ...read.value, signals: {} }) : read;
}

/** Read once: each target of a group asks for its own columns. */
let standardInput: string | undefined;

function fromCsv(path: string, { policy, group = [policy] }: HistoryQuestion): Result<DemandHistory> {
  let text: string;
  try {
    text = path === "-" ? (standardInput ??= readFileSync(0, "utf8")) : readFileSync(path, "utf8");
  } catch (error) {
    return failure("missing", `${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = parseHistoryCsv(text, group.flatMap((member, at) => ["demand", ...columnsNeeded(member)].flatMap((name) => [...(at === 0 && !HISTORY_SIGNALS.some((known) => known === name) ? [name] : []), `${member.name}/${name}`])));
  if (!parsed.ok) return failure("permanent", parsed.problems.map(({ line, column, message }) => `${path}:${String(line)}:${String(column)}: ${message}`).join("\n"));
  const { timesSeconds, signals, others } = parsed.value;
  const columns: Readonly<Record<string, Float64Array>> = { ...signals, ...others };
  const isFirst = group[0]?.name === policy.name;
  const column = (name: string): Float64Array | undefined => columns[`${policy.name}/${name}`] ?? (isFirst ? columns[name] : undefined);
  const missing = ["demand", ...columnsNeeded(policy)].find((name) => column(name) === undefined);
  if (missing !== undefined) return failure("permanent", `${path}:1: a replay of ${policy.name} needs the column ${isFirst ? missing : `${policy.name}/${missing}`}${missing === "readyReplicas" ? ": a mean use says nothing without the replicas that it is of" : ""}`);
  return success({ timesSeconds, perSecond: column("demand") ?? new Float64Array(), signals: Object.fromEntries(columnsNeeded(policy).map((name) => [name, column(name) ?? new Float64Array()])) });
}

/** A value that a query gives for a time describes the window that ends there: it holds in that window's middle. */
async function fromPrometheus(url: string, question: HistoryQuestion): Promise<Result<DemandHistory>> {
  const { policy, bearerToken } = question;
  const stepSeconds = policy.forecast.stepSeconds;
  const { fromSeconds, toSeconds } = spanOf(question);
  const range = { fromSeconds: Math.ceil(fromSeconds / stepSeconds + 0.5) * stepSeconds, toSeconds: Math.floor(toSeconds / stepSeconds + 0.5) * stepSeconds };
  const query = question.query ?? signalPromql(policy.signals.demand, stepSeconds);
  const ask = (promql: string): ReturnType<typeof queryPrometheusRange> => queryPrometheusRange({ url, query: promql, ...range, stepSeconds, ...(bearerToken !== undefined && { bearerToken }) });
  const rows = await ask(query);
  if (!rows.ok) return failure(rows.failure, `${rows.message}${question.query === undefined ? ` (asked: ${query}; give --query to ask otherwise)` : ""}`);
  const signals: Record<string, Float64Array> = {};
  for (const name of columnsNeeded(policy)) {
    const spec = name === "backlog" ? policy.signals.backlog : policy.extraSignals?.find((signal) => signal.name === name)?.spec;
    if (spec === undefined) return failure("missing", `${policy.name} reads a mean use, and a Prometheus is not asked how many replicas it is of: give a CSV with the column ${name}, or journal:FOLDER`);
    const read = await ask(signalPromql(spec, stepSeconds));
    if (!read.ok) return failure(read.failure, `${name} of ${policy.name}: ${read.message} (asked: ${signalPromql(spec, stepSeconds)})`);
    const valueAt = new Map(Array.from(read.value.timesSeconds, (time, row) => [time, read.value.values[row] ?? NaN]));
    signals[name] = rows.value.timesSeconds.map((time) => valueAt.get(time) ?? NaN);
  }
  return success({ timesSeconds: rows.value.timesSeconds.map((time) => time - stepSeconds / 2), perSecond: rows.value.values, signals });
}

/** The history of a daemon that is stopped; while it runs its file is its own, and the journal beside it is read. */
async function fromDataFolder(folder: string, policy: Policy): Promise<Result<DemandHistory>> {
  const file = join(folder, HISTORY_FILE);
  // The history keeps the demand; what else was seen stands in the journal.
  if (!existsSync(file) || columnsNeeded(policy).length > 0) return fromJournal(folder, policy);
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
    return success({ timesSeconds: Float64Array.from(points.value, ({ timeSeconds }) => timeSeconds + stepSeconds / 2), perSecond: Float64Array.from(points.value, ({ mean }) => mean), signals: {} });
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
  const needed = columnsNeeded(policy);
  const signals: Record<string, number[]> = Object.fromEntries(needed.map((name) => [name, []]));
  try {
    for await (const record of opened.value.read(1)) {
      if (record.type !== "pass") continue;
      const seen = record.pass.snapshot.targets[policy.name];
      const demand = seen?.demand;
      if (seen === undefined || demand?.kind !== "value") continue;
      const middle = demand.timeSeconds - policy.signals.demand.windowSeconds / 2;
      if (middle <= (times.at(-1) ?? -Infinity)) continue;
      times.push(middle);
      values.push(demand.value);
      for (const name of needed) signals[name]?.push(seenOf(seen, name));
    }
  } finally {
    await opened.value.close();
  }
  return times.length === 0 ? failure("missing", `the journal in ${folder} saw no demand of "${policy.name}"`) : success({ timesSeconds: Float64Array.from(times), perSecond: Float64Array.from(values), signals: Object.fromEntries(Object.entries(signals).map(([name, column]) => [name, Float64Array.from(column)])) });
}

function seenOf({ workload, backlog, signals }: TargetSnapshot, name: string): number {
  if (name === "readyReplicas") return workload.kind === "value" ? workload.readyReplicas : NaN;
  return valueOf(name === "backlog" ? backlog : signals?.[name]) ?? NaN;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
