import type { Mark } from "../../../forecasts/calendars/marks.ts";

/** Why a stretch of history is not learned from. */
export const MARK_KINDS = ["outage", "deploy", "scrape-gap", "saturated", "one-off"] as const satisfies readonly Mark["kind"][];
