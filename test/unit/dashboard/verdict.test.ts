import { describe, expect, it } from "vitest";

import { sentence } from "../../../src/app/dashboard/src/sentence.ts";
import { verdictOf } from "../../../src/app/dashboard/src/verdict.ts";
import type { Decision } from "../../../src/app/dashboard/src/wire-types.ts";

const spendOf = (savedUsd: number | undefined) => ({ sinceSeconds: 0, savedUsd });
const objectiveOf = (own: number, baseline: number) => ({
  seconds: 240, errorBudget: 0.005, isMeasured: true, own: { requests: 100_000, missed: own, overSeconds: 5 }, baseline: { requests: 100_000, missed: baseline, overSeconds: 90 },
});

describe("the verdict against the HPA", () => {
  it.each<[number | undefined, [number, number], string]>([
    [-0.14, [200, 2_400], "cost $0.14 more than the HPA would have, but missed 12 times fewer requests"],
    [0.0021, [0, 2_400], "cost 0.21 ¢ less than the HPA would have, and missed none of the 2,400 requests that the HPA would have"],
    [1.2, [40, 10], "cost $1.20 less than the HPA would have, but missed 4 times more requests"],
    [0, [0, 0.2], "cost the same as the HPA would have, and neither missed a request"],
    [undefined, [7, 0], "missed 7 requests where the HPA would have missed none"],
    [undefined, [10, 12], "missed 10 requests where the HPA would have missed 12"],
  ])("says money and misses together: %s saved, %s missed", (savedUsd, [own, baseline], says) => {
    expect(verdictOf({ spend: spendOf(savedUsd), objective: objectiveOf(own, baseline) })?.says).toBe(says);
  });

  it("names the shares and the time over the budget, and says nothing while the HPA's misses are not known", () => {
    expect(verdictOf({ spend: spendOf(0.1), objective: objectiveOf(100, 2_400) })?.figures).toContain("HPA 2.4%, Foretide 0.1%. More of them than the 0.5% that the objective allows: HPA for 2 min of 4 min, Foretide for 5 s");
    expect(verdictOf({ spend: spendOf(0.1), objective: undefined })).toBeUndefined();
  });
});

describe("a decision as a sentence", () => {
  const decisionOf = (part: Partial<Decision>): Decision => ({
    id: "d", target: "shop", timeSeconds: 0, kind: "hold", currentReplicas: 7, desiredReplicas: 7, inputs: {},
    reasons: [{ code: "forecast-quantile", text: "needed in 20 s", before: 7, after: 7 }],
    forecast: { leadTimeSeconds: 20, p50: 453, p99: 540, model: "auto", used: "forecast" }, ...part,
  });
  it.each<[Partial<Decision>, string]>([
    [{}, "Holding 7 replicas: the load forecast for 20 s ahead needs 7"],
    [{ kind: "scale-out", desiredReplicas: 9, reasons: [{ code: "forecast-quantile", text: "needed in 20 s", before: 7, after: 9 }] }, "Scaling out from 7 replicas to 9: the load forecast for 20 s ahead needs 9"],
    [{ reasons: [{ code: "stabilization", text: "the highest need of the last 30 s", before: 5, after: 7 }] }, "Holding 7 replicas: the forecast needs 5; the highest need of the last 30 s was 7"],
    [{ reasons: [{ code: "stabilization", text: "watched for too short a time to scale in", before: 5, after: 7 }] }, "Holding 7 replicas: watched for too short a time to scale in"],
    [{ kind: "scale-in", desiredReplicas: 1, reasons: [{ code: "deferral-idle", text: "nothing waits", before: 7, after: 1 }] }, "Scaling in from 7 replicas to 1: nothing waits"],
  ])("%#", (part, said) => {
    expect(sentence(decisionOf(part))).toBe(said);
  });
});
