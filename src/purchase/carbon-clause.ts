import type { Reason } from "../model/decision.ts";
import { cheapestUnderCap, cleanestWithin, plan } from "./limits.ts";
import type { Market, PlannedMix } from "./limits.ts";
import type { LimitReport, PurchaseRequest } from "./purchase-request.ts";

export interface CarbonChoice {
  readonly mix: PlannedMix;
  readonly reasons: readonly Reason[];
  readonly limit: LimitReport | undefined;
}

/** Lets the policy's carbon clause change the mix; the count of replicas is never its to change. */
export function applyCarbon(request: PurchaseRequest, market: Market, least: PlannedMix): CarbonChoice {
  const spec = request.carbonSpec;
  const needed = request.neededReplicas;
  const reasons: Reason[] = [];
  const say = (code: string, text: string): void => {
    reasons.push({ code, text, before: needed, after: needed });
  };
  if (request.carbon !== undefined && request.carbon.signal !== spec.signal) {
    say("carbon-signal-mismatch", `the policy reads ${spec.signal} intensity and the grid signal is ${request.carbon.signal}: it is left out`);
  }
  if (spec.mode === "report" || !least.complete || least.grams === undefined) {
    if (spec.mode !== "report" && least.grams === undefined) say("carbon-unknown", "the grid intensity of an offering is not known: the carbon clause is left out");
    return { mix: least, reasons, limit: undefined };
  }
  if (spec.mode === "price") {
    const without = plan(market, needed, { usdPerGram: 0, risk: true });
    if (differs(without, least)) say("carbon-price", `at ${money(spec.pricePerKgUsd)} a kg the cleaner mix wins: ${change(without, least)}`);
    return { mix: least, reasons, limit: undefined };
  }
  if (spec.mode === "prefer") {
    const cleaner = cleanestWithin(market, needed, least, spec.maxExtraCostShare);
    if (differs(least, cleaner)) say("carbon-prefer", `cleaner at no more than ${percent(spec.maxExtraCostShare)} extra cost: ${change(least, cleaner)}`);
    return { mix: cleaner, reasons, limit: undefined };
  }
  const cap = spec.maxGramsPerHour;
  if (cap === undefined || least.grams <= cap) return { mix: least, reasons, limit: undefined };
  const capped = cheapestUnderCap(market, needed, cap);
  if (capped !== undefined) {
    say("carbon-cap", `${grams(least.grams)} would pass the cap of ${grams(cap)}: ${change(least, capped)}`);
    return { mix: capped, reasons, limit: { code: "carbon-cap", limit: cap, wanted: least.grams, got: capped.grams ?? 0 } };
  }
  const cleanest = cleanestWithin(market, needed, least, Infinity);
  say("carbon-cap-exceeded", `no mix of ${needed} replicas is under ${grams(cap)}; the cleanest emits ${grams(cleanest.grams ?? 0)} and the objective goes first`);
  return { mix: cleanest, reasons, limit: { code: "carbon-cap", limit: cap, wanted: least.grams, got: cleanest.grams ?? 0 } };
}

function differs(a: PlannedMix, b: PlannedMix): boolean {
  return a.instances.some((count, at) => count !== b.instances[at]);
}

function change(from: PlannedMix, to: PlannedMix): string {
  return `${grams(from.grams ?? 0)} → ${grams(to.grams ?? 0)}, ${money(from.billUsd)} → ${money(to.billUsd)} per hour`;
}

export function grams(value: number): string {
  return `${value.toPrecision(3)} gCO2e/h`;
}

export function money(value: number): string {
  return Number.isFinite(value) ? `$${value < 1 ? value.toFixed(4) : value.toFixed(2)}` : "an unknown price";
}

export function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}
