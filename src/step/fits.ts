import type { FitInput } from "../../forecasts/forecaster.ts";
import type { Policy } from "../model/policy.ts";
import type { LeadModel } from "../../forecasts/models/lead-ridge.ts";
import { leadHorizons } from "../plan/lead-horizons.ts";
import { leadSeconds } from "./lead-time.ts";
import type { GroupState, TargetState } from "./state.ts";

/** A fit that the step wants: from data up to a time, to be installed at the first tick at or after another. */
export interface FitRequest {
  readonly target: string;
  /** The signal beside the demand that it is for; absent: the demand. */
  readonly signal?: string;
  /** Id in the registry of forecasters; the install's `modelId`. */
  readonly modelId: string;
  readonly upToSeconds: number;
  readonly installAtSeconds: number;
}

/** Ticks from the data of a fit to its installation: time enough for a worker, and the same for daemon, replay and drive. */
const INSTALL_AFTER_TICKS = 4;
const LEAST_DAYS = 2;
/** Before that a past is borrowed, if somebody lends one: asked for when so much of a day has been seen. */
const BORROW_AT_DAYS = [1 / 8, 1 / 4, 1 / 2, 1];

/**
 * The fits that are due after the last step, asked for once each: when the newest row is a refit interval past the last
 * request (or the first two days have been seen). Ask after every step; the state notes nothing until the fit is installed.
 */
export function fitRequests(state: GroupState, policies: readonly Policy[]): readonly FitRequest[] {
  const requests: FitRequest[] = [];
  for (const policy of policies) {
    const target = state.targets[policy.name];
    if (target === undefined || !policy.forecast.enabled || target.lastTickSeconds === undefined) continue;
    const request = {
      target: policy.name,
      modelId: "lead-ridge",
      upToSeconds: target.lastTickSeconds,
      installAtSeconds: target.lastTickSeconds + INSTALL_AFTER_TICKS * policy.evaluationIntervalSeconds,
    };
    if (isDue(target, target.model, policy)) requests.push(request);
    if (BORROW_AT_DAYS.some((days) => hasReached(target, target.model, days))) requests.push({ ...request, modelId: "lead-past" });
    for (const [signal, { model }] of Object.entries(target.signals)) if (isDue(target, model, policy)) requests.push({ ...request, signal });
  }
  return requests;
}

/**
 * Due at the first tick of each refit interval (counted from the epoch), once two of the season's days have been seen. The
 * control model changes slowly: it is fitted at most once in such a day.
 */
function isDue(target: TargetState, model: LeadModel, policy: Policy): boolean {
  const { dayRows, rowSeconds } = model.spec;
  const refitSeconds = Math.max(policy.forecast.refitSeconds, dayRows * rowSeconds);
  const now = target.lastTickSeconds ?? 0;
  const before = target.previousTickSeconds;
  if (before === undefined || model.rows < LEAST_DAYS * model.spec.dayRows) return false;
  return Math.floor(now / refitSeconds) > Math.floor(before / refitSeconds) || hasReached(target, model, LEAST_DAYS);
}

/** Whether so many days have been seen with the last tick, which brings several rows where ticks were lost. */
function hasReached({ lastTickSeconds, previousTickSeconds }: TargetState, { rows, spec }: LeadModel, days: number): boolean {
  if (lastTickSeconds === undefined || previousTickSeconds === undefined) return false;
  const brought = Math.round(lastTickSeconds / spec.rowSeconds) - Math.round(previousTickSeconds / spec.rowSeconds);
  const wanted = Math.round(days * spec.dayRows);
  return rows >= wanted && rows - brought < wanted;
}

/** What the fit of a request may see: the rows that the state keeps. Undefined when the target is not known. */
export function fitInput(state: GroupState, request: FitRequest, policies: readonly Policy[]): FitInput | undefined {
  const target = state.targets[request.target];
  const policy = policies.find((candidate) => candidate.name === request.target);
  const model = request.signal === undefined ? target?.model : target?.signals[request.signal]?.model;
  if (target === undefined || policy === undefined || model === undefined) return undefined;
  const spec = leadHorizons(policy, leadSeconds(target, policy));
  return {
    series: model.history(),
    seasons: policy.forecast.seasonsSeconds.map((season) => Math.round(season / policy.evaluationIntervalSeconds)),
    horizon: Math.max(...spec.horizonsRows),
    horizons: spec.horizonsRows,
    ...(request.modelId === "lead-past" && { historyRows: model.spec.historyRows }),
    seed: 1,
  };
}
