import { expect, it } from "vitest";

import { HistoryFeed, type DemandStep } from "../../../src/app/forecasts/history-feed.ts";
import { openMemoryHistory } from "../../../src/history/memory-history.ts";
import { policyOf } from "../../fixtures/policy.ts";

it("begins anew with a target that was away: no gap of a month is handed on step by step", async () => {
  const policy = policyOf();
  const { stepSeconds } = policy.forecast;
  const steps: DemandStep[] = [];
  let timeSeconds = 1_700_000_000 - (1_700_000_000 % stepSeconds);
  const feed = new HistoryFeed({
    reader: { takeSteps: () => [{ timeSeconds, mean: 5, min: 5, max: 5, count: 1, coverage: 1 }] }, store: openMemoryHistory(),
    onDemand: (step) => { steps.push(step); }, onFailure: () => undefined,
  });
  await feed.take(policy, timeSeconds + stepSeconds);
  timeSeconds += 3 * stepSeconds;
  await feed.take(policy, timeSeconds + stepSeconds);
  expect(steps.map(({ value }) => value)).toEqual([5, NaN, NaN, 5]);
  feed.retain(["other"]);
  feed.retain([policy.name]);
  timeSeconds += 30 * 86_400;
  await feed.take(policy, timeSeconds + stepSeconds);
  expect(steps).toHaveLength(5);
});
