import { describe, expect, it } from "vitest";

import { fitRequests } from "../../src/step.ts";
import { policyOf } from "../fixtures/policy.ts";
import { GroupScene } from "../fixtures/scene.ts";

const INTERVAL_SECONDS = 15;
/** A "day" of an hour: 240 rows. */
const DAY_ROWS = 240;
const { forecast } = policyOf();
const policy = policyOf({ evaluationIntervalSeconds: INTERVAL_SECONDS, forecast: { ...forecast, seasonsSeconds: [DAY_ROWS * INTERVAL_SECONDS], refitSeconds: 30 * 86_400 } });

/** After how many rows which model was asked for. */
function asked(rows: number, isLost: (row: number) => boolean): (readonly [row: number, model: string])[] {
  const scene = new GroupScene([policy], 10);
  const requests: (readonly [row: number, model: string])[] = [];
  for (let row = 1; row <= rows; row += 1) {
    if (isLost(row)) {
      scene.nowSeconds += INTERVAL_SECONDS;
      continue;
    }
    scene.tick({ web: { demand: 500 } });
    for (const { modelId } of fitRequests(scene.state, [policy])) requests.push([row, modelId]);
  }
  return requests;
}

const all = [[30, "lead-past"], [60, "lead-past"], [120, "lead-past"], [240, "lead-past"], [480, "lead-ridge"]];

describe("the fits that a step asks for", () => {
  it("are a past at parts of the first day, and a first fit after two days, once each", () => {
    expect(asked(600, () => false)).toEqual(all);
  });

  it("are asked for with the next tick where the one at which they are due is lost", () => {
    expect(asked(600, (row) => all.some(([due]) => due === row))).toEqual(all.map(([due, model]) => [Number(due) + 1, model]));
  });
});
