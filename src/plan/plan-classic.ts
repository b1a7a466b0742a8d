import type { CapacityPlan } from "../model/plan.ts";
import type { ClassicFacts } from "./classic-replicas.ts";
import { replicasByTotal, replicasByUse } from "./classic-replicas.ts";
import type { LoadAtHorizon } from "./plan-capacity.ts";

/** A load to be met by a stated target, as the HPA would, now and as it is foreseen. Loads are in the target's unit. */
export interface ClassicRequest {
  readonly loads: readonly LoadAtHorizon[];
  readonly leadIndex: number;
  readonly leadTimeSeconds: number;
  readonly newestLoad: number | undefined;
  /** The highest median that is foreseen up to the lead time; NaN where nothing is. */
  readonly highestAhead: number;
  /** What is to be worked off besides, in the load's unit: from the lead time on, and now. */
  readonly extraAtLead: number;
  readonly extraNow: number;
  readonly by: "per-replica" | "utilization";
  readonly target: number;
  /** Load that one replica carries at full use; for `per-replica` it is not looked at. */
  readonly fullLoadPerReplica: number;
  /** The measured mean use of the ready replicas, for `utilization`. */
  readonly measuredUse: number | undefined;
  /** False: the newest data alone. */
  readonly foresees: boolean;
  readonly facts: ClassicFacts;
  readonly quantile: number;
}

/** The plan of a classic target: the HPA's calculation over the newest data, and over each load that is foreseen. */
export function planClassic(request: ClassicRequest): CapacityPlan {
  const { loads, leadIndex, newestLoad, highestAhead, extraAtLead, extraNow } = request;
  const reactive = newestLoad === undefined ? 0 : newest(request, newestLoad, extraNow);
  const needed = loads.map((load) => (request.foresees ? countFor(request, load.medianPerSecond + extraAtLead) : reactive));
  const near = request.foresees && highestAhead >= 0 ? countFor(request, highestAhead) : 0;
  const atLeadTime = needed[leadIndex] ?? reactive;
  return {
    horizonsSeconds: loads.map((load) => load.horizonSeconds),
    neededReplicas: needed,
    atLeadTime, reactive,
    wanted: Math.max(atLeadTime, reactive),
    hold: Math.max(near, ...needed.slice(leadIndex)),
    quantile: request.quantile,
    leadTimeSeconds: request.leadTimeSeconds,
    requestsPerSecondPerReplica: request.by === "per-replica" ? request.target : request.fullLoadPerReplica,
    reasons: [],
  };
}

/** The measured use is what the HPA looks at; work that waits comes on top of it. */
function newest(request: ClassicRequest, load: number, extra: number): number {
  const { by, measuredUse, target, facts, fullLoadPerReplica } = request;
  if (by === "per-replica" || measuredUse === undefined) return countFor(request, load + extra);
  const extraUse = extra > 0 ? extra / (fullLoadPerReplica * facts.readyReplicas) : 0;
  return replicasByUse(measuredUse + (Number.isFinite(extraUse) ? extraUse : 0), target, facts);
}

function countFor({ by, target, fullLoadPerReplica, facts }: ClassicRequest, load: number): number {
  if (by === "per-replica") return replicasByTotal(load, target, facts);
  if (!(fullLoadPerReplica > 0)) return 0;
  if (facts.readyReplicas <= 0) return Math.ceil(load / (fullLoadPerReplica * target) - 1e-9);
  return replicasByUse(load / (fullLoadPerReplica * facts.readyReplicas), target, facts);
}
