import { instanceGramsPerHour } from "../account/instance-carbon.ts";
import type { CarbonSignal, Offering } from "../model/offering.ts";
import type { HourPrice } from "./defer-queue.ts";

const HOUR_SECONDS = 3600;

export interface HourPriceInput {
  readonly nowSeconds: number;
  readonly untilSeconds: number;
  readonly offerings: readonly Offering[];
  readonly carbon: CarbonSignal | undefined;
  /** What one replica costs where no offering is known. */
  readonly replicaPerHourUsd: number | undefined;
  /** Mean price of a replica by hour of the day (UTC) as it was seen; NaN where it was not. */
  readonly usdByHour: readonly number[];
}

/** What a replica costs now at the cheapest offering that can be had; undefined where no price is known. */
export function replicaUsd({ offerings, replicaPerHourUsd }: Pick<HourPriceInput, "offerings" | "replicaPerHourUsd">): number | undefined {
  let cheapest = Infinity;
  for (const { launchable, pricePerHourUsd, replicas } of offerings) if (launchable && Number.isFinite(pricePerHourUsd)) cheapest = Math.min(cheapest, pricePerHourUsd / replicas);
  return Number.isFinite(cheapest) ? cheapest : replicaPerHourUsd;
}

/**
 * What a replica costs and emits in each hour ahead: the price of now in this hour, that of the same hour of the day in others where
 * it was seen; grams by the intensity that is forecast, and where the forecast ends, or there is none, by that of now.
 */
export function hourPrices(input: HourPriceInput): readonly HourPrice[] {
  const { nowSeconds, untilSeconds, offerings, carbon } = input;
  const usdNow = replicaUsd(input) ?? 0;
  const gramsAtOne = gramsPerIntensity(offerings);
  const hours: HourPrice[] = [];
  for (let startSeconds = Math.floor(nowSeconds / HOUR_SECONDS) * HOUR_SECONDS; startSeconds < Math.max(untilSeconds, nowSeconds + 1); startSeconds += HOUR_SECONDS) {
    const seen = input.usdByHour[Math.floor(startSeconds / HOUR_SECONDS) % 24] ?? NaN;
    const isNow = startSeconds <= nowSeconds;
    hours.push({ startSeconds, usdPerReplica: isNow || !Number.isFinite(seen) ? usdNow : seen, gramsPerReplica: gramsAtOne * (intensityAt(carbon, isNow ? nowSeconds : startSeconds) ?? 0) });
  }
  return hours;
}

/** Grams of one replica per hour at an intensity of one gram per kWh, of the offering that emits least. What was spent on making it runs on either way. */
function gramsPerIntensity(offerings: readonly Offering[]): number {
  let least = Infinity;
  for (const offering of offerings) {
    const grams = instanceGramsPerHour({ ...offering, intensityGramsPerKwh: 1, embodiedGramsPerHour: 0 }, undefined);
    if (grams !== undefined) least = Math.min(least, grams / offering.replicas);
  }
  return Number.isFinite(least) ? least : NOMINAL_KW_PER_REPLICA;
}

/** 8.6 W: see account/instance-carbon.ts. */
const NOMINAL_KW_PER_REPLICA = 0.0086;

function intensityAt(carbon: CarbonSignal | undefined, timeSeconds: number): number | undefined {
  if (carbon === undefined) return undefined;
  let value = carbon.intensityGramsPerKwh;
  for (const point of carbon.forecast ?? []) {
    if (point.timeSeconds > timeSeconds) break;
    if (timeSeconds >= point.timeSeconds && point.timeSeconds >= carbon.timeSeconds - HOUR_SECONDS && Number.isFinite(point.intensityGramsPerKwh)) value = point.intensityGramsPerKwh;
  }
  return value;
}
