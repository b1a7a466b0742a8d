/** What is known of the load that one replica carries at full use, requests per second. */
export interface CapacityEstimate {
  /** NaN until there is a belief or a sample. */
  readonly requestsPerSecondPerReplica: number;
  /** Mean absolute relative deviation of the samples from the estimate. */
  readonly spread: number;
  readonly samples: number;
}

export interface CapacitySample {
  readonly demandPerSecond: number;
  readonly utilization: number;
  readonly readyReplicas: number;
  /** True while a replica became ready within the window that the utilization describes: its share of the work is not known. */
  readonly fleetChanged: boolean;
}

const WEIGHT = 0.02;
const LEAST_UTILIZATION = 0.15;
const MOST_UTILIZATION = 0.95;
/** One sample may move the estimate by no more than this share of it: robust against a single corrupt value. */
const LARGEST_SURPRISE = 0.5;

export function believedCapacity(requestsPerSecondPerReplica: number | undefined): CapacityEstimate {
  return { requestsPerSecondPerReplica: requestsPerSecondPerReplica ?? NaN, spread: 0, samples: 0 };
}

/**
 * Learns the capacity of a replica by the utilization law X = load / (use × replicas), as an exponentially weighted mean.
 * Samples at a use under 0.15 (noise) or over 0.95 (saturated: the load is not the demand), and those taken while the fleet
 * changed, teach nothing. Source: Lazowska et al., Quantitative System Performance (1984), section 3.3.
 */
export function learnCapacity(state: CapacityEstimate, sample: CapacitySample): CapacityEstimate {
  const { demandPerSecond, utilization, readyReplicas } = sample;
  if (sample.fleetChanged || readyReplicas <= 0 || !(demandPerSecond > 0)) return state;
  if (!(utilization >= LEAST_UTILIZATION && utilization <= MOST_UTILIZATION)) return state;
  return blend(state, demandPerSecond / (utilization * readyReplicas));
}

/**
 * Learns the capacity of a replica that never lacks work: what is worked off of a backlog, over the replicas. `isBusy` is false
 * while the backlog may have run dry within the reading, or the fleet changed.
 */
export function learnWorkedOff(state: CapacityEstimate, sample: { readonly workedOffPerSecond: number; readonly readyReplicas: number; readonly isBusy: boolean }): CapacityEstimate {
  const { workedOffPerSecond, readyReplicas, isBusy } = sample;
  return isBusy && readyReplicas > 0 && workedOffPerSecond > 0 ? blend(state, workedOffPerSecond / readyReplicas) : state;
}

function blend(state: CapacityEstimate, seen: number): CapacityEstimate {
  if (!Number.isFinite(state.requestsPerSecondPerReplica)) return { requestsPerSecondPerReplica: seen, spread: 0, samples: 1 };
  const weight = Math.max(WEIGHT, state.samples === 0 ? 0 : 1 / (state.samples + 1));
  const surprise = seen / state.requestsPerSecondPerReplica - 1;
  const clipped = Math.max(-LARGEST_SURPRISE, Math.min(LARGEST_SURPRISE, surprise));
  return {
    requestsPerSecondPerReplica: state.requestsPerSecondPerReplica * (1 + weight * clipped),
    spread: state.spread + WEIGHT * (Math.abs(clipped) - state.spread),
    samples: state.samples + 1,
  };
}
