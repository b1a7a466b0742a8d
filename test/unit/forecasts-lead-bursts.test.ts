import { describe, expect, it } from "vitest";

import { loadAround } from "../../forecasts/models/lead-features.ts";
import { LeadModel } from "../../forecasts/models/lead-ridge.ts";
import { fitLeadRidge } from "../../forecasts/models/lead-ridge-fit.ts";

const DAY_ROWS = 1440;
const HORIZON = 4;
const DAYS = 5;

/** A load of 100 a second with a burst of three rows once an hour. */
function burstLoad(factor: number, isBurst: (row: number) => boolean): Float64Array {
  return Float64Array.from({ length: DAYS * DAY_ROWS }, (_, row) => (isBurst(row) ? 100 * factor : 100 + (row % 7)));
}

/** The greatest median that is foreseen in a day after the fit. */
function highestForeseen(values: Float64Array): number {
  const spec = { rowSeconds: 60, dayRows: DAY_ROWS, historyRows: DAYS * DAY_ROWS, horizonsRows: [HORIZON] };
  const model = new LeadModel(spec);
  values.forEach((value, row) => {
    model.observe(row * 60, value);
  });
  model.adopt(fitLeadRidge({ values, firstRow: 0, dayRows: DAY_ROWS, horizonsRows: [HORIZON] }));
  let highest = 0;
  for (let row = 0; row < DAY_ROWS; row += 1) {
    model.observe((values.length + row) * 60, values[values.length - DAY_ROWS + row] ?? NaN);
    highest = Math.max(highest, model.moments(0)?.median ?? 0);
  }
  return highest;
}

describe("a burst in the control forecast", () => {
  it("is foreseen as high as it comes every hour, eight times the load", () => {
    expect(highestForeseen(burstLoad(8, (row) => row % 60 < 3))).toBeGreaterThan(650);
  });

  it("is an exception where it came once in five days", () => {
    expect(highestForeseen(burstLoad(8, (row) => row >= 2000 && row < 2003))).toBeLessThan(300);
  });
});

describe("the load between two rows", () => {
  it("is that of a straight line unchanged, and of a peak higher than the mean of its window", () => {
    expect(loadAround(Float32Array.from([0, 1, 2, 3, 4, 5]), 2)).toBeCloseTo(2.5, 6);
    const curve = Float32Array.from([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5], (x) => -(x * x) - 1.25);
    // The window's mean of −x² at its middle is −1.25, and half a row to either side −1.5: the load there is 0.
    expect(loadAround(curve, 2)).toBeCloseTo(0, 6);
  });

  it("is the mean of the two where a row around them is not kept", () => {
    expect(loadAround(Float32Array.from([1, 3]), 0)).toBe(2);
  });
});
