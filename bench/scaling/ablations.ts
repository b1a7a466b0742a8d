import { LeadScale } from "../../forecasts/models/lead-scale.ts";
import { CHANGE_COST } from "../../src/decide/change-cost.ts";
import { BUDGET_CONTROL } from "../../src/learn/error-budget.ts";
import type { Controller } from "../../src/replay/controller.ts";

/** A part of the planner that is taken away while a replay runs. */
export interface Ablation {
  readonly name: string;
  /** Requests per second that a replica is believed to carry; the truth where absent. */
  readonly belief?: number;
  /** Runs with the part taken away, and puts it back. */
  during<T>(run: () => T): T;
  /** What the controller is given to see. */
  wrap?(controller: Controller): Controller;
}

const MEDIAN_SCALE = 0.07;
const FREE_CHANGES = { spareShare: 0, smallShortage: 0, shortageWaitSeconds: 0, smallSurplus: 0, surplusWaitSeconds: 0 };
const NORMAL = new LeadScale(5760).standard();

/** What each part of the planner is worth: the same step without it. The forecast's own switch is in the policy. */
export const ABLATIONS: readonly Ablation[] = [
  { name: "without calibration: errors are normal, of one scale", during: replaced(LeadScale.prototype, { at: () => MEDIAN_SCALE, standard: () => NORMAL }) },
  { name: "with one price, not found from the misses", during: replaced(BUDGET_CONTROL, { priceDays: Infinity }) },
  { name: "without the cost of a change", during: replaced(CHANGE_COST, FREE_CHANGES) },
  {
    name: "believed 15 % high, without learned capacity", belief: 115, during: (run) => run(),
    wrap: (controller) => ({ decide: (sighting) => controller.decide({ ...sighting, utilization: NaN }) }),
  },
];

function replaced<K extends object>(object: K, parts: Partial<K>): Ablation["during"] {
  return (run) => {
    const before = Object.fromEntries(Object.keys(parts).map((key) => [key, object[key as keyof K]]));
    Object.assign(object, parts);
    try {
      return run();
    } finally {
      Object.assign(object, before);
    }
  };
}
