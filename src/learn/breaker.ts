import type { Outcome } from "../model/intent.ts";

/** Opens after three writes in a row that came to nothing, so that a broken cloud is not asked for ever. Plain data. */
export interface Breaker {
  readonly failures: number;
  readonly openUntilSeconds: number;
}

export const CLOSED_BREAKER: Breaker = { failures: 0, openUntilSeconds: -Infinity };

const FAILURES = 3;
const OPEN_SECONDS = 300;
/** Refusals of the gate say nothing about the cloud. */
const WITHOUT_EFFECT: readonly Outcome["kind"][] = ["failed", "unknown", "no-op"];

/** The breaker after the outcomes of one target; the first success closes it, and after five minutes one write is tried. */
export function breakerAfter(before: Breaker, outcomes: readonly Outcome[], nowSeconds: number): Breaker {
  let { failures, openUntilSeconds } = before;
  for (const { kind } of outcomes) {
    if (kind === "applied") ({ failures, openUntilSeconds } = CLOSED_BREAKER);
    if (!WITHOUT_EFFECT.includes(kind)) continue;
    failures += 1;
    if (failures >= FAILURES) openUntilSeconds = nowSeconds + OPEN_SECONDS;
  }
  return failures === before.failures && openUntilSeconds === before.openUntilSeconds ? before : { failures, openUntilSeconds };
}
