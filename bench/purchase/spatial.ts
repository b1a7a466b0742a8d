import type { Offering } from "../../src/model/offering.ts";
import { purchase } from "../../src/purchase/purchase.ts";
import type { PurchaseState } from "../../src/purchase/purchase-request.ts";
import { readCsv } from "./data.ts";
import { clairvoyantShares, staticShares } from "./spatial-oracle.ts";

export interface SpatialScore {
  readonly clairvoyantSaving: number;
  readonly staticSaving: number;
  readonly saving: number;
  readonly hours: number;
}

export interface SpatialSetting {
  /** Grid zone of each region, and its cloud region. */
  readonly regions: Readonly<Record<string, string>>;
  readonly replicasEach: number;
  /** A region may take so many times its own load. */
  readonly roomFactor: number;
  /** Hours by which the intensity that is acted on is old. */
  readonly staleHours: number;
}

/** A year by hours: where the replicas of all regions run, against each serving its own. Energy per replica is equal. */
export function scoreSpatial(setting: SpatialSetting): SpatialScore {
  const zones = Object.keys(setting.regions);
  const hours = readCsv("carbon", "em_zones_2022_hourly.csv").map((row) => zones.map((zone) => Number(row[zone])));
  const whole = hours.filter((row) => row.every((value) => Number.isFinite(value) && value > 0));
  const total = setting.replicasEach * zones.length;
  const room = Math.floor(setting.replicasEach * setting.roomFactor);
  const fixed = staticShares(whole, total, room);
  const grams = { own: 0, clairvoyant: 0, fixed: 0, ours: 0 };
  let state: PurchaseState | undefined;
  let running: Readonly<Record<string, number>> = Object.fromEntries(zones.map((zone) => [zone, setting.replicasEach]));
  for (let hour = setting.staleHours; hour < whole.length; hour += 1) {
    const now = whole[hour] ?? [];
    const known = whole[hour - setting.staleHours] ?? [];
    const offerings = zones.map((zone, at): Offering => ({
      id: zone, region: setting.regions[zone] ?? zone, zone: `${setting.regions[zone] ?? zone}a`, instanceType: "m5.large", capacityType: "on-demand", replicas: 1, pricePerHourUsd: 0.1,
      interruptionsPerHour: 0, launchable: true, startSeconds: 120, intensityGramsPerKwh: known[at] ?? NaN, powerWatts: 10, maxInstances: room,
    }));
    // The old machines are let go once the new ones are ready, a few minutes into the hour: two calls an hour.
    for (const timeSeconds of [hour * 3600, hour * 3600 + 300]) {
      const result = purchase({
        timeSeconds, neededReplicas: total, floorReplicas: total, minReplicas: 1, offerings, running, pending: {}, notices: [], purchase: undefined,
        cost: { maxPerHourUsd: undefined, onLimit: "alert", replicaPerHourUsd: undefined },
        carbonSpec: { signal: "average", mode: "prefer", maxExtraCostShare: 0.03, pricePerKgUsd: 0, maxGramsPerHour: undefined }, state,
      });
      state = result.nextState;
      running = result.allocation?.instances ?? running;
    }
    const best = clairvoyantShares(now, total, room);
    zones.forEach((zone, at) => {
      const intensity = now[at] ?? 0;
      grams.own += intensity * setting.replicasEach;
      grams.clairvoyant += intensity * (best[at] ?? 0);
      grams.fixed += intensity * (fixed[at] ?? 0);
      grams.ours += intensity * (running[zone] ?? 0);
    });
  }
  const saving = (sum: number): number => 1 - sum / grams.own;
  return { clairvoyantSaving: saving(grams.clairvoyant), staticSaving: saving(grams.fixed), saving: saving(grams.ours), hours: whole.length };
}
