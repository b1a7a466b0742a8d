import type { ZeroFacts } from "./decide/rule.ts";
import { valueOf } from "./model/observation.ts";
import type { Policy } from "./model/policy.ts";
import type { TargetSnapshot } from "./model/snapshot.ts";
import { leadSeconds } from "./step-lead-time.ts";
import { loadsAhead } from "./step-signals.ts";
import { loadsOf } from "./step-sizing.ts";
import type { TargetState } from "./step-state.ts";

/** What is known of the load of a target whose last replica may go; undefined where the policy keeps one. */
export function zeroFacts(state: TargetState, { policy, seen, nowSeconds }: { readonly policy: Policy; readonly seen: TargetSnapshot; readonly nowSeconds: number }): ZeroFacts | undefined {
  const { idleAfterSeconds } = policy.replicas;
  if (idleAfterSeconds === undefined) return undefined;
  const waiting = [seen.demand, seen.backlog, ...Object.values(seen.signals ?? {})];
  const within = Math.max(leadSeconds(state, policy), policy.evaluationIntervalSeconds);
  const loads = policy.forecast.enabled ? [...loadsOf(state, policy), ...Object.values(state.signals).flatMap((signal) => loadsAhead(signal, policy))] : [];
  return {
    idleAfterSeconds,
    idleSeconds: state.idleSinceSeconds === undefined ? 0 : nowSeconds - state.idleSinceSeconds,
    hasLoad: waiting.some((observation) => (valueOf(observation) ?? 0) > 0),
    isQuietAhead: loads.every(({ medianPerSecond }) => medianPerSecond * within < 1),
  };
}
