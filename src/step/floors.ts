import type { Override } from "../model/override.ts";
import type { Policy } from "../model/policy.ts";
import type { Snapshot } from "../model/snapshot.ts";

/**
 * The policies with the floors that people have set for a while: at least so many replicas, within the policy's own maximum. A
 * floor also wakes what a schedule has shut down. A policy without a floor is given back as it is.
 */
export function withFloors(policies: readonly Policy[], { overrides, timeSeconds }: Pick<Snapshot, "overrides" | "timeSeconds">): readonly Policy[] {
  const floors = overrides.filter(({ kind, createdAtSeconds, expiresAtSeconds }) => kind === "floor" && createdAtSeconds <= timeSeconds && timeSeconds < expiresAtSeconds);
  return floors.length === 0 ? policies : policies.map((policy) => withFloor(policy, floors));
}

function withFloor(policy: Policy, floors: readonly Override[]): Policy {
  const { awake, ...bounds } = policy.replicas;
  const mine = floors.filter(({ target }) => target === policy.name || target === policy.group || target === "*");
  const highest = mine.reduce<Override | undefined>((best, floor) => ((floor.replicas ?? 0) > (best?.replicas ?? -1) ? floor : best), undefined);
  if (highest === undefined) return policy;
  const { min, max } = awake ?? bounds;
  const from = `a floor of ${String(highest.replicas ?? 0)} by ${highest.author}: ${highest.reason}`;
  return { ...policy, replicas: { ...bounds, min: Math.max(min, Math.min(max, highest.replicas ?? 0)), max, from } };
}
