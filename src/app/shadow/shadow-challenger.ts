import type { FitResult } from "../../../forecasts/forecaster.ts";
import { contentDigest } from "../../model/content-digest.ts";
import { present, type Observation } from "../../model/observation.ts";
import type { Policy } from "../../model/policy.ts";
import type { ModelInstall, TargetSnapshot } from "../../model/snapshot.ts";
import { fitInput, fitRequests, restoreGroupState, saveGroupState, step, type GroupState } from "../../step.ts";
import { advanceCluster, BENCHMARK_CLUSTER, readCluster, setDesired, startCluster, type ClusterState } from "../../twin/cluster.ts";
import type { FitJob } from "../forecasts/fit-pool.ts";

export interface ChallengerTick {
  readonly timeSeconds: number;
  /** What the champion sees. */
  readonly seen: TargetSnapshot;
  readonly requestsPerSecondPerReplica: number;
  readonly leadTimeSeconds: number;
  /** Share of the requests that its own replicas missed in the last tick. */
  readonly missRatio: number | undefined;
}

export interface ChallengerPorts {
  fit(job: FitJob): Promise<FitResult>;
  effective(policy: Policy, timeSeconds: number): Policy;
}

/**
 * The challenger's own step, with replicas of its own in a cluster of the twin. It begins with what the champion has learned, as
 * a promotion would, and never acts: its decisions move only its own replicas. It sees the champion's load, and the use and the
 * misses that this load would cause on its own replicas.
 */
export class ShadowChallenger {
  readonly policy: Policy;
  readonly #ports: ChallengerPorts;
  #state: GroupState;
  #cluster: ClusterState;
  readonly #fits: { readonly install: ModelInstall; readonly installAtSeconds: number }[] = [];

  constructor(policy: Policy, from: { readonly state: GroupState; readonly replicas: number; readonly timeSeconds: number }, ports: ChallengerPorts) {
    this.policy = policy;
    this.#ports = ports;
    const own = restoreGroupState(saveGroupState(from.state), [policy]);
    if (!own.ok) throw new Error(own.message);
    this.#state = own.value;
    this.#cluster = startCluster(from.timeSeconds, from.replicas, 1);
  }

  /** Decides once and gives the replicas that are ready and ordered before the decision takes hold. */
  tick(input: ChallengerTick): { readonly readyReplicas: number; readonly pendingReplicas: number; readonly desiredReplicas: number } {
    const { timeSeconds, leadTimeSeconds } = input;
    const spec = BENCHMARK_CLUSTER(leadTimeSeconds);
    this.#cluster = advanceCluster(this.#cluster, spec, timeSeconds);
    const { readyReplicas, pendingReplicas } = readCluster(this.#cluster);
    const policies = [this.#ports.effective(this.policy, timeSeconds)];
    const { decisions, nextState } = step(this.#state, {
      timeSeconds, wake: "tick", epoch: 0, targets: { [this.policy.name]: seenBy(input, readyReplicas, pendingReplicas) },
      installs: this.#due(timeSeconds), outcomes: [], overrides: [],
    }, policies);
    this.#state = nextState;
    this.#startFits();
    const desiredReplicas = decisions[0]?.desiredReplicas ?? readyReplicas + pendingReplicas;
    this.#cluster = setDesired(this.#cluster, spec, desiredReplicas).state;
    return { readyReplicas, pendingReplicas, desiredReplicas };
  }

  #due(nowSeconds: number): readonly ModelInstall[] {
    const due = this.#fits.filter(({ installAtSeconds }) => installAtSeconds <= nowSeconds);
    for (const one of due) this.#fits.splice(this.#fits.indexOf(one), 1);
    return due.map(({ install }) => install);
  }

  #startFits(): void {
    for (const request of fitRequests(this.#state, [this.policy])) {
      const input = fitInput(this.#state, request, [this.policy]);
      if (input === undefined) continue;
      const { installAtSeconds, upToSeconds, ...named } = request;
      void this.#ports.fit({ forecasterId: request.modelId, input }).then((result) => {
        if (result.ok) this.#fits.push({ installAtSeconds, install: { ...named, digest: contentDigest(result.fit), fittedToSeconds: upToSeconds, fit: result.fit } });
      }, () => undefined);
    }
  }
}

function seenBy({ timeSeconds, seen, requestsPerSecondPerReplica, missRatio }: ChallengerTick, readyReplicas: number, pendingReplicas: number): TargetSnapshot {
  const demand = seen.demand.kind === "value" ? seen.demand.value : undefined;
  const own = (champions: Observation, value: number | undefined): Observation => (champions.kind === "absent" || value === undefined ? champions : present(value, champions.timeSeconds));
  const use = demand === undefined || readyReplicas === 0 ? undefined : Math.min(1, demand / (readyReplicas * requestsPerSecondPerReplica));
  return {
    ...seen, notices: [],
    utilization: own(seen.utilization, use), missRatio: own(seen.missRatio, missRatio),
    workload: { kind: "value", timeSeconds, desiredReplicas: readyReplicas + pendingReplicas, readyReplicas, pendingReplicas },
  };
}
