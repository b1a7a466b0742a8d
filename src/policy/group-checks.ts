import type { Policy } from "../model/policy.ts";
import type { Fault } from "./issues.ts";
import type { SpecInput } from "./policy-schema.ts";
import { formatSeconds } from "./scalars.ts";
import { suggestOneOf } from "./suggest.ts";

const fault = (path: readonly (string | number)[], message: string, suggestion: string): Fault => ({ path: ["spec", ...path], at: "value", message, suggestion });

/** Faults between the clauses that concern more than one replica, signal or target. */
export function breadthFaults(spec: Partial<SpecInput>): readonly Fault[] {
  return [...zeroFaults(spec), ...queueFaults(spec), ...redundancyFaults(spec), ...sharedFaults(spec), ...minimumRunFaults(spec)];
}

function zeroFaults({ replicas }: Partial<SpecInput>): readonly Fault[] {
  if (replicas?.idleAfter === undefined || replicas.min === 0) return [];
  return [{ ...fault(["replicas", "idleAfter"], `has no effect with min: ${String(replicas.min)}: the last replica never goes`, "write min: 0, or remove it"), at: "key" }];
}

function queueFaults({ demand, backlog }: Partial<SpecInput>): readonly Fault[] {
  const faults: Fault[] = [];
  if (demand?.counts === "served" && backlog === undefined) faults.push(fault(["demand", "counts"], "counts: served needs a backlog: what arrives is what is served and what the backlog grew by", "write backlog: { preset: queue-depth, … }"));
  const isGauge = demand?.extract === "gauge" || demand?.preset === "queue-depth" || demand?.preset === "http-concurrency" || demand?.preset === "memory";
  if (backlog?.drainWithin !== undefined && demand !== undefined && isGauge) faults.push(fault(["backlog", "drainWithin"], "needs a demand that is a rate: what arrives while the backlog is worked off", "write demand: { preset: consumer-rate, … }"));
  if (backlog?.drainWithin !== undefined && backlog.drainWithin < backlog.window) faults.push(fault(["backlog", "drainWithin"], `is shorter than the window of ${formatSeconds(backlog.window)}: it would be over before it is seen`, `did you mean ${formatSeconds(2 * backlog.window)}?`));
  return faults;
}

function redundancyFaults({ redundancy, replicas }: Partial<SpecInput>): readonly Fault[] {
  if (redundancy === undefined || replicas === undefined) return [];
  const faults: Fault[] = [];
  if (redundancy.spareReplicas >= replicas.max) faults.push(fault(["redundancy", "spareReplicas"], `${String(redundancy.spareReplicas)} leaves none of replicas.max ${String(replicas.max)} for the load`, "raise replicas.max"));
  if (redundancy.zones > replicas.max) faults.push(fault(["redundancy", "zones"], `${String(redundancy.zones)} zones need more than replicas.max ${String(replicas.max)}`, "raise replicas.max"));
  return faults;
}

function sharedFaults({ shared, cost, purchase }: Partial<SpecInput>): readonly Fault[] {
  if (shared?.maxPerHourUsd === undefined || purchase !== undefined || cost?.replicaPerHourUsd !== undefined) return [];
  return [fault(["shared", "maxPerHourUsd"], "needs a price: what one replica costs is not known", "write cost: { replicaPerHourUsd: 0.1 }, or purchase:")];
}

function minimumRunFaults({ behavior }: Partial<SpecInput>): readonly Fault[] {
  const seconds = behavior?.scaleIn.minimumRunTime;
  if (seconds === undefined || seconds <= 86_400) return [];
  return [fault(["behavior", "scaleIn", "minimumRunTime"], `${formatSeconds(seconds)} would keep a day's peak for more than a day`, "did you mean 1d?")];
}

/** Leaders that a policy follows but that are not in its group, and circles. Paths are of the policy's document. */
export function followFaults(policy: Policy, policies: readonly Policy[]): readonly Fault[] {
  const others = policies.filter((other) => other.group === policy.group && other.name !== policy.name);
  return (policy.follows ?? []).flatMap(({ target }, index) => {
    const path = ["follows", index, "target"];
    const leader = others.find((other) => other.name === target);
    if (leader === undefined) return [fault(path, `${target} is not another policy of the group ${policy.group}`, suggestOneOf(target, others.map((other) => other.name)) ?? `write metadata: { group: ${policy.group} } in its policy`)];
    return leadersOf(leader, policies).has(policy.name) ? [fault(path, `${target} follows ${policy.name} itself: a circle`, "remove one of the two")] : [];
  });
}

/** The names that a policy follows, directly and by way of others. */
function leadersOf(policy: Policy, policies: readonly Policy[]): ReadonlySet<string> {
  const names = new Set<string>();
  const open = [policy];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const { target } of next.follows ?? []) {
      if (names.has(target)) continue;
      names.add(target);
      open.push(...policies.filter(({ name }) => name === target));
    }
  }
  return names;
}
