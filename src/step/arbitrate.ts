import type { Reason } from "../model/decision.ts";
import { arbitrate } from "../plan/arbitrate.ts";
import type { Claim } from "../plan/arbitrate.ts";
import { allowed } from "./propose.ts";
import type { Proposal } from "./propose.ts";
import type { Grant } from "./settle.ts";

/**
 * What each target of a group may have of what the group shares, in their order. A count is cut only as far as the guard lets it
 * go; where no limit binds, each has what was proposed.
 */
export function shareLimits(proposals: readonly Proposal[]): readonly Grant[] {
  let grants: readonly Grant[] = proposals.map(({ verdict }) => ({ replicas: verdict.desiredReplicas, reasons: [] }));
  const tightest = (pick: (shared: NonNullable<Proposal["policy"]["shared"]>) => number | undefined): number =>
    proposals.reduce((least, { policy }) => Math.min(least, (policy.shared === undefined ? undefined : pick(policy.shared)) ?? Infinity), Infinity);
  const maxReplicas = tightest((shared) => shared.maxReplicas);
  if (maxReplicas < Infinity) grants = share(proposals, grants, { code: "group-max-replicas", limit: maxReplicas, text: `the group shares ${String(maxReplicas)} replicas`, unit: () => 1 });
  const maxPerHourUsd = tightest((shared) => shared.maxPerHourUsd);
  if (maxPerHourUsd < Infinity) grants = share(proposals, grants, { code: "group-max-cost", limit: maxPerHourUsd, text: `the group shares $${String(maxPerHourUsd)} an hour`, unit: replicaPrice });
  return grants;
}

interface SharedLimit {
  readonly code: string;
  readonly limit: number;
  readonly text: string;
  /** What one replica takes; 0 where it takes nothing, or nobody knows what. */
  readonly unit: (proposal: Proposal) => number;
}

function share(proposals: readonly Proposal[], grants: readonly Grant[], { code, limit, text, unit }: SharedLimit): readonly Grant[] {
  const asked = (i: number): number => grants[i]?.replicas ?? 0;
  const units = proposals.map(unit);
  const total = proposals.reduce((sum, _, i) => sum + asked(i) * (units[i] ?? 0), 0);
  if (total <= limit + 1e-9) return grants;
  const claims = proposals.map((proposal, i): Claim => ({
    name: proposal.policy.name, priority: proposal.policy.shared?.priority ?? 0, askedReplicas: asked(i), unit: units[i] ?? 0,
    floorReplicas: (units[i] ?? 0) > 0 ? Math.min(asked(i), allowed(proposal, proposal.policy.replicas.min)) : asked(i),
  }));
  const granted = arbitrate(claims, limit);
  return proposals.map(({ policy }, i): Grant => {
    const before = asked(i);
    const after = granted.get(policy.name) ?? before;
    const reason: Reason = { code, text: `${text}; its priority is ${String(policy.shared?.priority ?? 0)}`, before, after };
    return after === before ? { replicas: before, reasons: grants[i]?.reasons ?? [] } : { replicas: after, reasons: [...(grants[i]?.reasons ?? []), reason] };
  });
}

/** By the mix that runs, else by what the policy says, else by the dearest offering; 0 where none is known. */
function replicaPrice({ state, policy, seen }: Proposal): number {
  const allocation = state.purchase?.allocation;
  if (allocation !== undefined && allocation.replicas > 0 && Number.isFinite(allocation.costPerHourUsd)) return allocation.costPerHourUsd / allocation.replicas;
  const offerings = seen.offerings ?? state.purchase?.offerings ?? [];
  const dearest = Math.max(0, ...offerings.map((offering) => offering.pricePerHourUsd / offering.replicas).filter(Number.isFinite));
  return policy.cost.replicaPerHourUsd ?? dearest;
}
