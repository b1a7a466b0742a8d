import { readFileSync } from "node:fs";
import { commonSpacing } from "../history/history-csv.ts";
import type { Policy } from "../model/policy.ts";
import { failure, success } from "../model/result.ts";
import type { Result } from "../model/result.ts";
import { formatConfigError } from "../policy/config-error.ts";
import { loadPolicies } from "../policy/load-configuration.ts";
import { replicaTerms } from "../replay/replica-terms.ts";
import type { TermsGiven } from "../replay/replica-terms.ts";
import { serviceOf } from "../replay/run-replay.ts";
import { BENCHMARK_OBSERVATION } from "../replay/simulate.ts";
import type { RecordedSignal, ReplayWorld } from "../replay/simulate.ts";
import type { DemandHistory } from "./demand-history.ts";

/** A policy, and all of its group that must be replayed with it, in the order of their file: itself alone where it shares nothing. */
export interface PolicyInGroup {
  readonly policy: Policy;
  readonly group: readonly Policy[];
}

/** One policy of a file: the named one, else the first; or every error of the file as one text. */
export function readPolicyFile(path: string, name?: string): Result<PolicyInGroup> {
  const loaded = loadPolicies([path]);
  if (!loaded.ok) return failure("permanent", loaded.errors.map(formatConfigError).join("\n"));
  const policy = name === undefined ? loaded.policies[0] : loaded.policies.find((one) => one.name === name);
  if (policy !== undefined) return success({ policy, group: groupOf(policy, loaded.policies) });
  return failure("missing", name === undefined ? `${path} holds no policy` : `${path} holds no policy "${name}": it has ${loaded.policies.map((one) => one.name).join(", ")}`);
}

/** Targets of a group are decided together where one of them follows another, or they share a limit. */
function groupOf(policy: Policy, all: readonly Policy[]): readonly Policy[] {
  const group = all.filter((other) => other.group === policy.group);
  const isShared = group.some(({ shared }) => shared?.maxReplicas !== undefined || shared?.maxPerHourUsd !== undefined) || group.some(({ follows }) => follows?.some(({ target }) => group.some((other) => other.name === target)));
  return isShared ? group : [policy];
}

/** A complaint about a place in a file begins with it, so that a terminal or an editor can go there; any other with the program's name. */
export function withName(message: string): string {
  return /^\S+:\d+(?::\d+)?: /.test(message) ? message : `foretide: ${message}`;
}

/** A token that stands in a file, or nothing where no file is named. */
export function readTokenFile(path: string | undefined): Result<string | undefined> {
  if (path === undefined) return success(undefined);
  try {
    return success(readFileSync(path, "utf8").trim());
  } catch (error) {
    return failure("missing", `--bearer-token-file: expected a readable file: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** How the simulated world differs from the plain one; every field has a default that leaves it plain. */
export interface WorldOptions {
  readonly warmUpDays: number;
  /** What a replica really carries; the policy's belief where absent. */
  readonly trueRate?: number;
  /** What a start really takes; the policy's lead time where absent. */
  readonly trueLeadSeconds?: number;
  readonly startSigma?: number;
  readonly failedStarts?: number;
  readonly drainSeconds?: number;
  readonly unevenSigma?: number;
  readonly retryShare?: number;
  readonly lagSeconds?: number;
  readonly lostShare?: number;
  readonly seed?: number;
  readonly terms?: TermsGiven;
}

/** What a world must share with those that are stepped with it. */
export interface WorldGrid {
  readonly step: number;
  readonly span: { readonly from: number; readonly to: number };
}

export interface ReplayInput {
  readonly world: ReplayWorld;
  readonly leadTimeSeconds: number;
}

const DEFAULT_RATE = 100;
const DEFAULT_LEAD_SECONDS = 120;

/** The world of a history: its demand on the policy's evaluation grid, a gap interpolated. */
export function readWorld(history: DemandHistory, policy: Policy, { step, span: { from, to }, ...options }: WorldOptions & WorldGrid): Result<ReplayInput> {
  const gridOf = (values: Float64Array): Float64Array => onGrid(history.timesSeconds, values, { from, to, step });
  const load = arrivalsOf(gridOf(history.perSecond), policy, { step, backlog: history.signals["backlog"] && gridOf(history.signals["backlog"]) });
  const signals = recordedSignals(policy, history, gridOf);
  const deadlineSeconds = policy.drainSeconds ?? policy.deferral?.deadlineSeconds;
  const leadTimeSeconds = options.trueLeadSeconds ?? policy.leadTimeSeconds ?? DEFAULT_LEAD_SECONDS;
  const believed = policy.scaling.by === "objective" ? policy.scaling.requestsPerSecondPerReplica : policy.scaling.by === "per-replica" ? policy.scaling.target : undefined;
  const { startSigma = 0, unevenSigma = 0, retryShare = 0, seed = 7 } = options;
  const terms = replicaTerms(policy, options.terms);
  if (!terms.ok) return terms;
  return success({ leadTimeSeconds, world: {
    load, startSeconds: from, stepSeconds: step, scoreFrom: Math.min(Math.round((options.warmUpDays * 86_400) / step), Math.floor(load.length / 2)),
    service: serviceOf(policy, options.trueRate ?? believed ?? DEFAULT_RATE),
    cluster: {
      startTime: startSigma > 0 ? { kind: "lognormal", medianSeconds: leadTimeSeconds, sigma: startSigma } : { kind: "fixed", seconds: leadTimeSeconds },
      failedStartShare: options.failedStarts ?? 0, drainSeconds: options.drainSeconds ?? 0, minBillingSeconds: 60, seed,
      ...(unevenSigma > 0 && { capacitySigma: unevenSigma }),
    },
    minReplicas: policy.replicas.min, maxReplicas: policy.replicas.max, terms: terms.value,
    ...(retryShare > 0 && { retryShare }),
    ...(signals !== undefined && { signals }), ...(deadlineSeconds !== undefined && { queue: { deadlineSeconds } }),
    observation: {
      ...BENCHMARK_OBSERVATION, lagSteps: 1 + Math.round((options.lagSeconds ?? 0) / step), windowSteps: Math.max(1, Math.round(policy.signals.demand.windowSeconds / step)),
      lostShare: options.lostShare ?? 0, seed,
    },
  } });
}

/** From the first row to the end of what the last one stands for. */
export function spanOf({ timesSeconds }: DemandHistory, step: number): { readonly from: number; readonly to: number } {
  return { from: timesSeconds[0] ?? 0, to: (timesSeconds.at(-1) ?? 0) + (commonSpacing(timesSeconds) ?? step) };
}

/** What arrived: the demand, and what the backlog grew by where the demand counts what was served. */
function arrivalsOf(demand: Float64Array, { demandIsServed }: Policy, { step, backlog }: { readonly step: number; readonly backlog: Float64Array | undefined }): Float64Array {
  if (demandIsServed !== true || backlog === undefined) return demand;
  return demand.map((served, i) => Math.max(0, served + ((backlog[i + 1] ?? backlog[i] ?? 0) - (backlog[i] ?? 0)) / step));
}

/** The policy's other signals; of a mean use the replicas that were busy. */
function recordedSignals({ extraSignals = [] }: Policy, { signals }: DemandHistory, gridOf: (values: Float64Array) => Float64Array): Readonly<Record<string, RecordedSignal>> | undefined {
  const recorded = extraSignals.flatMap(({ name, spec, by }): (readonly [string, RecordedSignal])[] => {
    const values = spec === undefined ? undefined : signals[name];
    if (values === undefined) return [];
    const ready = signals["readyReplicas"];
    return by === "utilization" && ready !== undefined
      ? [[name, { kind: "busy", values: gridOf(values.map((use, row) => use * (ready[row] ?? NaN))) }]]
      : [[name, { kind: "load", values: gridOf(values) }]];
  });
  return recorded.length === 0 ? undefined : Object.fromEntries(recorded);
}

/** The longest step that divides the interval of each policy. */
export function commonStep(policies: readonly Policy[]): number {
  return policies.map(({ evaluationIntervalSeconds }) => evaluationIntervalSeconds).reduce(divisor);
}

function divisor(a: number, b: number): number {
  return b < 1e-6 ? a : divisor(b, a % b);
}

/** What the user should know of a replay before it is believed. */
export function blindSpots(policy: Policy): readonly string[] {
  const { name, scaling, signals, carbon, cost, drainSeconds } = policy;
  const spots: string[] = [];
  if (scaling.by === "objective" && scaling.requestsPerSecondPerReplica === undefined && signals.utilization === undefined && drainSeconds === undefined) {
    spots.push(`${name} neither says requestsPerSecondPerReplica nor reads utilization: what a replica carries cannot be learned, and the count is held, here as in the daemon`);
  }
  if ((cost.maxPerDayUsd !== undefined || cost.maxPerMonthUsd !== undefined) && cost.replicaPerHourUsd === undefined) spots.push(`${name} has a budget and says no replicaPerHourUsd: offerings are not simulated, and the budget never binds here`);
  if (carbon.maxGramsPerDay !== undefined) spots.push(`${name} has a budget of grams: the grid is not simulated, and it never binds here`);
  return spots;
}

/** Values between rows are interpolated; what is missing takes the line between its neighbours. */
function onGrid(times: Float64Array, values: Float64Array, grid: { readonly from: number; readonly to: number; readonly step: number }): Float64Array {
  const known = Array.from(times.keys()).filter((row) => (values[row] ?? NaN) >= 0);
  const load = new Float64Array(Math.max(2, Math.floor((grid.to - grid.from) / grid.step)));
  let next = 0;
  for (let i = 0; i < load.length; i += 1) {
    const at = grid.from + i * grid.step;
    while (next < known.length - 1 && (times[known[next] ?? 0] ?? 0) < at) next += 1;
    const after = known[next] ?? 0;
    const before = known[Math.max(0, next - 1)] ?? after;
    const span = (times[after] ?? 0) - (times[before] ?? 0);
    const share = span > 0 ? Math.max(0, Math.min(1, (at - (times[before] ?? 0)) / span)) : 1;
    load[i] = (values[before] ?? 0) + share * ((values[after] ?? 0) - (values[before] ?? 0));
  }
  return load;
}
