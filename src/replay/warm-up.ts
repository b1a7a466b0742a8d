import { missing, present } from "../model/observation.ts";
import type { Policy } from "../model/policy.ts";
import type { Series } from "../model/series.ts";
import type { TargetSnapshot } from "../model/snapshot.ts";
import { CONTROL_MODELS } from "../../forecasts/models/lead-ridge-forecaster.ts";
import type { ModelInstall } from "../model/snapshot.ts";
import { fitInput, step, type GroupState } from "../step.ts";

const UNKNOWN = missing("absent", "history holds demand alone");
/** Fits over the whole of the past: enough to learn how wrong they are, few enough to start at once. */
const FITS = 8;

/**
 * Lets a group learn from the demand of the past, as if it had watched: one step an evaluation interval, its decisions
 * dropped, with fits now and then and one at the end. Between two rows of a coarser history the demand is interpolated; a gap
 * stays a gap. Targets without history see nothing. The state that is given is used up.
 */
export function warmUp(state: GroupState, policies: readonly Policy[], historyByTarget: ReadonlyMap<string, Series>): GroupState {
  const interval = Math.min(...policies.map((policy) => policy.evaluationIntervalSeconds));
  const histories = [...historyByTarget.values()].filter((series) => series.values.length > 0);
  if (histories.length === 0) return state;
  const from = Math.min(...histories.map((series) => series.startSeconds));
  const to = Math.max(...histories.map((series) => series.startSeconds + series.values.length * series.stepSeconds));
  const first = Math.ceil(from / interval) * interval;
  const ticks = Math.ceil((to - first) / interval);
  let warm = state;
  let installs: readonly ModelInstall[] = [];
  for (let tick = 0; tick < ticks; tick += 1) {
    const timeSeconds = first + tick * interval;
    const targets = Object.fromEntries(policies.map((policy) => [policy.name, seenAt(historyByTarget.get(policy.name), timeSeconds)]));
    warm = step(warm, { timeSeconds, wake: "tick", epoch: 0, targets, installs, outcomes: [], overrides: [] }, policies).nextState;
    // Counted from the end, so that the last fit is installed by the last tick and sees all but it.
    installs = (ticks - 2 - tick) % Math.max(1, Math.ceil(ticks / FITS)) === 0 ? fitAll(warm, policies, timeSeconds) : [];
  }
  return warm;
}

function fitAll(state: GroupState, policies: readonly Policy[], timeSeconds: number): readonly ModelInstall[] {
  return policies.filter((policy) => policy.forecast.enabled).flatMap((policy) => Object.entries(CONTROL_MODELS).flatMap(([modelId, model]) => {
    const request = { target: policy.name, modelId, upToSeconds: timeSeconds, installAtSeconds: timeSeconds };
    const input = fitInput(state, request, policies);
    const result = input && model.fit(input);
    return result?.ok === true ? [{ target: policy.name, modelId, digest: `warm-up@${String(timeSeconds)}`, fittedToSeconds: timeSeconds, fit: result.fit }] : [];
  }));
}

function seenAt(history: Series | undefined, timeSeconds: number): TargetSnapshot {
  const demand = history === undefined ? NaN : interpolated(history, timeSeconds);
  return {
    demand: Number.isNaN(demand) ? UNKNOWN : present(demand, timeSeconds),
    utilization: UNKNOWN, missRatio: UNKNOWN, backlog: UNKNOWN,
    workload: { kind: "absent", cause: "absent", detail: "history holds demand alone" }, notices: [],
  };
}

/** A row describes the step that it begins: its middle is where its value holds. */
export function interpolated({ startSeconds, stepSeconds, values }: Series, timeSeconds: number): number {
  const place = (timeSeconds - startSeconds) / stepSeconds - 0.5;
  const low = Math.max(0, Math.floor(place));
  const before = values[low] ?? NaN;
  const after = values[low + 1] ?? before;
  if (Number.isNaN(before)) return NaN;
  return Number.isNaN(after) ? before : before + (after - before) * Math.max(0, place - low);
}
