import { wholeZones as toWholeZones } from "../plan/redundancy.ts";
import type { Rule } from "./rule.ts";
import { unchanged } from "./rule.ts";

/** The same number in each zone, so that each can be lost. */
export const wholeZones: Rule = {
  code: "whole-zones",
  apply(count, { policy }) {
    const zones = policy.redundancy?.zones ?? 1;
    const rounded = toWholeZones(count, zones);
    return rounded === count ? unchanged(count) : { count: rounded, text: `a multiple of the ${String(zones)} zones` };
  },
};
