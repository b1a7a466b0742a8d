import { latestSafeStartSeconds } from "./deferral.ts";
import type { Cohort } from "./waiting-work.ts";

/** What an hour costs and emits per replica. */
export interface HourPrice {
  readonly startSeconds: number;
  readonly usdPerReplica: number;
  readonly gramsPerReplica: number;
}

export interface DeferTerms {
  readonly nowSeconds: number;
  readonly cohorts: readonly Cohort[];
  /** The hours ahead up to the last deadline, ascending; the first holds now. */
  readonly hours: readonly HourPrice[];
  readonly itemsPerSecondPerReplica: number;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly usdPerGram: number;
  /** From an order to a replica that works. */
  readonly leadSeconds: number;
  readonly changeoverSeconds: number;
}

export interface DeferPlan {
  /** Replicas for each hour. */
  readonly replicas: readonly number[];
  /** Replicas without which a deadline could no longer be kept: 0 while all can still start later. */
  readonly urgentReplicas: number;
  /** When the first cohort must start at full strength; Infinity without work. */
  readonly latestStartSeconds: number;
}

const HOUR_SECONDS = 3600;

/**
 * Replicas for each hour so that every cohort is done by its deadline, in the hours of least dollars and grams: the earliest
 * deadline takes its cheapest hours first, the next one what is left of them (CarbonScaler's greedy, once a deadline). Beside it
 * the switch: once a cohort could not be done by all replicas from its latest safe start on, it runs now, whatever an hour costs.
 */
export function deferQueue(terms: DeferTerms): DeferPlan {
  const { nowSeconds, cohorts, hours, itemsPerSecondPerReplica: rate, maxReplicas } = terms;
  const used = hours.map(() => 0);
  const price = hours.map(({ usdPerReplica, gramsPerReplica }) => usdPerReplica + terms.usdPerGram * gramsPerReplica);
  const order = hours.map((_, at) => at).sort((a, b) => (price[a] ?? 0) - (price[b] ?? 0) || a - b);
  for (const { deadlineSeconds, items } of cohorts) {
    let left = items / rate;
    const end = deadlineSeconds - 2 * terms.changeoverSeconds;
    for (const at of order) {
      if (left <= 1e-9) break;
      const startSeconds = Math.max(nowSeconds, hours[at]?.startSeconds ?? 0);
      const seconds = Math.min(end, (hours[at]?.startSeconds ?? 0) + HOUR_SECONDS) - startSeconds;
      if (seconds <= 0) continue;
      const taken = Math.min(left, Math.max(0, maxReplicas * seconds - (used[at] ?? 0)));
      used[at] = (used[at] ?? 0) + taken;
      left -= taken;
    }
  }
  const replicas = used.map((replicaSeconds, at) => {
    const seconds = (hours[at]?.startSeconds ?? 0) + HOUR_SECONDS - Math.max(nowSeconds, hours[at]?.startSeconds ?? 0);
    return Math.min(maxReplicas, Math.max(terms.minReplicas, seconds > 0 ? Math.ceil(replicaSeconds / seconds - 1e-9) : 0));
  });
  return { replicas, ...urgency(terms) };
}

/** The cumulative work of each deadline against the time that is left for it. */
function urgency({ nowSeconds, cohorts, itemsPerSecondPerReplica: rate, maxReplicas, leadSeconds, changeoverSeconds }: DeferTerms): Pick<DeferPlan, "urgentReplicas" | "latestStartSeconds"> {
  let work = 0;
  let latestStartSeconds = Infinity;
  for (const { deadlineSeconds, items } of cohorts) {
    work += items / rate;
    latestStartSeconds = Math.min(latestStartSeconds, latestSafeStartSeconds(deadlineSeconds, work / maxReplicas, changeoverSeconds) - leadSeconds);
  }
  return { urgentReplicas: nowSeconds >= latestStartSeconds ? maxReplicas : 0, latestStartSeconds };
}
