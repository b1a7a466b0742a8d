import type { LeadModelSpec } from "../../forecasts/models/lead-features.ts";
import type { Policy } from "../model/policy.ts";

const DEFAULT_LEAD_SECONDS = 120;
const DAY_SECONDS = 86_400;
const LEAST_HISTORY_DAYS = 3;
const MOST_HISTORY_DAYS = 14;

/** The place of the lead time among the horizons; those after it are the hold's. */
export const LEAD_INDEX = 0;

/**
 * The horizons that control needs, in rows of the evaluation interval after the newest row: the lead time (what is ordered
 * now), and one and a half and two lead times (what would be needed again). The newest row describes a window in the past, so
 * that each horizon is longer by its age: half the window and one interval.
 */
export function leadHorizons(policy: Policy, leadTimeSeconds: number | undefined): LeadModelSpec {
  const row = policy.evaluationIntervalSeconds;
  const lead = leadTimeSeconds ?? DEFAULT_LEAD_SECONDS;
  const ageRows = windowAgeRows(policy);
  const dayRows = Math.max(8, Math.round((policy.forecast.seasonsSeconds[0] ?? DAY_SECONDS) / row));
  const days = Math.max(LEAST_HISTORY_DAYS, Math.min(MOST_HISTORY_DAYS, policy.forecast.historySeconds / (dayRows * row)));
  const horizonsRows = [1, 1.5, 2].map((share) => Math.max(1, Math.round((share * lead) / row)) + ageRows);
  return { rowSeconds: row, dayRows, historyRows: Math.ceil((days + 0.05) * dayRows) + Math.max(...horizonsRows), horizonsRows };
}

/** Rows from the middle of the window that the newest row describes to now: half the window and one interval. */
export function windowAgeRows(policy: Policy): number {
  return Math.round(policy.signals.demand.windowSeconds / 2 / policy.evaluationIntervalSeconds + 1);
}
