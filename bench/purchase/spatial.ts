import { readCsv } from "./data.ts";
import { driveSession } from "./drive-session.ts";
import { clairvoyantShares, staticShares } from "./spatial-oracle.ts";

export interface SpatialScore {
  readonly clairvoyantSaving: number;
  readonly staticSaving: number;
  readonly saving: number;
  /** Share of the ticks with fewer ready replicas than asked for. */
  readonly short: number;
}

export interface SpatialSetting {
  /** Grid zones of the regions. */
  readonly zones: readonly string[];
  readonly replicasEach: number;
  /** A region may take so many times its own load. */
  readonly roomFactor: number;
  readonly tickSeconds: number;
  readonly quickHours?: number;
}

const HOUR = 3600;
const START_SECONDS = 120;
/** 2022-01-01T00:00:00Z. */
const EPOCH = 1_640_995_200;

/**
 * A year by hours through drive's session, with intensity one hour old: where the replicas of all regions run, against each
 * serving its own. Regions refuse what is above their room; new machines are ready a tick later, and both count while they overlap.
 */
export function scoreSpatial(setting: SpatialSetting): SpatialScore {
  const { zones, tickSeconds } = setting;
  const hours = readCsv("carbon", "em_zones_2022_hourly.csv").map((row) => zones.map((zone) => Number(row[zone])))
    .filter((row) => row.every((value) => value > 0)).slice(0, setting.quickHours);
  const total = setting.replicasEach * zones.length;
  const room = Math.floor(setting.replicasEach * setting.roomFactor);
  const fixed = staticShares(hours, total, room);
  const session = driveSession("regions");
  session.answer(JSON.stringify({ type: "start", time: EPOCH, intervalSeconds: tickSeconds, target: { name: "regions", min: total, max: total, requestsPerSecondPerReplica: 100, leadTimeSeconds: START_SECONDS } }));
  const grams = { own: 0, clairvoyant: 0, fixed: 0, ours: 0 };
  let ready = zones.map(() => setting.replicasEach);
  let starting = zones.map(() => 0);
  let ticks = 0;
  let short = 0;
  for (let hour = 1; hour < hours.length; hour += 1) {
    const now = hours[hour] ?? [];
    const best = clairvoyantShares(now, total, room);
    for (let second = 0; second < HOUR; second += tickSeconds) {
      ready = ready.map((count, at) => count + (starting[at] ?? 0));
      const answer = session.answer(observation({ setting, timeSeconds: EPOCH + hour * HOUR + second, known: hours[hour - 1] ?? [], ready, room })) as { readonly allocation?: Readonly<Record<string, number>> };
      const wanted = zones.map((zone) => answer.allocation?.[zone] ?? 0);
      starting = wanted.map((count, at) => Math.max(0, Math.min(count, room) - (ready[at] ?? 0)));
      ready = ready.map((count, at) => Math.min(count, wanted[at] ?? 0));
      ticks += 1;
      if (sum(ready) < total) short += 1;
      const share = tickSeconds / HOUR;
      zones.forEach((_, at) => {
        const intensity = (now[at] ?? 0) * share;
        grams.own += intensity * setting.replicasEach;
        grams.clairvoyant += intensity * (best[at] ?? 0);
        grams.fixed += intensity * (fixed[at] ?? 0);
        grams.ours += intensity * ((ready[at] ?? 0) + (starting[at] ?? 0));
      });
    }
  }
  const saving = (emitted: number): number => 1 - emitted / grams.own;
  return { clairvoyantSaving: saving(grams.clairvoyant), staticSaving: saving(grams.fixed), saving: saving(grams.ours), short: short / ticks };
}

function observation({ setting, timeSeconds, known, ready, room }: { readonly setting: SpatialSetting; readonly timeSeconds: number; readonly known: readonly number[]; readonly ready: readonly number[]; readonly room: number }): string {
  return JSON.stringify({
    type: "observation", time: timeSeconds, demand: 80 * sum(ready), utilization: 0.8, readyReplicas: sum(ready), pendingReplicas: 0, pending: {},
    running: Object.fromEntries(setting.zones.map((zone, at) => [zone, ready[at] ?? 0])),
    offerings: setting.zones.map((zone, at) => ({
      id: zone, region: `grid-${zone}`, zone: `grid-${zone}-a`, instanceType: "m5.large", capacityType: "on-demand", replicas: 1, pricePerHourUsd: 0.1, interruptionsPerHour: 0,
      launchable: (ready[at] ?? 0) < room, startSeconds: START_SECONDS, intensityGramsPerKwh: known[at], egressUsdPerHour: 0,
    })),
  });
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
