import type { HistoryPoint } from "../../../history/history-store.ts";
import { missing, type Observation } from "../../../model/observation.ts";
import type { SignalSpec } from "../../../model/policy.ts";
import type { SeriesTable } from "../series/series-table.ts";
import { extractWindow } from "./extract.ts";
import { MetricSignal } from "./metric-signal.ts";
import { StepCutter } from "./step-cutter.ts";

/** How many read values each signal keeps for those who look on (the page). */
const RECENT_VALUES = 120;
/** Above this share of conflicting series the signal as a whole is not believed. */
const MAX_CONFLICT_SHARE = 0.1;

/** A value as it was read. */
export interface ReadValue {
  readonly timeSeconds: number;
  readonly value: number;
}

/**
 * Reads policies' signals from the series that arrive: the newest value, and the history step by step. Work per call grows
 * with the series that a signal reads and the samples in its window, never with the history.
 */
export class SignalReader {
  readonly #table: SeriesTable;
  readonly #signals = new Map<string, WatchedSignal>();

  constructor(table: SeriesTable) {
    this.#table = table;
  }

  /** Read these signals from now on and no others. Those that stay keep their samples. */
  retain(specs: readonly SignalSpec[]): void {
    const keys = new Set(specs.map(signalKey));
    for (const [key, signal] of this.#signals) {
      if (keys.has(key)) continue;
      for (const name of signal.names) this.#table.unwatch(name);
      this.#signals.delete(key);
    }
    for (const spec of specs) this.#watched(spec);
  }

  /** The newest value of a signal, or why there is none. A signal that is new to the reader is watched from here on. */
  read(spec: SignalSpec, nowSeconds: number): Observation {
    const signal = this.#watched(spec);
    const observation = readNewest(signal, nowSeconds, this.#table);
    if (observation.kind === "value" && signal.recent.at(-1)?.timeSeconds !== observation.timeSeconds) {
      signal.recent.push({ timeSeconds: observation.timeSeconds, value: observation.value });
      if (signal.recent.length > RECENT_VALUES) signal.recent.shift();
    }
    return observation;
  }

  /** The last values that `read` gave, oldest first. */
  recent(spec: SignalSpec): readonly ReadValue[] {
    return this.#watched(spec).recent;
  }

  /**
   * The grid steps of a signal that have been completed since the last call with this step, oldest first. A step is complete
   * when every live series has passed its end, or two intervals later; one without any data gives no point.
   */
  takeSteps(spec: SignalSpec, stepSeconds: number, nowSeconds: number): readonly HistoryPoint[] {
    const signal = this.#watched(spec);
    let cutter = signal.cutters.get(stepSeconds);
    if (cutter === undefined) {
      signal.cutters.set(stepSeconds, (cutter = new StepCutter(stepSeconds)));
      for (const name of signal.names) name.retentionSeconds = Math.max(name.retentionSeconds, 3 * stepSeconds, spec.windowSeconds);
    }
    return cutter.take(current(signal, nowSeconds), nowSeconds, this.#table.bounds);
  }

  #watched(spec: SignalSpec): WatchedSignal {
    const key = signalKey(spec);
    let signal = this.#signals.get(key);
    if (signal === undefined) {
      const own = { metric: spec.metric, unit: spec.unit, scale: 1 };
      signal = { names: [own, ...(spec.alternatives ?? [])].map((name) => new MetricSignal(spec, name)), recent: [], cutters: new Map() };
      for (const name of signal.names) this.#table.watch(name);
      this.#signals.set(key, signal);
    }
    return signal;
  }
}

interface WatchedSignal {
  /** The metric's names in order of preference. */
  readonly names: readonly MetricSignal[];
  readonly recent: ReadValue[];
  readonly cutters: Map<number, StepCutter>;
}

function signalKey(spec: SignalSpec): string {
  return JSON.stringify([spec.metric, Object.entries(spec.select).sort(), spec.extract, spec.aggregate, spec.quantile, spec.threshold, spec.unit, spec.windowSeconds, spec.staleAfterSeconds, spec.alternatives]);
}

/** The first name whose series are fresh; else the first that has any; else the first. */
function current(signal: WatchedSignal, nowSeconds: number): MetricSignal {
  const fresh = (name: MetricSignal): boolean => nowSeconds - newest(name, nowSeconds) <= name.spec.staleAfterSeconds;
  return signal.names.find(fresh) ?? signal.names.find((name) => name.seriesCount > 0) ?? (signal.names[0] as MetricSignal);
}

/** Time of the newest sample, or word of an end, that is not in the future; 0 where there is none. */
function newest(name: MetricSignal, nowSeconds: number): number {
  let time = 0;
  for (const track of name.tracks.values()) time = Math.max(time, Math.min(track.newestSeconds, nowSeconds));
  return time;
}

function readNewest(signal: WatchedSignal, nowSeconds: number, table: SeriesTable): Observation {
  const name = current(signal, nowSeconds);
  name.forget(nowSeconds);
  const { spec } = name;
  const unitConflict = name.unitConflict(nowSeconds);
  if (unitConflict !== undefined) return missing("invalid", unitConflict);
  const time = newest(name, nowSeconds);
  if (time === 0) return unseen(signal);
  const age = nowSeconds - time;
  if (age > spec.staleAfterSeconds) return missing("stale", staleText(name, age));
  if (name.overflowLimit !== undefined) return missing("invalid", `more than ${String(name.overflowLimit)} series of ${name.metric} match: narrow select`);
  const conflict = conflictText(name, nowSeconds, table);
  if (conflict !== undefined) return missing("invalid", conflict);
  const { value, coverage } = extractWindow(name, { fromSeconds: time - spec.windowSeconds, toSeconds: time }, table.bounds);
  const unit = name.tellsUnit;
  if (value !== undefined) return { kind: "value", value, timeSeconds: time, coverage, ...(unit !== undefined && { unit }) };
  const ended = [...name.tracks.values()].every((track) => track.dormant || track.endedSeconds > 0);
  if (ended) return missing("stale", `every series of ${name.metric} has ended (no recorded value)`);
  if (spec.extract === "rate") return missing("absent", `${name.metric}: a rate needs two points, and no series has more than one yet`);
  return missing("absent", `${name.metric}: nothing was observed in the last ${String(spec.windowSeconds)} s to take a ${spec.extract} of`);
}

function unseen(signal: WatchedSignal): Observation {
  const refusal = signal.names.find((name) => name.refusal !== undefined)?.refusal;
  if (refusal !== undefined) return missing("invalid", refusal);
  const [first] = signal.names as [MetricSignal];
  const select = Object.entries(first.spec.select).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const names = [...new Set(signal.names.map((name) => name.metric))].join(" or ");
  return missing("absent", `no series of ${names}${select.length > 0 ? ` with ${select.join(", ")}` : ""} has been seen`);
}

function staleText(name: MetricSignal, age: number): string {
  const intervals = [...name.tracks.values()].map((track) => track.intervalSeconds).filter((interval) => interval > 0);
  const usual = intervals.length > 0 ? `; its series report every ${rounded(Math.min(...intervals))} s` : "";
  return `the newest point of ${name.metric} is ${rounded(age)} s old, more than ${rounded(name.spec.staleAfterSeconds)} s${usual}`;
}

function conflictText(name: MetricSignal, nowSeconds: number, table: SeriesTable): string | undefined {
  let [live, conflicting, example] = [0, 0, -1];
  for (const track of name.tracks.values()) {
    if (track.dormant) continue;
    live++;
    if (track.conflictUntilSeconds <= nowSeconds) continue;
    conflicting++;
    example = track.series;
  }
  if (conflicting <= live * MAX_CONFLICT_SHARE) return undefined;
  return `two writers report ${name.metric} as one series (${String(conflicting)} of ${String(live)} series), for example ${JSON.stringify(table.attributesOf(example))}: give each writer a service.instance.id`;
}

function rounded(seconds: number): string {
  return String(Math.round(seconds * 10) / 10);
}
