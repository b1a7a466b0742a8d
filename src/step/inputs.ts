import { growthAt, servedSince } from "../learn/drain-watch.ts";
import { missing, present, valueOf } from "../model/observation.ts";
import type { Observation } from "../model/observation.ts";
import type { ExtraSignal, FollowSpec, Policy } from "../model/policy.ts";
import type { Snapshot, TargetSnapshot } from "../model/snapshot.ts";
import { evaluateFormula } from "../plan/evaluate-formula.ts";
import type { TargetState } from "./state.ts";
import { emptyRecord, ownValue } from "../model/record.ts";

/** A source of need beside the demand, with a target or a ratio. */
export type SizedSignal =
  | { readonly kind: "signal"; readonly name: string; readonly by: ExtraSignal["by"]; readonly target: number }
  | { readonly kind: "follows"; readonly name: string; readonly follow: FollowSpec };

/** The sources of need that a policy names beside the demand. */
export function sizedSignals(policy: Policy): readonly SizedSignal[] {
  const { extraSignals = [], follows = [] } = policy;
  return [
    ...extraSignals.flatMap(({ name, by, target }): readonly SizedSignal[] => (target === undefined ? [] : [{ kind: "signal", name, by, target }])),
    ...follows.map((follow): SizedSignal => ({ kind: "follows", name: `what ${follow.target} passes on`, follow })),
  ];
}

/** The names of those that are loads; a share (a use) is none. */
export function loadsBeside(policy: Policy): readonly string[] {
  return sizedSignals(policy).flatMap((signal) => (signal.kind === "follows" || signal.by === "per-replica" ? [signal.name] : []));
}

/**
 * What is seen of a target with what follows from it: arrivals where the demand counts what is served, the values of formulas,
 * and the load that comes on from the targets in front. Where the policy uses none of it, what was seen as it stands.
 */
export function completed(before: TargetState, { snapshot, seen, policy }: { readonly snapshot: Snapshot; readonly seen: TargetSnapshot; readonly policy: Policy }): TargetSnapshot {
  const { extraSignals, follows, demandIsServed } = policy;
  if (extraSignals === undefined && follows === undefined && demandIsServed === undefined) return seen;
  const demand = demandIsServed === true ? arrivals(before, seen) : seen.demand;
  const signals = emptyRecord<Observation>();
  const read = (name: string): Observation => (name === "readyReplicas" ? readyReplicas(seen) : name === "demand" ? demand : name === "utilization" || name === "missRatio" || name === "backlog" ? seen[name] : (signals[name] ?? NOT_READ));
  for (const signal of extraSignals ?? []) {
    signals[signal.name] = signal.formula === undefined ? (ownValue(seen.signals, signal.name) ?? NOT_READ) : evaluateFormula(signal.formula.root, read, snapshot.timeSeconds);
  }
  for (const one of sizedSignals(policy)) if (one.kind === "follows") signals[one.name] = passedOn(snapshot, one.follow);
  return { ...seen, demand, signals };
}

/** Past it nothing is a measurement (a petabyte of memory is not yet); sums of its squares would overflow. */
const LARGEST_VALUE = 1e15;

/** What was seen, with readings that cannot be measurements taken for invalid; where all can be, what was seen as it stands. */
export function believable(seen: TargetSnapshot): TargetSnapshot {
  const { demand, utilization, missRatio, backlog, signals = {} } = seen;
  if ([demand, utilization, missRatio, backlog, ...Object.values(signals)].every((observation) => sound(observation) === observation)) return seen;
  return {
    ...seen, demand: sound(demand), utilization: sound(utilization), missRatio: sound(missRatio), backlog: sound(backlog),
    ...(seen.signals !== undefined && { signals: Object.fromEntries(Object.entries(signals).map(([name, observation]) => [name, sound(observation)])) }),
  };
}

function sound(observation: Observation): Observation {
  if (observation.kind === "absent" || (observation.value >= 0 && observation.value <= LARGEST_VALUE)) return observation;
  return missing("invalid", `${String(observation.value)} is no measurement`);
}

const NOT_READ = missing("absent", "not in the snapshot");

function readyReplicas({ workload }: TargetSnapshot): Observation {
  return workload.kind === "value" ? present(workload.readyReplicas, workload.timeSeconds) : missing(workload.cause, workload.detail);
}

function passedOn(snapshot: Snapshot, { target, ratio }: FollowSpec): Observation {
  const demand = sound(ownValue(snapshot.targets, target)?.demand ?? missing("absent", `${target} is not in the snapshot`));
  return demand.kind === "value" ? present(demand.value * ratio, demand.timeSeconds) : missing(demand.cause, `${target}: ${demand.detail}`);
}

/** What arrives is what is served and what the backlog grew by; while the backlog is unknown, so is it. */
function arrivals({ queue }: TargetState, { demand, backlog }: TargetSnapshot): Observation {
  if (demand.kind === "absent") return demand;
  const waiting = valueOf(backlog);
  if (waiting === undefined || backlog.kind === "absent") return missing("absent", "what is served is known, but not how the backlog grew");
  if (queue === undefined) return demand;
  return { ...demand, value: Math.max(0, demand.value + growthAt(queue, { timeSeconds: backlog.timeSeconds, backlog: waiting })) };
}

/** Items a second that were worked off since the last reading of the backlog; NaN where it cannot be told. */
export function workedOffPerSecond({ queue }: TargetState, seen: TargetSnapshot): number {
  const demand = valueOf(seen.demand);
  const { backlog } = seen;
  if (queue === undefined || demand === undefined || backlog.kind === "absent" || backlog.timeSeconds <= queue.timeSeconds) return NaN;
  const sample = { timeSeconds: backlog.timeSeconds, backlog: backlog.value, arrivalsPerSecond: demand };
  return servedSince(queue, sample) / (backlog.timeSeconds - queue.timeSeconds);
}
