import { valueOf } from "../../model/observation.ts";
import type { Decision } from "../../model/decision.ts";
import type { Policy } from "../../model/policy.ts";
import type { TargetSnapshot } from "../../model/snapshot.ts";
import { ObjectiveBook, type ObjectiveBeside } from "../shadow/objective-beside.ts";
import type { HistoryRow, SpendStatus } from "./daemon-view.ts";

/** What one pass came to for one target. */
export interface TargetPass {
  readonly timeSeconds: number;
  readonly seen: TargetSnapshot;
  readonly decision: Decision;
  /** The load that the ready replicas can carry within the objective; undefined until the capacity is known. */
  readonly capacity: number | undefined;
  /** Replicas that the newest load needs, within the objective. */
  readonly neededReplicas: number | undefined;
  /** What one replica carries at full use, as learned. */
  readonly requestsPerSecondPerReplica: number | undefined;
  /** Ready of the HPA's, in its own shadow. */
  readonly baselineReplicas: number | undefined;
  /** Ready and ordered: what the HPA would be billed for. */
  readonly baselineTotalReplicas: number | undefined;
}

const KEPT_ROWS = 20_000;

/** What the page shows of one target: a row a tick, and the running account against the baseline. Kept in memory only. */
export class TargetBoard {
  policy: Policy;
  #rows: HistoryRow[] = [];
  #last: TargetPass | undefined;
  #budget = { requests: 0, missed: 0 };
  readonly #objective = new ObjectiveBook();
  readonly #account: { sinceSeconds: number; usd: number; baselineUsd: number; grams: number; baselineGrams: number; priced: boolean; weighed: boolean };

  constructor(policy: Policy, nowSeconds: number) {
    this.policy = policy;
    this.#account = { sinceSeconds: nowSeconds, usd: 0, baselineUsd: 0, grams: 0, baselineGrams: 0, priced: false, weighed: false };
  }

  get last(): TargetPass | undefined {
    return this.#last;
  }

  /** Adds a pass and gives the row that the charts show. */
  add(pass: TargetPass): HistoryRow {
    this.#charge(pass);
    this.#objective.add(this.policy, pass);
    const { seen, decision } = pass;
    const workload = seen.workload.kind === "value" ? seen.workload : undefined;
    const row: HistoryRow = {
      timeSeconds: pass.timeSeconds,
      demand: valueOf(seen.demand),
      capacity: pass.capacity,
      readyReplicas: workload?.readyReplicas,
      desiredReplicas: decision.desiredReplicas,
      baselineReplicas: pass.baselineReplicas,
      neededReplicas: pass.neededReplicas,
      missRatio: valueOf(seen.missRatio),
    };
    this.#rows.push(row);
    if (this.#rows.length > KEPT_ROWS) this.#rows = this.#rows.slice(-Math.floor(KEPT_ROWS * 0.9));
    this.#last = pass;
    return row;
  }

  rows(fromSeconds: number, toSeconds: number): readonly HistoryRow[] {
    return this.#rows.filter((row) => row.timeSeconds >= fromSeconds && row.timeSeconds < toSeconds);
  }

  get firstRowSeconds(): number | undefined {
    return this.#rows[0]?.timeSeconds;
  }

  spend(): SpendStatus {
    const rate = this.#last && ratesOf(this.#last, this.policy);
    const { sinceSeconds, usd, baselineUsd, grams, baselineGrams, priced, weighed } = this.#account;
    return {
      sinceSeconds,
      costPerHourUsd: rate?.usd,
      carbonGramsPerHour: rate?.grams,
      baselineCostPerHourUsd: rate?.baselineUsd,
      baselineCarbonGramsPerHour: rate?.baselineGrams,
      costUsd: priced ? usd : undefined,
      baselineCostUsd: priced ? baselineUsd : undefined,
      savedUsd: priced ? baselineUsd - usd : undefined,
      savedCarbonGrams: weighed ? baselineGrams - grams : undefined,
    };
  }

  objective(): ObjectiveBeside | undefined {
    return this.#objective.view(this.policy);
  }

  /** Share of the error budget used since the start: missed requests over those that the objective lets miss. */
  errorBudgetUsedShare(): number | undefined {
    const { requests, missed } = this.#budget;
    return requests > 0 ? missed / (requests * this.policy.objective.errorBudget) : undefined;
  }

  /** The time since the last pass is charged at the last pass's rates. */
  #charge(pass: TargetPass): void {
    const last = this.#last;
    if (last === undefined) return;
    const hours = (pass.timeSeconds - last.timeSeconds) / 3600;
    const rate = ratesOf(last, this.policy);
    if (rate.usd !== undefined && rate.baselineUsd !== undefined) {
      this.#account.usd += rate.usd * hours;
      this.#account.baselineUsd += rate.baselineUsd * hours;
      this.#account.priced = true;
    }
    if (rate.grams !== undefined && rate.baselineGrams !== undefined) {
      this.#account.grams += rate.grams * hours;
      this.#account.baselineGrams += rate.baselineGrams * hours;
      this.#account.weighed = true;
    }
    const demand = valueOf(pass.seen.demand);
    const missRatio = valueOf(pass.seen.missRatio);
    if (demand !== undefined && missRatio !== undefined) {
      this.#budget.requests += demand * hours * 3600;
      this.#budget.missed += demand * missRatio * hours * 3600;
    }
  }
}

interface Rates {
  readonly usd: number | undefined;
  readonly grams: number | undefined;
  readonly baselineUsd: number | undefined;
  readonly baselineGrams: number | undefined;
}

/** Dollars and grams an hour, ours and the baseline's. The baseline buys the same machines on demand: it knows of no market. */
function ratesOf(pass: TargetPass, policy: Policy): Rates {
  const { decision, baselineTotalReplicas: baselineReplicas, seen } = pass;
  const usd = decision.costPerHourUsd;
  const grams = decision.carbonGramsPerHour;
  const replicas = decision.allocation?.replicas ?? decision.desiredReplicas;
  const onDemand = (seen.offerings ?? []).filter((offering) => offering.capacityType === "on-demand" && Number.isFinite(offering.pricePerHourUsd));
  const cheapest = onDemand.length > 0 ? Math.min(...onDemand.map((offering) => offering.pricePerHourUsd / offering.replicas)) : policy.cost.replicaPerHourUsd;
  return {
    usd,
    grams,
    baselineUsd: baselineReplicas !== undefined && cheapest !== undefined ? baselineReplicas * cheapest : undefined,
    baselineGrams: baselineReplicas !== undefined && grams !== undefined && replicas > 0 ? (grams / replicas) * baselineReplicas : undefined,
  };
}
