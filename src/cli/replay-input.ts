import { readFileSync } from "node:fs";
import { commonSpacing, parseHistoryCsv } from "../history/history-csv.ts";
import type { Policy } from "../model/policy.ts";
import { failure, success } from "../model/result.ts";
import type { Result } from "../model/result.ts";
import { formatConfigError } from "../policy/config-error.ts";
import { loadPolicies } from "../policy/load-configuration.ts";
import { serviceOf } from "../replay/run-replay.ts";
import { BENCHMARK_OBSERVATION } from "../replay/simulate.ts";
import type { ReplayWorld } from "../replay/simulate.ts";

/** The first policy of a file, or every error of it as one text. */
export function readPolicyFile(path: string): Result<Policy> {
  const loaded = loadPolicies([path]);
  if (!loaded.ok) return failure("permanent", loaded.errors.map(formatConfigError).join("\n"));
  const [policy] = loaded.policies;
  return policy === undefined ? failure("missing", `${path} holds no policy`) : success(policy);
}

export interface WorldOptions {
  readonly warmUpDays: number;
  readonly lastDays: number | undefined;
  /** What a replica really carries; the policy's belief where absent. */
  readonly trueRate: number | undefined;
  readonly startSigma: number;
  readonly failedStarts: number;
  readonly drainSeconds: number;
  readonly lagSeconds: number;
  readonly lostShare: number;
  readonly seed: number;
}

const DEFAULT_RATE = 100;
const DEFAULT_LEAD_SECONDS = 120;

/** The world of a history file: its demand on the policy's evaluation grid, a gap interpolated. */
export function readWorld(path: string, policy: Policy, options: WorldOptions): Result<{ readonly world: ReplayWorld; readonly leadTimeSeconds: number }> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    return failure("missing", `${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = parseHistoryCsv(text);
  if (!parsed.ok) return failure("permanent", parsed.problems.map(({ line, column, message }) => `${path}:${String(line)}:${String(column)}: ${message}`).join("\n"));
  const { timesSeconds, signals } = parsed.value;
  if (signals.demand === undefined || timesSeconds.length < 2) return failure("permanent", `${path}: a replay needs the column demand and two rows`);
  const step = policy.evaluationIntervalSeconds;
  const last = timesSeconds.at(-1) ?? 0;
  const from = options.lastDays === undefined ? (timesSeconds[0] ?? 0) : Math.max(timesSeconds[0] ?? 0, last - options.lastDays * 86_400);
  const load = onGrid(timesSeconds, signals.demand, { from, to: last + (commonSpacing(timesSeconds) ?? step), step });
  const leadTimeSeconds = policy.leadTimeSeconds ?? DEFAULT_LEAD_SECONDS;
  const believed = policy.scaling.by === "objective" ? policy.scaling.requestsPerSecondPerReplica : undefined;
  const scoreFrom = Math.min(Math.round((options.warmUpDays * 86_400) / step), Math.floor(load.length / 2));
  return success({ leadTimeSeconds, world: {
    load, startSeconds: from, stepSeconds: step, scoreFrom,
    service: serviceOf(policy, options.trueRate ?? believed ?? DEFAULT_RATE),
    cluster: {
      startTime: options.startSigma > 0 ? { kind: "lognormal", medianSeconds: leadTimeSeconds, sigma: options.startSigma } : { kind: "fixed", seconds: leadTimeSeconds },
      failedStartShare: options.failedStarts, drainSeconds: options.drainSeconds, minBillingSeconds: 60, seed: options.seed,
    },
    minReplicas: policy.replicas.min, maxReplicas: policy.replicas.max,
    observation: { ...BENCHMARK_OBSERVATION, lagSteps: 1 + Math.round(options.lagSeconds / step), windowSteps: Math.max(1, Math.round(policy.signals.demand.windowSeconds / step)), lostShare: options.lostShare, seed: options.seed },
  } });
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
