import type { ZeroFacts } from "../decide/rule.ts";
import { valueOf } from "../model/observation.ts";
import type { Policy } from "../model/policy.ts";
import type { TargetSnapshot } from "../model/snapshot.ts";
import { leadSeconds } from "./lead-time.ts";
import { loadsBeside } from "./inputs.ts";
import { loadsAhead } from "./signals.ts";
import type { SignalState } from "./signals.ts";
import { loadsOf } from "./sizing.ts";
import type { TargetState } from "./state.ts";

/** What is known of the load of a target whose last replica may go; undefined where the policy keeps one. */
export function zeroFacts(state: TargetState, { policy, seen, nowSeconds }: { readonly policy: Policy; readonly seen: TargetSnapshot; readonly nowSeconds: number }): ZeroFacts | undefined {
  const { idleAfterSeconds } = policy.replicas;
  if (idleAfterSeconds === undefined) return undefined;
  const beside = loadsBeside(policy);
  const waiting = [seen.demand, seen.backlog, ...beside.map((name) => seen.signals?.[name])];
  const within = Math.max(leadSeconds(state, policy), policy.evaluationIntervalSeconds);
  const loads = policy.forecast.enabled ? [...loadsOf(state, policy), ...beside.flatMap((name) => aheadOf(state.signals[name], policy))] : [];
  return {
    idleAfterSeconds,
    idleSeconds: state.idleSinceSeconds === undefined ? 0 : nowSeconds - state.idleSinceSeconds,
    hasLoad: waiting.some((observation) => (valueOf(observation) ?? 0) > 0),
    isQuietAhead: loads.every(({ medianPerSecond }) => medianPerSecond * within < 1),
  };
}

function aheadOf(signal: SignalState | undefined, policy: Policy): ReturnType<typeof loadsAhead> {
  return signal === undefined ? [] : loadsAhead(signal, policy);
}
