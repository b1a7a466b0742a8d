import { missing, present } from "../model/observation.ts";
import type { Policy } from "../model/policy.ts";
import type { Series } from "../model/series.ts";
import type { TargetSnapshot } from "../model/snapshot.ts";
import type { FitInput, FitResult } from "../../forecasts/forecaster.ts";
import { CONTROL_MODELS } from "../../forecasts/models/lead-ridge-forecaster.ts";
import type { ModelInstall } from "../model/snapshot.ts";
import { fitInput, step, type GroupState } from "../step.ts";

const UNKNOWN = missing("absent", "history holds demand alone");
/** Fits over the whole of the past: enough to learn how wrong they are, few enough to start at once. */
const FITS = 8;

/** A fit of the rows so far, for the next tick. */
export interface WarmUpFit {
  readonly target: string;
  readonly modelId: string;
  readonly input: FitInput;
}

/** Where a warm-up stands after a tick: the share of the past that was seen, and the fits that it goes on with. */
export interface WarmUpTick {
  readonly seenShare: number;
  readonly fits: readonly WarmUpFit[];
}

/**
 * Lets a group learn from the demand of the past, as if it had watched: one step an evaluation interval, its decisions
 * dropped, with fits now and then and one at the end. Between two rows of a coarser history the demand is interpolated; a gap
 * stays a gap. Targets without history see nothing. The state that is given is used up.
 */
export function warmUp(state: GroupState, policies: readonly Policy[], historyByTarget: ReadonlyMap<string, Series>): GroupState {
  const ticks = warmUpTicks(state, policies, historyByTarget);
  let tick = ticks.next([]);
  while (tick.done !== true) tick = ticks.next(tick.value.fits.map(({ modelId, input }) => CONTROL_MODELS[modelId]?.fit(input) ?? { ok: false, reason: `no model is named ${modelId}` }));
  return tick.value;
}

/** The same, a tick at a time: who runs it makes the fits that a tick asks for, and gives their results, in order, for the next. */
export function* warmUpTicks(state: GroupState, policies: readonly Policy[], historyByTarget: ReadonlyMap<string, Series>): Generator<WarmUpTick, GroupState, readonly FitResult[]> {
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
    const fits = (ticks - 2 - tick) % Math.max(1, Math.ceil(ticks / FITS)) === 0 ? fitsAt(warm, policies, timeSeconds) : [];
    const results = yield { seenShare: (tick + 1) / ticks, fits };
    installs = fits.flatMap(({ target, modelId }, i) => {
      const result = results[i];
      return result?.ok === true ? [{ target, modelId, digest: `warm-up@${String(timeSeconds)}`, fittedToSeconds: timeSeconds, fit: result.fit }] : [];
    });
  }
  return warm;
}

/** Nobody lends a past to a target that has one: the lead model alone is fitted. */
function fitsAt(state: GroupState, policies: readonly Policy[], timeSeconds: number): readonly WarmUpFit[] {
  return policies.filter((policy) => policy.forecast.enabled).flatMap((policy) => {
    const request = { target: policy.name, modelId: "lead-ridge", upToSeconds: timeSeconds, installAtSeconds: timeSeconds };
    const input = fitInput(state, request, policies);
    return input === undefined ? [] : [{ target: policy.name, modelId: request.modelId, input }];
  });
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
