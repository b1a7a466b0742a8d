import type { Policy } from "../../model/policy.ts";
import { ShadowBaseline } from "./shadow-baseline.ts";

export interface PastLoad {
  readonly timeSeconds: number;
  readonly demand: number | undefined;
}

/** The HPA looks every 15 s: a coarser past would make it look slower than it is. */
const COARSEST_STEP_SECONDS = 15;

/**
 * What the HPA would have run on a load of the past, at today's capacity and lead time: as many counts as rows, undefined where
 * nothing can be said. Rows are in order of time, `stepSeconds` apart; a step coarser than 15 s gives nothing.
 */
export function replayedBaseline(policy: Policy, past: readonly PastLoad[], at: { readonly stepSeconds: number; readonly requestsPerSecondPerReplica: number | undefined; readonly leadTimeSeconds: number }): readonly (number | undefined)[] {
  const { stepSeconds, ...known } = at;
  if (stepSeconds > COARSEST_STEP_SECONDS) return past.map(() => undefined);
  const hpa = new ShadowBaseline(policy);
  return past.map(({ timeSeconds, demand }) => hpa.tick({ timeSeconds, demand, ...known }));
}
