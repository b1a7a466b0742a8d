import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { parseDriveLine } from "../../src/replay/drive-line.ts";
import type { DriveObservation } from "../../src/replay/drive-line.ts";
import { dataFile } from "./data.ts";
import { driveSession } from "./drive-session.ts";
import type { SpotTrace } from "./spot-trace.ts";
import { SpotWorld } from "./spot-world.ts";

export const LOADS = ["wc98", "nasa_jul95", "uk_isp04", "ms_mongo01", "ms_ingress01", "tw_goog15"] as const;
const RATE = 100;
const LOAD_STEP_SECONDS = 15;
/** At most so much of a load is history; of a short one, half. */
const MOST_HISTORY_SECONDS = 14 * 86_400;

export interface DemandSetting {
  readonly startSeconds: number;
  readonly noticeSeconds: number;
  readonly spotPrice: number;
  /** Replicas that carry the load's busiest thousandth. */
  readonly peakReplicas: number;
  readonly shortfallFactor?: number;
  /** Which part of the spot trace and the load after it: a half chooses settings, the other scores them. */
  readonly part?: Part;
}

/** Shares of a trace. */
export interface Part {
  readonly from: number;
  readonly to: number;
}

export const FIRST_HALF: Part = { from: 0, to: 0.5 };
export const SECOND_HALF: Part = { from: 0.5, to: 1 };

export interface DemandScore {
  readonly load: string;
  /** Bill with spot as a share of the bill of the same product on demand only. */
  readonly billShare: number;
  readonly spot: Lived;
  readonly onDemand: Lived;
}

export interface Lived {
  readonly paid: number;
  /** Share of the time in which what was ready could not carry the load, and of the requests that it could not carry. */
  readonly shortShare: number;
  readonly lostShare: number;
}

/** The whole product (forecast, plan, purchase, guard) over one load, with spot to buy and on demand only: the same policy, through `drive`. */
export function scoreDemand(load: string, trace: SpotTrace, setting: DemandSetting): DemandScore {
  const { cut, parts } = partsOf(load, trace, setting);
  const { from, to } = setting.part ?? WHOLE;
  const spot = live(cut, setting, { ...parts, spot: true });
  const key = [load, trace.name, setting.startSeconds, setting.peakReplicas, from, to].join();
  const onDemand = livedOnDemand.get(key) ?? live(cut, setting, { ...parts, spot: false });
  livedOnDemand.set(key, onDemand);
  return { load, billShare: spot.paid / onDemand.paid, spot, onDemand };
}

const WHOLE: Part = { from: 0, to: 1 };

function partsOf(load: string, trace: SpotTrace, setting: Pick<DemandSetting, "peakReplicas" | "part">): { readonly cut: SpotTrace; readonly parts: { readonly history: Float64Array; readonly demand: Float64Array } } {
  const demand = loadOf(load, trace.tickSeconds, setting.peakReplicas);
  const historyTicks = Math.min(Math.floor(demand.length / 2), Math.round(MOST_HISTORY_SECONDS / trace.tickSeconds));
  const ticks = Math.min(demand.length - historyTicks, trace.capacity[0]?.length ?? 0);
  const { from, to } = setting.part ?? WHOLE;
  const [first, last] = [Math.floor(from * ticks), Math.floor(to * ticks)];
  return {
    cut: { ...trace, capacity: trace.capacity.map((zone) => zone.slice(first, last)) },
    parts: { history: demand.subarray(first, first + historyTicks), demand: demand.subarray(first + historyTicks, last + historyTicks) },
  };
}

/** The part of the spot trace and the replicas that the load really needs in it, at least one. */
export function needOf(load: string, trace: SpotTrace, setting: Pick<DemandSetting, "peakReplicas" | "part">): { readonly cut: SpotTrace; readonly need: readonly number[] } {
  const { cut, parts } = partsOf(load, trace, setting);
  return { cut, need: Array.from(parts.demand, (demand) => Math.max(1, Math.ceil(demand / RATE - 1e-9))) };
}

/** On demand nothing depends on the price of a shortfall: each load lives through it once. */
const livedOnDemand = new Map<string, Lived>();

/** Requests per second by ticks; the busiest thousandth is what `peakReplicas` carry. */
function loadOf(load: string, tickSeconds: number, peakReplicas: number): Float64Array {
  const rows = gunzipSync(readFileSync(dataFile("load", `${load}.csv.gz`))).toString().trim().split("\n").slice(1).map((line) => Number(line.slice(line.indexOf(",") + 1)));
  const perTick = tickSeconds / LOAD_STEP_SECONDS;
  const means = Float64Array.from({ length: Math.floor(rows.length / perTick) }, (_, tick) => rows.slice(tick * perTick, (tick + 1) * perTick).reduce((sum, value) => sum + value, 0) / perTick);
  const peak = means.toSorted()[Math.floor(means.length * 0.999)] ?? 1;
  return means.map((value) => (value / peak) * peakReplicas * RATE);
}

function live(trace: SpotTrace, setting: DemandSetting, given: { readonly history: Float64Array; readonly demand: Float64Array; readonly spot: boolean }): Lived {
  const world = new SpotWorld(trace, { replicas: Math.max(1, Math.ceil((given.demand[0] ?? 0) / RATE / 0.7)), startSeconds: setting.startSeconds, noticeSeconds: setting.noticeSeconds, spotPrice: setting.spotPrice });
  let seen = world.observe();
  const startSeconds = seen.timeSeconds;
  const session = driveSession("spot", { history: historyOf(given.history, startSeconds, trace.tickSeconds), shortfallFactor: setting.shortfallFactor });
  session.answer(JSON.stringify({ type: "start", time: startSeconds - 1, intervalSeconds: trace.tickSeconds, target: { name: "spot", min: 1, max: 200, requestsPerSecondPerReplica: RATE, leadTimeSeconds: setting.startSeconds } }));
  let short = 0;
  let lost = 0;
  let asked = 0;
  for (const demand of given.demand) {
    const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((total, count) => total + count, 0);
    const readyReplicas = sum(seen.running);
    const answer = session.answer(JSON.stringify({
      type: "observation", time: seen.timeSeconds, demand, utilization: Math.min(1, demand / (RATE * Math.max(1, readyReplicas))), readyReplicas, pendingReplicas: sum(seen.pending),
      offerings: given.spot ? seen.offerings : seen.offerings.filter(({ capacityType }) => capacityType === "on-demand"), running: seen.running, pending: seen.pending,
      notices: seen.notices.map(({ offering, count, kind, timeSeconds }) => ({ offering, count, kind, time: timeSeconds })),
    })) as { readonly type: string; readonly message?: string; readonly allocation?: Readonly<Record<string, number>> };
    if (answer.type !== "decision") throw new Error(`drive: ${answer.message ?? answer.type}`);
    world.act(answer.allocation ?? {});
    const missing = Math.max(0, demand - RATE * world.readyBefore);
    if (missing > 0) short += 1;
    lost += missing;
    asked += demand;
    if (world.done) break;
    seen = world.observe();
  }
  return { paid: world.bill, shortShare: short / given.demand.length, lostShare: lost / asked };
}

/** The rows before the start as lines of the protocol. */
function historyOf(demand: Float64Array, startSeconds: number, tickSeconds: number): readonly DriveObservation[] {
  return [...demand].flatMap((value, at) => {
    const line = parseDriveLine(JSON.stringify({ type: "observation", time: startSeconds - (demand.length - at) * tickSeconds, demand: value }));
    return line.type === "observation" ? [line] : [];
  });
}
