import { forecastHours, FRESH_INTENSITY, takeHour } from "../../src/observe/carbon/intensity-forecast.ts";
import { planDeferral } from "../../src/purchase/deferral.ts";
import { clairvoyantSlots } from "./carbon-oracle.ts";
import { readCsv } from "./data.ts";

export const JOB_HOURS = 4;
export const SLACK_HOURS = 24;

export interface DeferralScore {
  readonly zone: string;
  readonly clairvoyantSaving: number;
  readonly share: number;
  readonly providerAloneShare: number;
}

interface ZoneTrace {
  /** Hourly actual intensity, and by issue day the provider's forecast from its first hour on. */
  readonly actual: readonly number[];
  readonly forecasts: readonly (readonly number[])[];
}

function loadZone(zone: string): ZoneTrace {
  const actual: number[] = [];
  const forecasts: number[][] = [];
  for (const row of readCsv("carbon", `forecast96h_${zone}_2021H2.csv`)) {
    const day = Number(row["issue_day"]);
    const lead = Number(row["lead_h"]);
    if (lead < 24) actual[day * 24 + lead] = Number(row["actual_direct_gCO2_per_kWh"]);
    (forecasts[day] ??= [])[lead] = Number(row["forecast_direct_gCO2_per_kWh"]);
  }
  return { actual, forecasts };
}

/** A job of 4 hours, interruptible, is asked for each hour and may end 28 hours later; after two weeks of learning. */
export function scoreDeferral(zone: string): DeferralScore {
  const { actual, forecasts } = loadZone(zone);
  const window = JOB_HOURS + SLACK_HOURS;
  const hours = actual.length;
  const ours: (readonly number[])[] = [];
  const alone: (readonly number[])[] = [];
  let state = FRESH_INTENSITY;
  for (let hour = 0; hour < hours; hour += 1) {
    // What is known when the hour begins: values up to the hour before, and the provider's newest issue.
    const provider = providerPath(forecasts, hour, window);
    const forecast = forecastHours(state, provider, window);
    ours.push(forecast.path);
    alone.push(provider.slice(1));
    state = takeHour(forecast.state, actual[hour] ?? NaN);
  }
  const sums = { now: 0, clairvoyant: 0, ours: 0, alone: 0 };
  for (let start = 336; start + window <= hours; start += 1) {
    const span = actual.slice(start, start + window);
    sums.now += total(span.slice(0, JOB_HOURS));
    sums.clairvoyant += total(clairvoyantSlots(span, JOB_HOURS).map((slot) => span[slot] ?? 0));
    sums.ours += runJob(span, (hour) => ours[start + hour] ?? []);
    sums.alone += runJob(span, (hour) => alone[start + hour] ?? []);
  }
  const possible = sums.now - sums.clairvoyant;
  return { zone, clairvoyantSaving: possible / sums.now, share: (sums.now - sums.ours) / possible, providerAloneShare: (sums.now - sums.alone) / possible };
}

/** The newest issue's forecast for the hour before `hour` (index 0) and on; an issue is out at its first hour. */
function providerPath(forecasts: readonly (readonly number[])[], hour: number, length: number): readonly number[] {
  const day = Math.floor(hour / 24);
  const issue = forecasts[day] ?? [];
  const lead = hour - day * 24;
  const before = lead > 0 ? issue[lead - 1] : forecasts[day - 1]?.[23];
  return [before ?? NaN, ...issue.slice(lead, lead + length)];
}

/** Re-plans each hour and runs when the plan says now. Returns the grams of the hours that it ran in. */
function runJob(actual: readonly number[], forecastAt: (hour: number) => readonly number[]): number {
  let work = JOB_HOURS;
  let grams = 0;
  for (let hour = 0; hour < actual.length && work > 0; hour += 1) {
    const slots = forecastAt(hour).slice(0, actual.length - hour).map((gramsPerUnit) => ({ usdPerUnit: 0, gramsPerUnit, maxUnits: 1 }));
    if ((planDeferral(slots, { work, usdPerGram: 1 })[0] ?? 0) < 0.5) continue;
    grams += actual[hour] ?? 0;
    work -= 1;
  }
  return work > 0 ? Infinity : grams;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
