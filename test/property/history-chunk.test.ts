import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Chunk, chunkRows } from "../../src/history/chunk.ts";
import type { HistoryPoint } from "../../src/history/history-store.ts";

const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const point: fc.Arbitrary<HistoryPoint> = fc.record({
  timeSeconds: fc.constant(0), mean: number, min: fc.oneof(number, fc.constant(1)), max: number,
  count: fc.nat(5), coverage: fc.constantFrom(0, 0.5, 1),
});

describe("a chunk", () => {
  it("gives back what was set, to the last bit, after encoding", () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(119), point), { maxLength: 40 }), fc.boolean(), (cells, isFlat) => {
      const chunk = new Chunk(120);
      for (const [row, one] of cells) chunk.set(row, isFlat ? { ...one, min: one.mean, max: one.mean, count: 1, coverage: 1 } : one);
      const decoded = Chunk.decode(chunk.encode(), 120);
      for (let row = 0; row < 120; row++) {
        expect(decoded?.has(row)).toBe(chunk.has(row));
        if (chunk.has(row)) expect(decoded?.pointAt(row, 0)).toEqual(chunk.pointAt(row, 0));
      }
    }), { numRuns: 500 });
  });

  it("is not decoded when any bit of it is flipped", () => {
    const chunk = new Chunk(120);
    for (let row = 3; row < 90; row += 2) chunk.set(row, { timeSeconds: 0, mean: Math.sqrt(row), min: row, max: row * 2, count: 3, coverage: 1 });
    const bytes = chunk.encode();
    fc.assert(fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
      const flipped = Uint8Array.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
      expect(Chunk.decode(flipped, 120)).toBeUndefined();
    }), { numRuns: 500 });
  });

  it("folds parts of a step in any order to the same count, extremes and mean", () => {
    fc.assert(fc.property(fc.array(fc.record({ mean: fc.integer({ min: -50, max: 50 }), count: fc.integer({ min: 1, max: 4 }) }), { minLength: 1, maxLength: 6 }), (parts) => {
      const fold = (order: typeof parts): HistoryPoint => {
        const chunk = new Chunk(120);
        for (const { mean, count } of order) chunk.fold(0, { timeSeconds: 0, mean, min: mean - 1, max: mean + 1, count, coverage: 0.1 });
        return chunk.pointAt(0, 0);
      };
      const [forward, backward] = [fold(parts), fold(parts.toReversed())];
      const total = parts.reduce((sum, part) => sum + part.count, 0);
      expect(forward.count).toBe(total);
      expect(forward.mean).toBeCloseTo(parts.reduce((sum, part) => sum + part.mean * part.count, 0) / total, 9);
      expect(backward).toMatchObject({ min: forward.min, max: forward.max, count: forward.count });
      expect(backward.mean).toBeCloseTo(forward.mean, 9);
    }));
  });

  it("holds two hours, or 120 rows where the step is longer than a minute", () => {
    expect([1, 5, 7, 60, 300, 3600].map(chunkRows)).toEqual([7200, 1440, 1029, 120, 120, 120]);
  });
});
