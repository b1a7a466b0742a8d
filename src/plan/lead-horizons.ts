import type { LeadModelSpec } from "../../forecasts/models/lead-ridge.ts";
import type { Policy } from "../model/policy.ts";

const DEFAULT_LEAD_SECONDS = 120;
const DAY_SECONDS = 86_400;
const MOST_ROWS = 90_000;

/**
 * The horizons that control needs, in rows of the evaluation interval after the newest row: now, half the lead time, the lead
 * time (what is ordered now), and one and a half and two lead times (what would be needed again). The newest row describes a
 * window in the past, so that each horizon is longer by its age: half the window and one interval.
 */
export function leadHorizons(policy: Policy, leadTimeSeconds: number | undefined): LeadModelSpec {
  const row = policy.evaluationIntervalSeconds;
  const lead = leadTimeSeconds ?? DEFAULT_LEAD_SECONDS;
  const ageRows = Math.round((policy.signals.demand.windowSeconds / 2 + row) / row + 0.5);
  const horizonsRows = [0, 0.5, 1, 1.5, 2].map((share) => Math.max(1, Math.round((share * lead) / row) + ageRows));
  const daySeconds = policy.forecast.seasonsSeconds[0] ?? DAY_SECONDS;
  const historyRows = Math.min(MOST_ROWS, Math.ceil(policy.forecast.historySeconds / row));
  return { rowSeconds: row, dayRows: Math.max(8, Math.round(daySeconds / row)), historyRows, horizonsRows };
}
