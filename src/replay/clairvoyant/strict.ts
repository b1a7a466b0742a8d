import type { ReplayWorld } from "../simulate.ts";
import { useForBudget } from "../tally.ts";
import { serviceRate } from "../../twin/service.ts";

/**
 * Billed replica-hours of the cheapest plan that always has what each step's demand needs (use where 0.1 % would miss), known in
 * advance. Exact: levels are independent; a gap between two needs of a level is kept on iff it is no longer than a start. A
 * level that is on at the start of scoring has its boot free.
 */
export function strictOptimumHours(world: ReplayWorld, leadTimeSeconds: number): number {
  const { load, stepSeconds, scoreFrom } = world;
  const perReplica = serviceRate(world.service) * useForBudget(world.service, 0.001);
  const needs = Array.from(load.subarray(scoreFrom), (rate) => Math.max(1, Math.ceil(rate / perReplica)));
  const startSteps = leadTimeSeconds / stepSeconds;
  const lastNeeded = new Float64Array(needs.reduce((most, need) => Math.max(most, need), 1) + 1).fill(-1);
  let steps = 0;
  needs.forEach((need, index) => {
    for (let level = 1; level <= need; level += 1) {
      const gap = index - 1 - (lastNeeded[level] ?? -1);
      steps += 1 + Math.min(gap, startSteps);
      lastNeeded[level] = index;
    }
  });
  return (steps * stepSeconds) / 3600;
}
