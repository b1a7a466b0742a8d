import { describe, expect, it } from "vitest";

import { HourSpread } from "../../forecasts/intervals/hour-spread.ts";
import { geometricKnots } from "../../forecasts/numeric/horizon-knots.ts";
import { RowWindow } from "../../forecasts/numeric/row-window.ts";
import { spreadRows } from "../../forecasts/numeric/spread-rows.ts";
import { FORECASTERS } from "../../forecasts/registry.ts";

describe("the rows that a fit learns from", () => {
  it("meet every minute of the hour about equally often, however long the history is", () => {
    for (const rows of [1500, 2001, 3000, 6000]) {
      const counts = new Float64Array(12);
      const taken = spreadRows(100, 100 + rows, 500);
      for (const row of taken) counts[row % 12]!++;
      expect(taken.length).toBeGreaterThan(300);
      expect(taken.length).toBeLessThan(800);
      expect(taken.at(-1)).toBeLessThan(100 + rows);
      for (const count of counts) expect(count / (taken.length / 12)).toSatisfy((share: number) => share > 0.85 && share < 1.15);
    }
  });

  it("are all there are, once each, where few are there, and none where none is", () => {
    expect([...spreadRows(3, 8, 500)]).toEqual([3, 4, 5, 6, 7]);
    expect([...spreadRows(8, 8, 500)]).toEqual([]);
  });
});

describe("the knots of a horizon", () => {
  it("stand on each of the first rows where that is asked for, and on the last", () => {
    expect(geometricKnots(288, 2, 4)).toEqual([1, 2, 3, 4, 8, 16, 32, 64, 128, 288]);
    expect(geometricKnots(3, 2, 4)).toEqual([1, 2, 3]);
    expect(geometricKnots(1, 2, 4)).toEqual([1]);
  });
});

describe("the spread of an hour", () => {
  const scatter = (row: number): number => Math.sin(row * 12.9898) * (row % 48 < 24 ? 0.05 : 1);
  const follow = (days: number): HourSpread => {
    const window = new RowWindow(100);
    const spread = new HourSpread(48);
    for (let row = 0; row < days * 48; row++) {
      window.push(scatter(row));
      spread.observe(window);
    }
    return spread;
  };

  it("is 1 for the first days, then small by night and large by day, within half and twice", () => {
    expect(follow(2).ratio(5)).toBe(1);
    const spread = follow(20);
    const [night, noon] = [spread.ratio(5), spread.ratio(30)];
    expect(night).toBeGreaterThanOrEqual(0.5);
    expect(night).toBeLessThan(0.7);
    expect(noon).toBeGreaterThan(1.2);
    expect(noon).toBeLessThanOrEqual(2);
  });

  it("comes back the same from what was saved", () => {
    const spread = follow(20);
    const again = new HourSpread(48, structuredClone(spread.save()));
    for (let row = 0; row < 48; row++) expect(again.ratio(row)).toBe(spread.ratio(row));
    expect(again.unrest()).toBe(spread.unrest());
  });

  it("tells within hours that a load has become restless, and within hours that it is calm again", () => {
    const window = new RowWindow(100);
    const spread = new HourSpread(48);
    const watch = (from: number, to: number, size: number): number => {
      for (let row = from; row < to; row++) {
        window.push(size * Math.sin(row * 12.9898));
        spread.observe(window);
      }
      return spread.unrest();
    };
    expect(watch(0, 960, 1)).toSatisfy((usual: number) => usual > 0.7 && usual < 1.4);
    expect(watch(960, 984, 4)).toBeGreaterThan(1.5);
    watch(984, 1032, 1);
    expect(watch(1032, 1056, 1)).toBeLessThan(1.3);
  });

  it("asks nothing of a state that was saved before unrest was kept", () => {
    const { newest: _, ...older } = follow(20).save();
    expect(new HourSpread(48, older).unrest()).toBeCloseTo(1, 10);
  });
});

describe("a load that alternates with every row", () => {
  it("is covered at odd horizons as at even ones", () => {
    const noise = (row: number): number => (((Math.sin(row * 78.233) * 43758.5453) % 1) + 1) % 1;
    // On a level that wanders, with a rhythm that slips: then the trust gate holds the newest value at even horizons, wrong at odd ones.
    let phase = 0;
    let wander = 0;
    const values = Float64Array.from({ length: 6000 }, (_, row) => {
      if (noise(row + 0.5) < 0.1) phase++;
      wander += noise(row + 0.25) - 0.5;
      return 10 + 8 * ((row + phase) % 2) + wander;
    });
    const auto = FORECASTERS["auto"]!;
    const result = auto.fit({ series: { startSeconds: 0, stepSeconds: 300, values: values.slice(0, 3000) }, seasons: [288], horizon: 12, seed: 1 });
    if (!result.ok) throw new Error(result.reason);
    const running = auto.resume(result.fit);
    const covered = [0, 0, 0];
    for (let row = 3000; row < 5990; row++) {
      const paths = running.forecast([2, 3, 4], [0.9]).quantiles[0]!;
      for (const [i, horizon] of [2, 3, 4].entries()) if (row >= 3500 && values[row + horizon - 1]! <= paths[i]!) covered[i]!++;
      running.observe(values[row]!);
    }
    for (const hits of covered) expect(hits / 2490).toSatisfy((share: number) => Math.abs(share - 0.9) < 0.02);
  });
});
