import { describe, expect, it } from "vitest";

import { daysToReach, forecastGrowth } from "../../forecasts/growth.ts";
import { seededUniform } from "../fixtures/load-series.ts";

/** Hourly load whose daily peak grows by `perDay` from 100, lower by a third at weekends. */
function growing(days: number, perDay: number) {
  const uniform = seededUniform(7);
  const values = Float64Array.from({ length: days * 24 }, (_, row) => {
    const day = Math.floor(row / 24);
    const peak = (100 + perDay * day) * (day % 7 >= 5 ? 0.67 : 1);
    return peak * (0.5 + 0.5 * Math.sin((Math.PI * (row % 24)) / 24) ** 2) * (1 + 0.02 * (uniform() - 0.5));
  });
  return { startSeconds: 0, stepSeconds: 3600, values };
}

describe("growth", () => {
  it("finds the growth of the daily peaks under a weekly rhythm", () => {
    const growth = forecastGrowth(growing(56, 2), 90)!;
    expect(growth.perDay).toBeGreaterThan(1.5);
    expect(growth.perDay).toBeLessThan(2.2);
  });

  it("says when a limit is reached, earlier on the upper path and later on the lower", () => {
    const growth = forecastGrowth(growing(56, 2), 90)!;
    // The workday peak reaches 300 on day 100, 44 days after the end.
    const { earliestDays, likelyDays, latestDays } = daysToReach(growth, 300);
    expect(earliestDays).toBeLessThanOrEqual(likelyDays!);
    expect(Math.abs(earliestDays! - 44)).toBeLessThan(12);
    expect(latestDays ?? 91).toBeGreaterThan(likelyDays!);
  });

  it("never reaches a limit far above a load that does not grow", () => {
    expect(daysToReach(forecastGrowth(growing(56, 0), 90)!, 500)).toEqual({ earliestDays: undefined, likelyDays: undefined, latestDays: undefined });
  });

  it("has bands that do not cross", () => {
    const { peaks } = forecastGrowth(growing(28, 1), 90)!;
    for (let day = 0; day < 90; day++) expect([peaks[0]![day]!, peaks[1]![day]!, peaks[2]![day]!]).toEqual([peaks[0]![day]!, peaks[1]![day]!, peaks[2]![day]!].sort((a, b) => a - b));
  });

  it("tells nothing from less than fourteen days", () => {
    expect(forecastGrowth(growing(13, 2), 90)).toBeUndefined();
  });
});
