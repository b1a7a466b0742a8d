import { afterEach, describe, expect, it } from "vitest";
import type { HistoryOptions, HistoryPoint, HistoryStore, SignalKey } from "../../src/history/history-store.ts";
import type { Result } from "../../src/model/result.ts";

const MINUTE: SignalKey = { target: "web", signal: "demand", stepSeconds: 60 };
const HOURLY: SignalKey = { ...MINUTE, stepSeconds: 3600 };
/** A Monday, on a whole two hours. */
const START = 1_704_067_200;

export function unwrap<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.message);
  return result.value;
}

export function point(timeSeconds: number, mean: number, more: Partial<HistoryPoint> = {}): HistoryPoint {
  return { timeSeconds, mean, min: mean, max: mean, count: 1, coverage: 1, ...more };
}

function minutes(from: number, count: number, value: (index: number) => number): HistoryPoint[] {
  return Array.from({ length: count }, (_, index) => point(START + (from + index) * 60, value(index)));
}

/** What every history store keeps to. `open` gives an empty one. */
export function historyStoreContract(name: string, open: (options?: HistoryOptions) => Promise<HistoryStore>): void {
  describe(`history store: ${name}`, () => {
    const opened: HistoryStore[] = [];
    const fresh = async (options?: HistoryOptions): Promise<HistoryStore> => {
      const store = await open(options);
      opened.push(store);
      return store;
    };
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close();
    });

    it("reads an unknown signal as gaps over the asked grid", async () => {
      const store = await fresh();
      const series = unwrap(await store.read(MINUTE, START + 1, START + 181));
      expect(series.startSeconds).toBe(START + 60);
      expect([...series.values]).toEqual([NaN, NaN, NaN]);
      expect(unwrap(await store.keys())).toEqual([]);
    });

    it("gives back what was appended, to the last bit, with gaps as NaN", async () => {
      const store = await fresh();
      const wide = [point(START, 0.1 + 0.2, { min: -1e300, max: 1e300, count: 7, coverage: 0.25 })];
      await store.append(MINUTE, [...wide, point(START + 120, -0)]);
      const series = unwrap(await store.read(MINUTE, START - 60, START + 240));
      expect([...series.values]).toEqual([NaN, 0.1 + 0.2, NaN, -0, NaN]);
      expect(unwrap(await store.readPoints(MINUTE, START, START + 60))).toEqual(wide);
    });

    it("never reads an absent value as zero, and a zero as zero", async () => {
      const store = await fresh();
      await store.append(MINUTE, [point(START, 0)]);
      expect([...unwrap(await store.read(MINUTE, START, START + 120)).values]).toEqual([0, NaN]);
    });

    it("floors times to the grid", async () => {
      const store = await fresh();
      await store.append(MINUTE, [point(START + 59.9, 5)]);
      expect(unwrap(await store.readPoints(MINUTE, START, START + 60))[0]?.timeSeconds).toBe(START);
    });

    it("keeps series of many chunks", async () => {
      const store = await fresh();
      for (let day = 0; day < 3; day++) unwrap(await store.append(MINUTE, minutes(day * 1440, 1440, (i) => day * 1440 + i)));
      const series = unwrap(await store.read(MINUTE, START, START + 3 * 86_400));
      expect(series.values).toEqual(Float64Array.from({ length: 4320 }, (_, i) => i));
      expect([...unwrap(await store.read(MINUTE, START + 119 * 60, START + 122 * 60)).values]).toEqual([119, 120, 121]);
    });

    it("folds a late point within two intervals and drops later ones with a count", async () => {
      const store = await fresh();
      await store.append(MINUTE, minutes(0, 10, () => 10));
      const newest = START + 9 * 60;
      const late = unwrap(await store.append(MINUTE, [point(newest - 120, 40, { count: 3, coverage: 0.5 }), point(newest - 180, 99)]));
      expect(late).toEqual({ stored: 1, droppedLate: 1, droppedInvalid: 0 });
      const [folded] = unwrap(await store.readPoints(MINUTE, newest - 120, newest - 60));
      expect(folded).toEqual({ timeSeconds: newest - 120, mean: (10 + 40 * 3) / 4, min: 10, max: 40, count: 4, coverage: 1 });
      expect([...unwrap(await store.read(MINUTE, newest - 180, newest - 120)).values]).toEqual([10]);
    });

    it("fills a late gap within two intervals", async () => {
      const store = await fresh();
      await store.append(MINUTE, [point(START, 1), point(START + 120, 3)]);
      expect(unwrap(await store.append(MINUTE, [point(START + 60, 2)])).stored).toBe(1);
      expect([...unwrap(await store.read(MINUTE, START, START + 180)).values]).toEqual([1, 2, 3]);
    });

    it("judges lateness against what was stored before, not within one batch", async () => {
      const store = await fresh();
      const batch = minutes(0, 20, (i) => i).reverse();
      expect(unwrap(await store.append(MINUTE, batch))).toEqual({ stored: 20, droppedLate: 0, droppedInvalid: 0 });
    });

    it("counts invalid points and keeps the others", async () => {
      const store = await fresh();
      const bad = [point(START, NaN), point(START, Infinity), point(NaN, 1), point(-60, 1), point(START, 1, { min: 2, max: 1 }), point(START, 1, { count: -1 }), point(START, 1, { coverage: 1.5 }), point(START, 1, { coverage: NaN })];
      expect(unwrap(await store.append(MINUTE, [...bad, point(START, 8)]))).toEqual({ stored: 1, droppedLate: 0, droppedInvalid: bad.length });
      expect([...unwrap(await store.read(MINUTE, START, START + 60)).values]).toEqual([8]);
    });

    it("does not let a point from the future make the next ones late", async () => {
      const store = await fresh({ now: () => START + 60 });
      expect(unwrap(await store.append(MINUTE, [point(START + 86_400, 1), point(START, 2)]))).toEqual({ stored: 1, droppedLate: 0, droppedInvalid: 1 });
      expect(unwrap(await store.append(MINUTE, [point(START + 60, 3)])).stored).toBe(1);
    });

    it("refuses a key without name or with a step that is no whole number of seconds", async () => {
      const store = await fresh();
      for (const key of [{ ...MINUTE, target: "" }, { ...MINUTE, signal: "" }, { ...MINUTE, stepSeconds: 0 }, { ...MINUTE, stepSeconds: 0.5 }, { ...MINUTE, stepSeconds: NaN }]) {
        expect(await store.append(key, [point(START, 1)])).toMatchObject({ ok: false, failure: "permanent" });
      }
      expect(unwrap(await store.keys())).toEqual([]);
    });

    it("imports a past before and over what is there, folding points of one step", async () => {
      const store = await fresh();
      await store.append(MINUTE, minutes(10, 5, () => 1));
      const imported = [point(START, 4), point(START + 15, 6), point(START + 30, 8), point(START + 11 * 60, 50)];
      expect(unwrap(await store.importPoints(MINUTE, imported)).stored).toBe(4);
      expect([...unwrap(await store.read(MINUTE, START, START + 120)).values]).toEqual([6, NaN]);
      expect([...unwrap(await store.read(MINUTE, START + 600, START + 900)).values]).toEqual([1, 50, 1, 1, 1]);
      expect(unwrap(await store.append(MINUTE, [point(START + 15 * 60, 2)])).stored).toBe(1);
    });

    it("imports the same past twice without counting it twice", async () => {
      const store = await fresh();
      const past = minutes(0, 300, (i) => i);
      await store.importPoints(MINUTE, past);
      await store.importPoints(MINUTE, past);
      expect(unwrap(await store.readPoints(MINUTE, START, START + 300 * 60))).toEqual(past);
    });

    it("keeps an hourly rhythm: mean by coverage, extremes, counts", async () => {
      const store = await fresh();
      await store.append(MINUTE, minutes(0, 90, (i) => i));
      await store.append(MINUTE, [point(START + 91 * 60, 1000, { min: -7, max: 2000, coverage: 0.5, count: 4 })]);
      const hours = unwrap(await store.readPoints(HOURLY, START, START + 7200));
      const sum = Array.from({ length: 30 }, (_, i) => 60 + i).reduce((a, b) => a + b, 0);
      expect(hours[0]).toEqual({ timeSeconds: START, mean: 29.5, min: 0, max: 59, count: 60, coverage: 1 });
      expect(hours[1]?.mean).toBeCloseTo((sum + 500) / 30.5, 10);
      expect(hours[1]).toMatchObject({ min: -7, max: 2000, count: 34, coverage: 30.5 / 60 });
      expect(unwrap(await store.keys())).toEqual(expect.arrayContaining([MINUTE, HOURLY]));
    });

    it("makes the hour anew when an import replaces its steps", async () => {
      const store = await fresh();
      await store.append(MINUTE, minutes(0, 60, () => 10));
      await store.importPoints(MINUTE, minutes(0, 60, () => 20));
      expect(unwrap(await store.readPoints(HOURLY, START, START + 3600))).toEqual([point(START, 20, { count: 60 })]);
    });

    it("leaves an hourly signal alone that someone appends to", async () => {
      const store = await fresh();
      await store.append(HOURLY, [point(START, 77)]);
      await store.append(MINUTE, minutes(0, 60, () => 10));
      expect([...unwrap(await store.read(HOURLY, START, START + 3600)).values]).toEqual([77]);
    });

    it("keeps signals apart by target, name and step", async () => {
      const store = await fresh();
      const keys = [MINUTE, { ...MINUTE, target: "api" }, { ...MINUTE, signal: "utilization" }, { ...MINUTE, stepSeconds: 30 }];
      for (const [index, key] of keys.entries()) await store.append(key, [point(START, index)]);
      for (const [index, key] of keys.entries()) expect(unwrap(await store.read(key, START, START + 30)).values[0]).toBe(index);
    });

    it("prunes whole chunks before a time, the hourly rhythm by its own", async () => {
      const store = await fresh();
      await store.append(MINUTE, minutes(0, 3 * 1440, (i) => i));
      const dropped = unwrap(await store.prune(START + 86_400, START));
      expect(dropped).toBe(12);
      const series = unwrap(await store.read(MINUTE, START, START + 2 * 86_400));
      expect(series.values.subarray(0, 1440).every((value) => Number.isNaN(value))).toBe(true);
      expect(series.values[1440]).toBe(1440);
      expect([...unwrap(await store.read(HOURLY, START, START + 3600)).values]).toEqual([29.5]);
    });

    it("forgets a signal when its last chunk is pruned", async () => {
      const store = await fresh();
      await store.append(MINUTE, [point(START, 1)]);
      await store.prune(START + 400 * 86_400);
      expect(unwrap(await store.keys())).toEqual([]);
      expect(unwrap(await store.append(MINUTE, [point(START, 2)])).stored).toBe(1);
      expect([...unwrap(await store.read(MINUTE, START, START + 60)).values]).toEqual([2]);
    });

    it("answers writes asked at once, each for its own", async () => {
      const store = await fresh();
      const all = await Promise.all(Array.from({ length: 50 }, (_, i) => store.append({ ...MINUTE, target: `t${String(i)}` }, [point(START, i)])));
      expect(all.every((result) => result.ok && result.value.stored === 1)).toBe(true);
      const read = await Promise.all(Array.from({ length: 50 }, (_, i) => store.read({ ...MINUTE, target: `t${String(i)}` }, START, START + 60)));
      expect(read.map((result) => unwrap(result).values[0])).toEqual(Array.from({ length: 50 }, (_, i) => i));
    });
  });
}
