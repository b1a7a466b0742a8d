import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";

import { IntensityBook } from "../../../src/app/sources/intensity-book.ts";
import type { CarbonSignal } from "../../../src/model/offering.ts";

const HOUR = 3600;
const START = 1_790_000_000 - (1_790_000_000 % HOUR);
const GRID = (hour: number): number => 300 + 150 * Math.sin((2 * Math.PI * hour) / 24);

let path = "";
beforeEach(async () => { path = join(await mkdtemp(join(tmpdir(), "foretide-intensity-")), "intensity.json"); });

const open = (): Promise<IntensityBook> => IntensityBook.open(path, (reason) => { throw new Error(reason); });

/** What a provider tells in an hour: the grid's value now, and its forecast by `says`. */
function told(hour: number, says?: (hour: number) => number): CarbonSignal {
  const forecast = says === undefined ? [] : Array.from({ length: 96 }, (_, at) => ({ timeSeconds: START + hour * HOUR + at * 1800, intensityGramsPerKwh: says(hour + at / 2) }));
  return { signal: "average", source: "provider", intensityGramsPerKwh: GRID(hour), timeSeconds: START + hour * HOUR, forecast };
}

function meanError(book: IntensityBook, [from, to]: readonly [number, number], says?: (hour: number) => number): number {
  let sum = 0;
  let count = 0;
  for (let hour = from; hour < to; hour += 1) {
    const { forecast = [] } = book.blend("DE", told(hour, says), START + hour * HOUR + 60);
    for (const { timeSeconds, intensityGramsPerKwh } of forecast.slice(0, 24)) {
      sum += Math.abs(intensityGramsPerKwh - GRID((timeSeconds - START) / HOUR));
      count += 1;
    }
  }
  expect(count).toBeGreaterThan(0);
  return sum / count;
}

describe("the grid's forecast that a decision may trust", () => {
  it("is our own profile where the provider's has been far worse", async () => {
    const upsideDown = (hour: number): number => 600 - GRID(hour);
    const book = await open();
    const untaught = meanError(book, [0, 24], upsideDown);
    meanError(book, [24, 240], upsideDown);
    const taught = meanError(book, [240, 264], upsideDown);
    expect(untaught).toBeGreaterThan(50);
    expect(taught).toBeLessThan(5);
  });

  it("stays the provider's where that has been right and our profile wrong", async () => {
    const book = await open();
    meanError(book, [0, 240], GRID);
    // The half hours of a provider are averaged: a quarter hour's slope is left.
    expect(meanError(book, [240, 264], GRID)).toBeLessThan(12);
  });

  it("is absent until a day has been seen, where no provider forecasts", async () => {
    const book = await open();
    expect(book.blend("DE", told(0), START).forecast).toEqual([]);
    meanErrorOf(book, 1, 30);
    const { forecast = [] } = book.blend("DE", told(30), START + 30 * HOUR);
    expect(forecast[0]?.timeSeconds).toBe(START + 31 * HOUR);
    expect(forecast).toHaveLength(48);
  });

  it("outlives a restart and hours without a value", async () => {
    const [kept, twin] = [await open(), await open()];
    for (const book of [kept, twin]) meanErrorOf(book, 0, 60);
    for (const book of [kept, twin]) book.blend("DE", told(64), START + 64 * HOUR);
    expect((await kept.save(new Set(["DE"]))).ok).toBe(true);
    const again = await open();
    expect(again.blend("DE", told(70), START + 70 * HOUR)).toEqual(twin.blend("DE", told(70), START + 70 * HOUR));
  });

  it("begins anew with another source, and takes no annual table for news", async () => {
    const book = await open();
    meanErrorOf(book, 0, 60);
    expect(book.blend("DE", { ...told(60), source: "other" }, START + 60 * HOUR).forecast).toEqual([]);
    const table: CarbonSignal = { ...told(60), timeSeconds: START - 9000 * HOUR };
    expect(book.blend("DE", table, START + 61 * HOUR)).toBe(table);
  });

  it("forgets regions that no policy names, and tells of a file that cannot be read", async () => {
    const book = await open();
    for (const region of ["DE", "FR"]) book.blend(region, told(0), START);
    await book.save(new Set(["DE"]));
    expect(Object.keys((JSON.parse(await readFile(path, "utf8")) as { regions: object }).regions)).toEqual(["DE"]);
    await writeFile(path, "{");
    let lost = "";
    await IntensityBook.open(path, (reason) => { lost = reason; });
    expect(lost).toContain(path);
  });
});

function meanErrorOf(book: IntensityBook, from: number, to: number): void {
  for (let hour = from; hour < to; hour += 1) book.blend("DE", told(hour), START + hour * HOUR + 60);
}
