import type { Rule } from "./rule.ts";
import { unchanged } from "./rule.ts";

/** Fewer failures than this share are weather. */
const NOTEWORTHY_SHARE = 0.05;
/** At most so much is ordered on top, as a share of the need: a cloud that starts nothing is not asked for ever more. */
const MOST_EXTRA_SHARE = 0.5;

/** Starts that were given up are ordered again beside those that hang, and where starts fail a few more are ordered than are needed. */
export const failedStarts: Rule = {
  code: "failed-starts",
  apply(count, { currentReplicas, starts }) {
    const { stuck, failedShare, readyReplicas } = starts;
    const most = Math.ceil(MOST_EXTRA_SHARE * count);
    const hanging = count > readyReplicas ? Math.min(stuck, most) : 0;
    const ordered = Math.max(0, count + hanging - currentReplicas);
    const likely = failedShare < NOTEWORTHY_SHARE ? 0 : Math.min(most, Math.ceil(ordered / (1 - failedShare)) - ordered);
    if (hanging + likely === 0) return unchanged(count);
    const causes = [...(hanging > 0 ? [`${String(hanging)} that hang are not waited for`] : []), ...(likely > 0 ? [`${(100 * failedShare).toFixed(0)} % of the starts fail`] : [])];
    return { count: count + hanging + likely, text: causes.join(", ") };
  },
};
