import { valueOf } from "../../model/observation.ts";
import type { Policy } from "../../model/policy.ts";
import type { TargetSnapshot } from "../../model/snapshot.ts";
import { serviceOf } from "../../replay/run-replay.ts";
import type { ServiceModel } from "../../twin/service.ts";
import { addMisses, ModelledQueue, type MissSum } from "./miss-meter.ts";

/** What the target's own replicas missed of the objective, and what the HPA's would have missed on the same load. */
export interface ObjectiveBeside {
  /** For so long both were known. */
  readonly seconds: number;
  readonly errorBudget: number;
  /** Whether `own` is what the service measured; else it is modelled as the HPA's are. */
  readonly isMeasured: boolean;
  readonly own: MissSum;
  readonly baseline: MissSum;
}

export interface BesideTick {
  readonly timeSeconds: number;
  readonly seen: TargetSnapshot;
  readonly requestsPerSecondPerReplica: number | undefined;
  /** Ready of the HPA's, in its own shadow. */
  readonly baselineReplicas: number | undefined;
}

interface Ready {
  readonly timeSeconds: number;
  readonly own: number;
  readonly baseline: number;
}

/** A gap longer than so many intervals counts no more than these: nothing was measured in it. */
const LONGEST_INTERVALS = 4;
const NONE: MissSum = { requests: 0, missed: 0, overSeconds: 0 };

/**
 * Judges the target's replicas and the HPA's by the objective while both are known. Where the service measures its misses, these
 * are its own, and the HPA's are these and what the model of a queue says that its replicas would have missed more (or less):
 * so what the model gets wrong, it gets wrong for both. Kept in memory, as the spend beside it.
 */
export class ObjectiveBook {
  readonly #queues = { own: new ModelledQueue(), baseline: new ModelledQueue() };
  #own = NONE;
  #baseline = NONE;
  #seconds = 0;
  #isMeasured = false;
  #lastSeconds: number | undefined;
  /** Ready lately, oldest first: the demand of a window is judged by what was ready in its middle. */
  #ready: readonly Ready[] = [];

  add(policy: Policy, { timeSeconds, seen, requestsPerSecondPerReplica: rate, baselineReplicas }: BesideTick): void {
    const passed = timeSeconds - (this.#lastSeconds ?? timeSeconds);
    this.#lastSeconds = timeSeconds;
    const demandPerSecond = valueOf(seen.demand);
    const seconds = Math.min(passed, LONGEST_INTERVALS * policy.evaluationIntervalSeconds);
    if (baselineReplicas === undefined || seen.workload.kind !== "value") return;
    const ready = this.#readyAt({ timeSeconds, own: seen.workload.readyReplicas, baseline: baselineReplicas }, policy.signals.demand.windowSeconds / 2);
    if (!(seconds > 0) || demandPerSecond === undefined || rate === undefined || !(rate > 0)) return;
    const span = { service: requestServiceOf(policy, rate), demandPerSecond, seconds };
    const modelled = { own: this.#queues.own.missShare({ ...span, readyReplicas: ready.own }), baseline: this.#queues.baseline.missShare({ ...span, readyReplicas: ready.baseline }) };
    const measured = valueOf(seen.missRatio);
    this.#isMeasured ||= measured !== undefined;
    const own = measured ?? modelled.own;
    const counted = { requests: demandPerSecond * seconds, seconds, errorBudget: policy.objective.errorBudget };
    this.#seconds += seconds;
    this.#own = addMisses(this.#own, own, counted);
    this.#baseline = addMisses(this.#baseline, own + modelled.baseline - modelled.own, counted);
  }

  /** Undefined until both were known for a tick. */
  view(policy: Policy): ObjectiveBeside | undefined {
    if (this.#seconds === 0) return undefined;
    const missed = Math.min(this.#baseline.requests, Math.max(0, this.#baseline.missed));
    return { seconds: this.#seconds, errorBudget: policy.objective.errorBudget, isMeasured: this.#isMeasured, own: this.#own, baseline: { ...this.#baseline, missed } };
  }

  #readyAt(now: Ready, agoSeconds: number): Ready {
    const atSeconds = now.timeSeconds - agoSeconds;
    const known = [...this.#ready, now];
    const at = Math.max(0, known.findLastIndex(({ timeSeconds }) => timeSeconds <= atSeconds));
    this.#ready = known.slice(at);
    return known[at] ?? now;
  }
}

/** The objective is of a whole request: what its service takes is not left for the wait. */
function requestServiceOf(policy: Policy, rate: number): ServiceModel {
  const service = serviceOf(policy, rate);
  return { ...service, objectiveSeconds: Math.max(0, service.objectiveSeconds - service.serviceSeconds) };
}
