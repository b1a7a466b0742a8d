import { describe, expect, it } from "vitest";
import { explain, type DecisionRecord } from "../../src/app/api/explain.ts";
import type { Decision, Reason } from "../../src/model/decision.ts";
import type { Offering } from "../../src/model/offering.ts";

const step = (code: string, before: number, after: number): Reason => ({ code, text: `${code} says so`, before, after });

function recordOf(decision: Partial<Decision>, offerings: readonly Offering[] = []): DecisionRecord {
  const whole: Decision = { id: "web@100", target: "web", timeSeconds: 100, kind: "hold", currentReplicas: 10, desiredReplicas: 10, reasons: [step("forecast-quantile", 10, 10)], inputs: {}, ...decision };
  const absent = { kind: "absent", cause: "absent", detail: "" } as const;
  return {
    decision: whole,
    snapshot: { timeSeconds: 100, wake: "tick", epoch: 1, installs: [], outcomes: [], overrides: [], targets: { web: { demand: absent, utilization: absent, missRatio: absent, backlog: absent, workload: absent, notices: [], offerings } } },
    forecast: undefined,
    outcomes: [],
  };
}

const offering = (id: string, part: Partial<Offering>): Offering => ({ id, region: "r", zone: "z", instanceType: "t", capacityType: "spot", replicas: 2, pricePerHourUsd: 0.2, interruptionsPerHour: 0, launchable: true, startSeconds: 30, ...part });

describe("why not", () => {
  const wanted14 = recordOf({ kind: "scale-out", desiredReplicas: 12, reasons: [step("forecast-quantile", 10, 14), step("tolerance", 14, 14), step("guard-bounds", 14, 12)], binding: { withoutCode: "guard-bounds", desiredReplicas: 14 } });
  const kept10 = recordOf({ reasons: [step("forecast-quantile", 10, 6), step("stabilization", 6, 9), step("look-ahead-hold", 9, 10)] });

  it.each([
    ["14", wanted14, ["guard-bounds"], /guard-bounds moved the count from 14 to 12/u],
    ["13", wanted14, ["guard-bounds"], /guard-bounds/u],
    ["16", wanted14, ["forecast-quantile"], /No rule called for 16 replicas/u],
    ["11", wanted14, [], /No rule called for 11 replicas|forecast-quantile moved/u],
    ["12", wanted14, [], /That is what was decided/u],
    ["scale-out", wanted14, [], /That is what was decided/u],
    ["scale-in", kept10, ["look-ahead-hold"], /look-ahead-hold moved the count from 9 to 10/u],
    ["6", kept10, ["stabilization"], /stabilization moved the count from 6 to 9/u],
    ["scale-out", kept10, ["forecast-quantile"], /No rule called for a scale-out: forecast-quantile asked for 6/u],
    ["rebalance", kept10, [], /No rule spoke of a rebalance/u],
  ])("%s", (...[asked, record, codes, answer]) => {
    const { whyNot } = explain(record, asked);
    expect(whyNot?.answer).toMatch(answer);
    if (codes.length > 0) expect(whyNot?.codes).toEqual(codes);
  });

  it("is left out where nothing was asked", () => {
    expect(explain(kept10)).not.toHaveProperty("whyNot");
  });
});

describe("the summary", () => {
  it.each([
    [recordOf({}), "Holds at 10 replicas: forecast-quantile says so."],
    [recordOf({ kind: "scale-in", desiredReplicas: 1, currentReplicas: 2, reasons: [step("forecast-quantile", 2, 1)] }), "Scales in from 2 to 1 replica: forecast-quantile says so."],
    [recordOf({ kind: "scale-out", desiredReplicas: 12, reasons: [step("a", 10, 14), step("b", 14, 12)], binding: { withoutCode: "b", desiredReplicas: 14 } }), "Scales out from 10 to 12 replicas: b says so. Without b it would be 14."],
  ])("is one sentence, and the count without what bound", (record, sentence) => {
    expect(explain(record).summary).toBe(sentence);
  });
});

describe("inputs and quantiles", () => {
  it("keep an absent value absent, never zero", () => {
    const { inputs } = explain(recordOf({ inputs: { demand: { cause: "stale" }, utilization: { value: 0, ageSeconds: 3 } } }));
    expect(inputs).toEqual([{ name: "demand", cause: "stale" }, { name: "utilization", value: 0, ageSeconds: 3 }]);
  });

  it("come from the journalled forecast at the horizon nearest the lead time", () => {
    const record = recordOf({ forecast: { leadTimeSeconds: 70, p50: 1, p99: 2, model: "m", used: "forecast" } });
    const forecast = {
      originSeconds: 100, horizonsSeconds: [30, 60, 90], mean: Float64Array.of(1, 1, 1), levels: [0.5, 0.9],
      quantiles: [Float64Array.of(10, 11, 12), Float64Array.of(20, 21, 22)], model: { id: "m", digest: "", weights: {}, relativeError: Number.NaN, note: "" },
    };
    expect(explain({ ...record, forecast }).quantiles).toEqual([{ level: 0.5, demand: 11 }, { level: 0.9, demand: 21 }]);
    expect(explain(recordOf({})).quantiles).toEqual([]);
  });

  it("come from the decision alone by the control model's law, where the pass carries no forecast", () => {
    const { quantiles } = explain(recordOf({ forecast: { leadTimeSeconds: 70, p50: 100, p99: 100 * Math.exp(0.1 * 2.326347874), model: "lead-ridge", used: "forecast" } }));
    expect(quantiles.map(({ level }) => level)).toEqual([0.5, 0.9, 0.95, 0.99]);
    expect(quantiles[1]?.demand).toBeCloseTo(100 * Math.exp(0.1 * 1.28155), 2);
    expect(quantiles[2]?.demand).toBeCloseTo(100 * Math.exp(0.1 * 1.64485), 2);
    expect(explain(recordOf({ forecast: { leadTimeSeconds: 70, p50: 0, p99: 3, model: "m", used: "forecast" } })).quantiles).toEqual([{ level: 0.5, demand: 0 }, { level: 0.99, demand: 3 }]);
  });

  it("tell how old the demand was, how old the fit, and what stands in for it", () => {
    const record = recordOf({ timeSeconds: 1_700_000_000, forecast: { leadTimeSeconds: 70, p50: 1, p99: 2, model: "persistence", used: "forecast", fittedToSeconds: 1_699_996_400, demotion: { sinceSeconds: 1_699_999_940, reason: "it lost" } } });
    const snapshot = { ...record.snapshot, targets: { [record.decision.target]: { demand: { kind: "value", value: 5, timeSeconds: 1_699_999_996 } } } } as unknown as typeof record.snapshot;
    expect(explain({ ...record, snapshot }).forecast).toEqual({ originSeconds: 1_699_999_996, ageSeconds: 4, fitAgeSeconds: 3_600, standsIn: "since 2023-11-14T22:12:20.000Z: it lost" });
    expect(explain(recordOf({})).forecast).toBeUndefined();
  });

  it("leave out what is not known", () => {
    expect(explain(recordOf({})).quantiles).toEqual([]);
    expect(explain(recordOf({ forecast: { leadTimeSeconds: 70, p50: Number.NaN, p99: 2, model: "m", used: "reactive" } })).quantiles).toEqual([{ level: 0.99, demand: 2 }]);
  });
});

describe("alternatives", () => {
  const allocation = { instances: { a: 5 }, replicas: 10, costPerHourUsd: 2, carbonGramsPerHour: 50 };

  it("price other counts at the decision's own average", () => {
    const record = recordOf({ kind: "scale-out", desiredReplicas: 10, currentReplicas: 8, allocation, costPerHourUsd: 2, carbonGramsPerHour: 50, reasons: [step("forecast-quantile", 8, 12), step("guard-bounds", 12, 10)], binding: { withoutCode: "guard-bounds", desiredReplicas: 12 } });
    const [stay, unbound] = explain(record).alternatives;
    expect(stay).toMatchObject({ name: "stay as it was", replicas: 8, costPerHourUsd: 1.6, carbonGramsPerHour: 40 });
    expect(stay?.costDifferencePerHourUsd).toBeCloseTo(-0.4, 12);
    expect(unbound).toMatchObject({ name: "without guard-bounds", replicas: 12, notTaken: "guard-bounds says so" });
    expect(unbound?.carbonDifferenceGramsPerHour).toBeCloseTo(10, 12);
  });

  it("price the same count at one offering, per replica, with embodied carbon", () => {
    const offerings = [
      offering("dear", { capacityType: "on-demand", pricePerHourUsd: 0.6, powerWatts: 40, intensityGramsPerKwh: 500, embodiedGramsPerHour: 4 }),
      offering("cheap", { pricePerHourUsd: 0.1 }),
      offering("gone", { pricePerHourUsd: 0.01, launchable: false }),
    ];
    const byName = new Map(explain(recordOf({ allocation, costPerHourUsd: 2 }, offerings)).alternatives.map((one) => [one.name, one]));
    expect(byName.get("all at the lowest price")).toMatchObject({ replicas: 10, costPerHourUsd: 0.5, costDifferencePerHourUsd: -1.5, notTaken: "all in one place, z" });
    expect(byName.get("all at the lowest price")).not.toHaveProperty("carbonGramsPerHour");
    expect(byName.get("all on demand")).toMatchObject({ costPerHourUsd: 3, carbonGramsPerHour: 120, carbonDifferenceGramsPerHour: 70, notTaken: "dearer" });
  });

  it("name no price where none is known, and nothing that was done", () => {
    const record = recordOf({ kind: "scale-out", desiredReplicas: 12, reasons: [step("forecast-quantile", 10, 12)] });
    expect(explain(record).alternatives).toEqual([{ name: "stay as it was", replicas: 10, basis: "the decision's own average per replica", notTaken: "the rules called for a change" }]);
    const only = recordOf({ allocation: { ...allocation, instances: { cheap: 5, other: 0 } } }, [offering("cheap", {})]);
    expect(explain(only).alternatives).toEqual([]);
  });
});
