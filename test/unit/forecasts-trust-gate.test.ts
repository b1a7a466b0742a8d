import { describe, expect, it } from "vitest";

import { FORECASTERS } from "../../forecasts/registry.ts";
import { judgeTrust, trustReason } from "../../forecasts/trust-gate.ts";
import { loadSeries, seededUniform } from "../fixtures/load-series.ts";

describe("the trust gate", () => {
  const losing = { ensemble: 1.2, seasonalNaive: 1, now: 2 };
  const winning = { ensemble: 0.9, seasonalNaive: 1, now: 2 };

  it("demotes an ensemble that loses to seasonal naive or to the newest value, and says why", () => {
    expect(judgeTrust("ensemble", losing, 100)).toBe("seasonal-naive");
    expect(judgeTrust("ensemble", { ensemble: 1.2, seasonalNaive: 3, now: 1 }, 100)).toBe("now");
    expect(trustReason("seasonal-naive", losing, 12)).toBe("at 12 rows seasonal naive is used: the ensemble's recent error is 1.20 times its");
    expect(trustReason("ensemble", winning, 12)).toBe("");
  });

  it("promotes it again when it wins, and keeps its verdict in between", () => {
    const level = { ensemble: 1.02, seasonalNaive: 1, now: 2 };
    expect(judgeTrust("seasonal-naive", winning, 100)).toBe("ensemble");
    expect(judgeTrust("seasonal-naive", level, 100)).toBe("seasonal-naive");
    expect(judgeTrust("ensemble", level, 100)).toBe("ensemble");
  });

  it("judges nothing before twenty forecasts have matured", () => {
    expect(judgeTrust("ensemble", losing, 19)).toBe("ensemble");
  });

  it("holds the newest value while a load wanders as no history did, and returns when the rhythm does", () => {
    const series = loadSeries({ rows: 20 * 48, day: 48, noise: 0.02 });
    const result = FORECASTERS["auto"]!.fit({ series, seasons: [48], horizon: 12, seed: 1 });
    if (!result.ok) throw new Error(result.reason);
    const running = FORECASTERS["auto"]!.resume(result.fit);
    const uniform = seededUniform(5);
    // A load that jumps between two levels of no pattern and stays on each for a while.
    let level = 100;
    for (let row = 0; row < 6 * 48; row++) {
      if (uniform() < 0.05) level = 40 + 400 * uniform();
      running.observe(level);
    }
    expect(running.forecast([1], [0.5]).model.note).toContain("the newest value is used");
    const calm = loadSeries({ rows: 40 * 48, day: 48, noise: 0.02 });
    for (let row = 20 * 48; row < 40 * 48; row++) running.observe(calm.values[row]!);
    expect(running.forecast([1], [0.5]).model.note).toBe("");
  });
});
