import type { Reason } from "../model/decision.ts";
import type { Override } from "../model/override.ts";
import type { WorkloadObservation } from "../model/workload.ts";
import type { GuardLimits } from "./guard-limits.ts";
import type { GuardState } from "./guard-state.ts";

/** What the guard judges: a count that was decided, and facts that it reads itself. It knows of no forecast and no model. */
export interface GuardInput {
  readonly timeSeconds: number;
  readonly target: string;
  readonly group: string;
  readonly desiredReplicas: number;
  /** What the last step decided: what the inventory is held against. */
  readonly askedReplicas: number | undefined;
  readonly workload: WorkloadObservation;
  /** `ownMax`: the policy's own, where a schedule has lowered `max`: a schedule's takes nothing away on bad data. */
  readonly bounds: { readonly min: number; readonly max: number; readonly ownMax?: number; readonly from?: string };
  /** Why a scale-in may not be trusted: each signal that is stale, absent or invalid, with its cause. Empty: all are good. */
  readonly badInputs: readonly string[];
  readonly overrides: readonly Override[];
  /** Replicas that the allowance across groups still lets go; undefined: no such limit. */
  readonly maxScaleInReplicas: number | undefined;
  readonly limits: GuardLimits;
}

export interface GuardVerdict {
  readonly desiredReplicas: number;
  /** One for each clamp that changed the count, in order. */
  readonly reasons: readonly Reason[];
  readonly nextState: GuardState;
}

/** A clamp takes a count and gives the count that it allows, with its reason where they differ. */
interface Clamp {
  readonly code: string;
  readonly text: string;
  readonly allow: (count: number) => number;
}

/** Clamps a decided count to what is safe. Pure; the last thing before an intent is made. Without a readable workload nothing moves. */
export function guard(state: GuardState, input: GuardInput): GuardVerdict {
  const workload = input.workload;
  const halt = judgeInventory(state, input);
  if (workload.kind === "absent") {
    const held = input.askedReplicas ?? Math.max(input.bounds.min, Math.min(input.bounds.max, input.desiredReplicas));
    const reason = { code: "guard-workload-unknown", text: `the workload is ${workload.cause}: ${workload.detail}`, before: input.desiredReplicas, after: held };
    return { desiredReplicas: held, reasons: [reason], nextState: halt };
  }
  const current = workload.desiredReplicas;
  let count = Number.isFinite(input.desiredReplicas) ? Math.round(input.desiredReplicas) : current;
  const reasons: Reason[] = [];
  for (const clamp of clampsFor(halt, input, current)) {
    const after = clamp.allow(count);
    if (after !== count) reasons.push({ code: clamp.code, text: clamp.text, before: count, after });
    count = after;
  }
  return { desiredReplicas: count, reasons, nextState: remember(halt, input, { current, count }) };
}

function clampsFor(state: GuardState, input: GuardInput, current: number): readonly Clamp[] {
  const { limits, bounds, badInputs } = input;
  const clamps: Clamp[] = [];
  const noScaleIn = (code: string, text: string): void => {
    clamps.push({ code, text, allow: (count) => Math.max(count, current) });
  };
  clamps.push(scaleInLimit(state, input, current), scaleOutLimit(limits, current));
  const allowed = input.maxScaleInReplicas;
  if (allowed !== undefined) {
    clamps.push({ code: "guard-fleet-limit", text: `the fleet may lose ${String(allowed)} more replicas now`, allow: (count) => Math.max(count, current - Math.max(0, allowed)) });
  }
  if (bounds.ownMax !== undefined) clamps.push(boundsClamp(bounds));
  if (badInputs.length > 0) noScaleIn("guard-bad-data", `no scale-in on bad data: ${badInputs.join(", ")}`);
  if (input.timeSeconds < state.haltedUntilSeconds) noScaleIn("guard-halt", state.haltCause);
  // A person's own word outranks the lack of data: the policy's maximum, or a target that is shut down.
  clamps.push(boundsClamp({ ...bounds, max: bounds.ownMax ?? bounds.max }));
  for (const override of input.overrides) {
    if (!applies(override, input)) continue;
    if (override.kind === "pause") clamps.push({ code: "guard-pause", text: pauseText(override), allow: () => current });
    if (override.kind === "pause-scale-in") noScaleIn("guard-pause-scale-in", pauseText(override));
  }
  return clamps;
}

function boundsClamp({ min, max, from }: GuardInput["bounds"]): Clamp {
  return { code: "guard-bounds", text: `at least ${String(min)}, at most ${String(max)}${from === undefined ? "" : ` (${from})`}`, allow: (count) => Math.max(min, Math.min(max, count)) };
}

function applies(override: Override, input: GuardInput): boolean {
  const named = override.target === "*" || override.target === input.target || override.target === input.group;
  return named && input.timeSeconds < override.expiresAtSeconds;
}

function pauseText(override: Override): string {
  return `${override.kind} by ${override.author}: ${override.reason}`;
}

function scaleInLimit(state: GuardState, input: GuardInput, current: number): Clamp {
  const { limits, timeSeconds } = input;
  let highest = current;
  const oldest = timeSeconds - limits.scaleInWindowSeconds;
  state.counts.forEach((count, i) => {
    if (Number(state.timesSeconds[i]) >= oldest) highest = Math.max(highest, count);
  });
  const floor = Math.min(current, Math.floor(highest * (1 - limits.maxScaleInShare)));
  return { code: "guard-scale-in-limit", text: `at most ${String(limits.maxScaleInShare * 100)} % in ${String(limits.scaleInWindowSeconds)} s`, allow: (count) => Math.max(count, floor) };
}

function scaleOutLimit(limits: GuardLimits, current: number): Clamp {
  const ceiling = Math.max(Math.floor(current * limits.maxScaleOutFactor), current + limits.maxScaleOutReplicas);
  return { code: "guard-scale-out-limit", text: `at most ${String(limits.maxScaleOutFactor)} times, or ${String(limits.maxScaleOutReplicas)} more`, allow: (count) => Math.min(count, ceiling) };
}

/** Starts or prolongs a halt: replicas that went without being told to, or that stay neither ready nor pending. */
function judgeInventory(state: GuardState, input: GuardInput): GuardState {
  const { workload, limits, timeSeconds } = input;
  if (workload.kind === "absent") return state;
  const total = workload.readyReplicas + workload.pendingReplicas;
  const expected = Math.min(state.inventory ?? total, input.askedReplicas ?? Infinity);
  const cause = lossCause(expected, total, limits) ?? unhealthyCause(workload.desiredReplicas, total, limits);
  const next = { ...state, inventory: total };
  return cause === undefined ? next : { ...next, haltedUntilSeconds: timeSeconds + limits.haltSeconds, haltCause: cause };
}

function lossCause(expected: number, total: number, limits: GuardLimits): string | undefined {
  const lost = expected - total;
  if (lost < limits.inventoryDropReplicas || lost <= limits.inventoryDropShare * expected) return undefined;
  return `${String(lost)} of ${String(expected)} replicas are gone unasked: no scale-in until it is explained`;
}

function unhealthyCause(desired: number, total: number, limits: GuardLimits): string | undefined {
  const away = desired - total;
  if (away < limits.unhealthyReplicas || away <= limits.unhealthyShare * desired) return undefined;
  return `${String(away)} of ${String(desired)} replicas are neither ready nor pending: no scale-in`;
}

/** Keeps the counts from which scale-ins went down, as long as the limit looks back. */
function remember(state: GuardState, input: GuardInput, change: { readonly current: number; readonly count: number }): GuardState {
  const oldest = input.timeSeconds - input.limits.scaleInWindowSeconds;
  const recent = state.timesSeconds.findIndex((time) => time >= oldest);
  const from = recent < 0 ? state.timesSeconds.length : recent;
  const goesIn = change.count < change.current;
  if (from === 0 && !goesIn) return state;
  const times = state.timesSeconds.slice(from);
  const counts = state.counts.slice(from);
  return { ...state, timesSeconds: goesIn ? [...times, input.timeSeconds] : times, counts: goesIn ? [...counts, change.current] : counts };
}
