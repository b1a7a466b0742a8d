import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { purchase } from "../../src/purchase/purchase.ts";
import type { PurchaseState } from "../../src/purchase/purchase-request.ts";
import { dataFile } from "./data.ts";
import type { SpotTrace } from "./spot-trace.ts";
import { SpotWorld } from "./spot-world.ts";

export const LOADS = ["wc98", "nasa_jul95", "uk_isp04", "ms_mongo01", "ms_ingress01", "tw_goog15"] as const;

export interface DemandScore {
  readonly load: string;
  /** Bill with spot as a share of the bill of the same plan bought on demand. */
  readonly billShare: number;
  /** Share of the time with fewer ready replicas than the load needs, with spot and on demand only. */
  readonly shortShare: number;
  readonly onDemandShortShare: number;
}

export interface DemandSetting {
  readonly startSeconds: number;
  readonly noticeSeconds: number;
  readonly spotPrice: number;
  readonly peakReplicas: number;
  readonly shortfallFactor: number;
}

/** The load by ticks of the spot trace as replicas needed, its busiest tick at `peakReplicas`. */
function needs(load: string, trace: SpotTrace, peakReplicas: number): Float64Array {
  const rows = gunzipSync(readFileSync(dataFile("load", `${load}.csv.gz`))).toString().trim().split("\n").slice(1).map((line) => Number(line.slice(line.indexOf(",") + 1)));
  const perTick = trace.tickSeconds / 15;
  const ticks = Math.min(Math.floor(rows.length / perTick), trace.capacity[0]?.length ?? 0);
  const means = Float64Array.from({ length: ticks }, (_, tick) => rows.slice(tick * perTick, (tick + 1) * perTick).reduce((sum, value) => sum + value, 0) / perTick);
  const sorted = means.toSorted();
  const peak = sorted[Math.floor(ticks * 0.999)] ?? 1;
  return means.map((value) => (value / peak) * peakReplicas);
}

/** The same plan (the busiest of the last ten minutes and a sixth more) bought in both ways: only the purchase differs. */
export function scoreDemand(load: string, trace: SpotTrace, setting: DemandSetting): DemandScore {
  const need = needs(load, trace, setting.peakReplicas);
  const plan = Array.from(need, (_, tick) => Math.max(1, Math.ceil(1.17 * Math.max(...need.slice(Math.max(0, tick - Math.round(600 / trace.tickSeconds)), tick + 1)))));
  const spot = run(trace, setting, { need, plan, spot: true });
  const onDemand = run(trace, setting, { need, plan, spot: false });
  return { load, billShare: spot.paid / onDemand.paid, shortShare: spot.short, onDemandShortShare: onDemand.short };
}

function run(trace: SpotTrace, setting: DemandSetting, { need, plan, spot }: { readonly need: Float64Array; readonly plan: readonly number[]; readonly spot: boolean }): { readonly paid: number; readonly short: number } {
  const world = new SpotWorld(trace, { replicas: plan[0] ?? 1, startSeconds: setting.startSeconds, noticeSeconds: setting.noticeSeconds, spotPrice: setting.spotPrice });
  let state: PurchaseState | undefined;
  let short = 0;
  for (let tick = 0; tick < plan.length && !world.done; tick += 1) {
    const seen = world.observe();
    const neededReplicas = plan[tick] ?? 1;
    const result = purchase({
      ...seen, neededReplicas, floorReplicas: neededReplicas, minReplicas: 1, maxReplicas: 200,
      offerings: spot ? seen.offerings : seen.offerings.filter(({ capacityType }) => capacityType === "on-demand"), purchase: { onDemandBase: 0, spotShare: 1, maxDomainShare: 0.5, regions: [], instanceTypes: [], replicasPerInstance: 1, shortfallFactor: setting.shortfallFactor },
      cost: { maxPerHourUsd: undefined, onLimit: "alert", replicaPerHourUsd: undefined },
      carbonSpec: { signal: "average", mode: "report", maxExtraCostShare: 0, pricePerKgUsd: 0, maxGramsPerHour: undefined }, state,
    });
    state = result.nextState;
    world.act(result.allocation?.instances ?? {});
    if (world.readyBefore < (need[tick] ?? 0)) short += 1;
  }
  return { paid: world.bill, short: short / plan.length };
}
