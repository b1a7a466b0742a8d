import { describe, expect, it } from "vitest";
import { readSeriesNotation } from "../../../src/policy/series-notation.ts";

describe("series as promtool writes them", () => {
  it.each<[string, readonly unknown[]]>([
    // The documentation's own examples (Prometheus, "Unit testing for rules").
    ["-2+4x3", [-2, 2, 6, 10]],
    ["1-2x4", [1, -1, -3, -5, -7]],
    ["1x4", [1, 1, 1, 1, 1]],
    ["1 _x3 stale", [1, "absent", "absent", "absent", "stale"]],
    ["_", ["absent"]],
    ["  3.5  1e2 ", [3.5, 100]],
    ["0.5+.25x2", [0.5, 0.75, 1]],
  ])("%s", (text, values) => {
    expect(readSeriesNotation(text)).toEqual({ ok: true, values });
  });

  it.each(["", "a", "1+x3", "1x", "x3", "1+2", "stalex3", "_x", "NaN", "1x9999999"])("refuses %j", (text) => {
    expect(readSeriesNotation(text).ok).toBe(false);
  });
});
