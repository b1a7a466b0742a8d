import { LeadModel } from "../../forecasts/models/lead-ridge.ts";
import { valueOf } from "../model/observation.ts";
import type { CapacityPlan } from "../model/plan.ts";
import type { Policy } from "../model/policy.ts";
import type { ModelInstall, Snapshot, TargetSnapshot } from "../model/snapshot.ts";
import { LEAD_INDEX, leadHorizons } from "../plan/lead-horizons.ts";
import type { LoadAtHorizon } from "../plan/plan-capacity.ts";
import { sizedSignals } from "./inputs.ts";
import type { SizedSignal } from "./inputs.ts";
import { believedLeadSeconds } from "./lead-time.ts";
import type { Readings } from "./readings.ts";
import type { TargetState } from "./state.ts";
import { ownValue } from "../model/record.ts";

/** What the step remembers of one signal beside the demand: its own forecast, and its newest load. */
export interface SignalState {
  readonly model: LeadModel;
  readonly last: { readonly value: number; readonly timeSeconds: number } | undefined;
}

export type SignalStates = Readonly<Record<string, SignalState>>;

export const NO_SIGNALS: SignalStates = {};

/** The signals' states after this tick's values: each forecast sees its row. Signals that the policy no longer names are dropped. */
export function learnSignals(before: SignalStates, { snapshot, seen, policy }: { readonly snapshot: Snapshot; readonly seen: TargetSnapshot; readonly policy: Policy }): SignalStates {
  const sized = sizedSignals(policy);
  if (sized.length === 0) return NO_SIGNALS;
  const now = snapshot.timeSeconds;
  return Object.fromEntries(sized.map((signal) => {
    const known = ownValue(before, signal.name) ?? { model: new LeadModel(leadHorizons(policy, believedLeadSeconds(policy))), last: undefined };
    const load = loadOf(signal, seen);
    known.model.observe(now, load ?? NaN);
    return [signal.name, { model: known.model, last: load === undefined ? known.last : { value: load, timeSeconds: now } }];
  }));
}

/** Takes over the fits of signals that a snapshot brings. */
export function installSignalFits({ signals, readings }: TargetState, { installs }: Snapshot, policy: Policy): void {
  for (const install of installs) {
    if (install.target === policy.name && install.signal !== undefined && !isOfOtherReading(install, readings, install.signal)) ownValue(signals, install.signal)?.model.adopt(install.fit);
  }
}

/** Whether a fit has seen only rows from before the signal was read as it is now. */
export function isOfOtherReading({ fittedToSeconds }: ModelInstall, readings: Readings | undefined, signal: string): boolean {
  return fittedToSeconds < (ownValue(readings?.signals, signal)?.sinceSeconds ?? -Infinity);
}

/** A signal as a load that grows with what arrives, not with the replicas: a mean use is busy replicas. Undefined where it is absent. */
function loadOf(signal: SizedSignal, { signals, workload }: TargetSnapshot): number | undefined {
  const value = valueOf(ownValue(signals, signal.name));
  if (signal.kind === "follows" || signal.by === "per-replica" || value === undefined) return value;
  return workload.kind === "value" ? value * workload.readyReplicas : undefined;
}

/** The loads of a running forecast at its horizons; where nothing is foreseen the newest load stays. Empty while none is known. */
export function loadsAhead({ model, last }: SignalState, policy: Policy): readonly LoadAtHorizon[] {
  const { horizonsRows, rowSeconds } = model.spec;
  const stays = last === undefined ? undefined : { median: last.value, scale: 0 };
  return horizonsRows.flatMap((rows, i) => {
    const moments = policy.forecast.enabled ? model.moments(i) : stays;
    return moments === undefined ? [] : [{ horizonSeconds: rows * rowSeconds, medianPerSecond: moments.median, scale: moments.scale }];
  });
}

/** The highest median up to the lead time; NaN where nothing is foreseen. */
export function highestAhead({ model }: SignalState, policy: Policy): number {
  return policy.forecast.enabled ? model.highestAhead(LEAD_INDEX) : NaN;
}

/** How the plan of one signal is made from its loads: given by whoever knows the target's capacity. */
export type PlanSignal = (signal: SizedSignal, state: SignalState) => CapacityPlan | undefined;

/** The plans of all signals beside the demand that have one. */
export function signalPlans(states: SignalStates, policy: Policy, plan: PlanSignal): readonly { readonly name: string; readonly plan: CapacityPlan }[] {
  return sizedSignals(policy).flatMap((signal) => {
    const state = ownValue(states, signal.name);
    const planned = state === undefined ? undefined : plan(signal, state);
    return planned === undefined ? [] : [{ name: signal.name, plan: planned }];
  });
}
