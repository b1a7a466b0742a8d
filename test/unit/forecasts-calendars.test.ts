import { describe, expect, it } from "vitest";

import { calendarRows, PUBLIC_HOLIDAY } from "../../forecasts/calendars/calendar-rows.ts";
import { LocalClock } from "../../forecasts/calendars/local-clock.ts";
import { detectOutages, undoMark, withoutMarked, type Mark } from "../../forecasts/calendars/marks.ts";
import type { FitInput } from "../../forecasts/forecaster.ts";
import { FORECASTERS } from "../../forecasts/registry.ts";
import { loadSeries } from "../fixtures/load-series.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;
const AUTO = FORECASTERS["auto"]!;

function utc(text: string): number {
  return Date.parse(`${text}Z`) / 1000;
}

function resume(input: FitInput) {
  const result = AUTO.fit(input);
  if (!result.ok) throw new Error(result.reason);
  return AUTO.resume(result.fit);
}

/** An hourly load of 100 by day and 50 by night in UTC. */
function hourly(start: string, rows: number, of: (seconds: number) => number): { startSeconds: number; stepSeconds: number; values: Float64Array } {
  const startSeconds = utc(start);
  return { startSeconds, stepSeconds: HOUR, values: Float64Array.from({ length: rows }, (_, row) => of(startSeconds + row * HOUR)) };
}

const dayAndNight = (seconds: number): number => (seconds % DAY >= 8 * HOUR && seconds % DAY < 20 * HOUR ? 100 : 50) + ((seconds / HOUR) % 5) * 0.2;

describe("the calendar's rows", () => {
  it("marks a country's public holidays by their local days", async () => {
    const { kinds } = await calendarRows({ country: "DE", startSeconds: utc("2024-12-24T00:00:00"), stepSeconds: HOUR, rows: 96 });
    // Christmas in Berlin begins at 23:00 UTC of the 24th and ends, with the second day, at 23:00 UTC of the 26th.
    expect(kinds.indexOf(PUBLIC_HOLIDAY)).toBe(23);
    expect(kinds.filter((kind) => kind === PUBLIC_HOLIDAY)).toHaveLength(48);
  });

  it("moves the clock by an hour of rows when daylight saving begins", async () => {
    const { clockShift } = await calendarRows({ timeZone: "Europe/Berlin", startSeconds: utc("2024-03-30T00:00:00"), stepSeconds: 900, rows: 200 });
    expect(clockShift!.indexOf(4)).toBe((25 * HOUR) / 900);
    expect(clockShift!.at(-1)).toBe(4);
  });

  it("refuses a country that nobody knows", async () => {
    await expect(calendarRows({ country: "ZZ", startSeconds: 0, stepSeconds: HOUR, rows: 1 })).rejects.toThrow(RangeError);
  });
});

describe("the local clock", () => {
  it("leaves an hour empty in spring and drops the repeated one in autumn", () => {
    const spring = new LocalClock(Int16Array.from([0, 0, 1, 1]));
    expect([...spring.toLocal(Float64Array.from([10, 11, 12, 13]))]).toEqual([10, 11, NaN, 12, 13]);
    const autumn = new LocalClock(Int16Array.from([0, 0, -1, -1]));
    expect([...autumn.toLocal(Float64Array.from([10, 11, 12, 13]))]).toEqual([10, 11, 13]);
  });
});

describe("a forecaster with a calendar", () => {
  it("forecasts a holiday lower once it has seen some, and the day after it as ever", async () => {
    const rows = 60 * 24;
    const events = ["2024-01-10", "2024-01-24", "2024-02-07", "2024-03-01"].map((day) => ({ name: "closed", fromSeconds: utc(`${day}T00:00:00`), toSeconds: utc(`${day}T00:00:00`) + DAY }));
    const isClosed = (seconds: number): boolean => events.some(({ fromSeconds, toSeconds }) => seconds >= fromSeconds && seconds < toSeconds);
    const series = hourly("2024-01-01T00:00:00", rows, (seconds) => dayAndNight(seconds) * (isClosed(seconds) ? 0.3 : 1));
    const horizon = 48;
    const calendar = await calendarRows({ events, startSeconds: series.startSeconds, stepSeconds: HOUR, rows: rows + horizon });
    const horizons = Array.from({ length: horizon }, (_, k) => k + 1);
    const told = resume({ series, seasons: [24, 168], horizon, seed: 1, calendar }).forecast(horizons, [0.5]);
    const noon = horizons.indexOf(13);
    // The first of March is closed; three closed days were seen, so the factor is 0.3 to the power of 3/4.
    expect(told.mean[noon]! / dayAndNight(series.startSeconds + (rows - 1 + 13) * HOUR)).toBeCloseTo(0.3 ** 0.75, 1);
    expect(told.mean[noon + 24]!).toBeGreaterThan(90);
  });

  it("applies an uplift that was given, and learns the load without it", async () => {
    const rows = 30 * 24;
    const sale = { name: "sale", fromSeconds: utc("2024-01-15T00:00:00"), toSeconds: utc("2024-01-16T00:00:00"), uplift: 3 };
    const next = { name: "sale", fromSeconds: utc("2024-01-31T00:00:00"), toSeconds: utc("2024-02-01T00:00:00"), uplift: 2 };
    const series = hourly("2024-01-01T00:00:00", rows, (seconds) => dayAndNight(seconds) * (seconds >= sale.fromSeconds && seconds < sale.toSeconds ? 3 : 1));
    const calendar = await calendarRows({ events: [sale, next], startSeconds: series.startSeconds, stepSeconds: HOUR, rows: rows + 48 });
    const forecast = resume({ series, seasons: [24, 168], horizon: 48, seed: 1, calendar }).forecast([13, 37], [0.5]);
    expect(forecast.mean[0]!).toBeGreaterThan(180);
    expect(forecast.mean[1]!).toBeLessThan(120);
  });

  it("follows a holiday that it has never seen while it lasts", async () => {
    const rows = 30 * 24;
    const event = { name: "strike", fromSeconds: utc("2024-01-31T00:00:00"), toSeconds: utc("2024-02-01T00:00:00") };
    const series = hourly("2024-01-01T00:00:00", rows, dayAndNight);
    const calendar = await calendarRows({ events: [event], startSeconds: series.startSeconds, stepSeconds: HOUR, rows: rows + 48 });
    const running = resume({ series, seasons: [24, 168], horizon: 24, seed: 1, calendar });
    for (let hour = 0; hour < 12; hour++) running.observe(dayAndNight(event.fromSeconds + hour * HOUR) * 0.4);
    expect(running.forecast([2], [0.5]).mean[0]!).toBeLessThan(70);
    expect(running.forecast([14 + 10], [0.5]).mean[0]!).toBeGreaterThan(80);
  });

  it("keeps the daily rhythm on the local clock over a change to summer time", async () => {
    const rows = 28 * 24;
    const start = "2024-03-04T00:00:00";
    const change = utc("2024-03-31T01:00:00");
    const local = (seconds: number): number => dayAndNight(seconds + HOUR + (seconds >= change ? HOUR : 0));
    const series = hourly(start, rows, local);
    const calendar = await calendarRows({ timeZone: "Europe/Berlin", startSeconds: series.startSeconds, stepSeconds: HOUR, rows: rows + 48 });
    const forecast = resume({ series, seasons: [24, 168], horizon: 24, seed: 1, calendar }).forecast(Array.from({ length: 24 }, (_, k) => k + 1), [0.5]);
    const wrong = forecast.horizonsSeconds.filter((ahead, k) => Math.abs(forecast.mean[k]! - local(forecast.originSeconds + ahead)) > 15);
    expect(wrong).toEqual([]);
  });

  it("continues from its saved state as if it had never stopped", async () => {
    const series = hourly("2024-01-01T00:00:00", 30 * 24, dayAndNight);
    const calendar = await calendarRows({ country: "DE", events: [{ name: "x", fromSeconds: utc("2024-01-31T04:00:00"), toSeconds: utc("2024-01-31T09:00:00") }], startSeconds: series.startSeconds, stepSeconds: HOUR, rows: 30 * 24 + 48 });
    const running = resume({ series, seasons: [24, 168], horizon: 24, seed: 1, calendar });
    for (let hour = 0; hour < 6; hour++) running.observe(30 + hour);
    const again = AUTO.resume(JSON.parse(JSON.stringify(running.save())));
    for (const model of [running, again]) for (let hour = 0; hour < 6; hour++) model.observe(60 + hour);
    expect(again.forecast([1, 5, 24], [0.5, 0.9])).toEqual({ ...running.forecast([1, 5, 24], [0.5, 0.9]), model: expect.anything() as unknown });
  });
});

describe("marks", () => {
  const series = loadSeries({ rows: 10 * 48, day: 48 });
  const at = (row: number): number => series.startSeconds + row * series.stepSeconds;

  it("hide rows from learning, change nothing in the series, and can be undone", () => {
    const mark: Mark = { id: "m", kind: "deploy", fromSeconds: at(100), toSeconds: at(110), reason: "rollout" };
    const hidden = withoutMarked(series, [mark]);
    expect(hidden.values.filter((value) => Number.isNaN(value))).toHaveLength(10);
    expect(series.values.some((value) => Number.isNaN(value))).toBe(false);
    expect(withoutMarked(series, undoMark([mark], "m")).values).toEqual(series.values);
  });

  it("find an outage, and no outage in an ordinary night", () => {
    const values = series.values.slice();
    values.fill(0, 200, 230);
    expect(detectOutages({ ...series, values }, 48)).toMatchObject([{ kind: "outage", fromSeconds: at(200), toSeconds: at(230) }]);
    expect(detectOutages(series, 48)).toEqual([]);
  });

  it("keep an outage from lowering the same hours of the next day", () => {
    const values = series.values.slice();
    values.fill(0, 9 * 48 + 10, 9 * 48 + 40);
    const broken = { ...series, values };
    const forecastOf = (input: typeof series): number => resume({ series: input, seasons: [48], horizon: 48, seed: 1 }).forecast([24], [0.5]).mean[0]!;
    const truth = forecastOf(series);
    const hidden = withoutMarked(broken, [{ id: "o", kind: "outage", fromSeconds: at(9 * 48 + 10), toSeconds: at(9 * 48 + 40), reason: "" }]);
    expect(Math.abs(forecastOf(hidden) - truth)).toBeLessThan(Math.abs(forecastOf(broken) - truth) / 2);
  });
});
