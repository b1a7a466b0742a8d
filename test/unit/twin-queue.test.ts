import { describe, expect, it } from "vitest";

import { QueueAges, workOff } from "../../src/twin/queue.ts";

const MODEL = { itemsPerSecondPerReplica: 10, deadlineSeconds: 120 };

/** Each item by itself, first in, first out: the step in which it is done. */
function lateOneByOne(arrivals: readonly number[], capacity: readonly number[], deadlineSteps: number): number {
  const arrivedAt = arrivals.flatMap((count, step) => new Array<number>(count).fill(step));
  let next = 0;
  let late = 0;
  for (let step = 0; step < capacity.length; step += 1) {
    for (let left = capacity[step] ?? 0; left > 0 && next < arrivedAt.length && (arrivedAt[next] ?? Infinity) <= step; left -= 1) {
      if (step > (arrivedAt[next] ?? 0) + deadlineSteps) late += 1;
      next += 1;
    }
  }
  // What is not done by the end, and should have been.
  return late + arrivedAt.slice(next).filter((step) => step + deadlineSteps <= capacity.length - 1).length;
}

describe("a simulated queue", () => {
  it("keeps every item until it is done, and counts each late one once, as items worked off one by one would be", () => {
    const arrivals = Array.from({ length: 60 }, (_, i) => (i > 5 && i < 15 ? 2_400 : 480));
    const replicas = arrivals.map((_, i) => (i < 8 ? 1 : i < 30 ? 2 : 4));
    const ages = new QueueAges(60, 2);
    let [backlog, missed, served] = [0, 0, 0];
    arrivals.forEach((count, index) => {
      const step = workOff(MODEL, { backlog, ...ages.at(index), arrivalsPerSecond: count / 60, readyReplicas: replicas[index] ?? 0, stepSeconds: 60 });
      ages.push(index, step);
      expect(step.backlog).toBeCloseTo(backlog + step.arrived - step.served, 6);
      backlog = step.backlog;
      missed += step.missed;
      served += step.served;
    });
    expect(served + backlog).toBeCloseTo(arrivals.reduce((sum, count) => sum + count, 0), 6);
    expect(missed).toBeGreaterThan(1_000);
    expect(missed).toBeCloseTo(lateOneByOne(arrivals, replicas.map((count) => count * 600), 2), 6);
  });

  it("has nobody to work it off without replicas", () => {
    expect(workOff(MODEL, { backlog: 5, overdueItems: 0, dueItems: 5, arrivalsPerSecond: 1, readyReplicas: 0, stepSeconds: 60 })).toEqual({ backlog: 65, served: 0, dropped: 0, missed: 5, arrived: 60 });
  });
});
