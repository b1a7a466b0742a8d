import type { Reason } from "../model/decision.ts";
import { percent } from "./carbon-clause.ts";
import type { PlannedMix } from "./limits.ts";
import type { Sight } from "./memory.ts";
import type { Quote } from "./pools.ts";
import type { PurchaseRequest, PurchaseState } from "./purchase-request.ts";

export interface MarketView {
  readonly request: PurchaseRequest;
  readonly sight: Sight;
  readonly storm: PurchaseState["storm"];
  readonly quotes: readonly Quote[];
  readonly mix: PlannedMix;
  readonly keptReplicas: number;
}

/** Below this share of announced losses a purchase counts as degraded. */
const RELIABLE_SHARE = 0.5;

/** What the market has done to the purchase; nothing in the ordinary case. */
export function marketReasons(view: MarketView): readonly Reason[] {
  const reasons: Reason[] = [];
  const needed = view.request.neededReplicas;
  const say = (code: string, text: string, after = needed): void => {
    reasons.push({ code, text, before: needed, after });
  };
  const { sight, mix } = view;
  const doomed = sight.notices.known.reduce((sum, notice) => sum + notice.count, 0);
  if (doomed > 0) say("notice-replaced", `${doomed} spot ${doomed === 1 ? "instance has" : "instances have"} an interruption notice: replacements are ordered now`);
  if (sight.notices.rebalance.length > 0) say("rebalance-recommended", `advice to leave ${sight.notices.rebalance.join(", ")}: no more is bought there for now`);
  if (sight.unannounced > 0) say("unannounced-loss", `${sight.unannounced} spot ${sight.unannounced === 1 ? "instance has" : "instances have"} gone without a notice`);
  const resting = view.quotes.filter((quote) => quote.resting).map((quote) => quote.offering.id);
  if (resting.length > 0) say("capacity-error-rest", `no capacity lately: nothing more is asked of ${resting.join(", ")} for three minutes`);
  if (sight.announcedShare < RELIABLE_SHARE) say("notices-unreliable", `only ${percent(sight.announcedShare)} of the losses lately were announced: spares stand in for notices`);
  if (view.storm !== undefined) say("spot-storm", `losses in most domains at once: spot above ${percent(view.storm.ceilingShare)} waits, on-demand fills`);
  const onDemand = replicasOf(view, (quote) => quote.offering.capacityType === "on-demand");
  const base = Math.min(needed, view.request.purchase?.onDemandBase ?? 0);
  if (onDemand > base && hasSpot(view) && (view.request.purchase?.spotShare ?? 1) === 1) say("on-demand-fill", `${onDemand} replicas on demand where ${base} are the base: spot is short or too likely to be lost`);
  if (mix.spare > 0) say("spare-for-loss", `${mix.spare} spare: a replacement may come ${Math.round(mix.priced.gapHours * 3600)} s after a loss`, needed + mix.spare);
  if (view.keptReplicas > 0) say("make-before-break", `${view.keptReplicas} replicas are kept until their replacements are ready`, needed + view.keptReplicas);
  if (!mix.complete) say("offerings-short", `the offerings can supply ${mix.replicas} of ${needed} replicas`, mix.replicas);
  if (view.quotes.some((quote, at) => !quote.priceKnown && (mix.instances[at] ?? 0) > 0)) say("price-unknown", "an offering without a price is bought: the cost is not known");
  return reasons;
}

function replicasOf(view: MarketView, which: (quote: Quote) => boolean): number {
  return view.quotes.reduce((sum, quote, at) => sum + (which(quote) ? (view.mix.instances[at] ?? 0) * quote.offering.replicas : 0), 0);
}

function hasSpot(view: MarketView): boolean {
  return view.quotes.some((quote) => quote.offering.capacityType === "spot");
}
