import type { DomainMemory, PurchaseState } from "./purchase-request.ts";

/** A storm: within ten minutes at least three domains, and most of those that spot is bought in, have lost capacity. */
const STORM_WINDOW_SECONDS = 600;
const STORM_DOMAINS = 3;
const STORM_SHARE = 0.6;
/** The spot ceiling under a storm, and what each quiet ten minutes give back. */
const STORM_CEILING = 0.25;
const RETURN_STEP = 0.25;

/** The breaker towards on-demand: opened by a storm, closed by measured steps. Undefined while it is closed. */
export function watchStorm(before: PurchaseState["storm"], domains: ReadonlyMap<string, DomainMemory>, nowSeconds: number): PurchaseState["storm"] {
  let hit = 0;
  for (const { lastLossSeconds } of domains.values()) if (lastLossSeconds > 0 && nowSeconds - lastLossSeconds <= STORM_WINDOW_SECONDS) hit += 1;
  if (hit >= STORM_DOMAINS && hit >= STORM_SHARE * domains.size) return { ceilingShare: STORM_CEILING, sinceSeconds: nowSeconds };
  if (before === undefined || nowSeconds - before.sinceSeconds < STORM_WINDOW_SECONDS) return before;
  const ceilingShare = before.ceilingShare + RETURN_STEP;
  return ceilingShare >= 1 ? undefined : { ceilingShare, sinceSeconds: nowSeconds };
}
