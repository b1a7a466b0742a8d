import { STORM_WINDOW_SECONDS } from "./memory.ts";
import type { Sight } from "./memory.ts";
import type { PurchaseState } from "./purchase-request.ts";

/** A storm: within ten minutes at least three domains, most of those that sell spot, and a third of the spot fleet are hit. */
const STORM_DOMAINS = 3;
const STORM_SHARE = 0.6;
const STORM_FLEET_SHARE = 1 / 3;
/** The spot ceiling under a storm, and what each quiet ten minutes give back. */
const STORM_CEILING = 0.25;
const RETURN_STEP = 0.25;

/** The breaker towards on-demand: opened by a storm, closed by measured steps. Undefined while it is closed. */
export function watchStorm(before: PurchaseState["storm"], { domains, losses, spotHealthy }: Sight, nowSeconds: number): PurchaseState["storm"] {
  let hit = 0;
  for (const { lastLossSeconds } of domains.values()) if (lastLossSeconds > 0 && nowSeconds - lastLossSeconds <= STORM_WINDOW_SECONDS) hit += 1;
  const lost = losses.reduce((sum, { count }) => sum + count, 0);
  if (hit >= STORM_DOMAINS && hit >= STORM_SHARE * domains.size && lost >= STORM_FLEET_SHARE * (spotHealthy + lost)) return { ceilingShare: STORM_CEILING, sinceSeconds: nowSeconds };
  if (before === undefined || nowSeconds - before.sinceSeconds < STORM_WINDOW_SECONDS) return before;
  const ceilingShare = before.ceilingShare + RETURN_STEP;
  return ceilingShare >= 1 ? undefined : { ceilingShare, sinceSeconds: nowSeconds };
}
