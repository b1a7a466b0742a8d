import { withCalendar } from "./calendars/calendar-forecaster.ts";
import { createEnsemble } from "./ensemble/ensemble.ts";
import { MEMBERS } from "./ensemble/members.ts";
import { withFleet } from "./fleet/fleet-forecaster.ts";
import type { Forecaster } from "./forecaster.ts";

/** The model that is used where none is named. */
export const DEFAULT_FORECASTER = "auto";

/** The ensemble's members: all but last week's value, without which it is better (SCOREBOARD.md, ablations of 2026-11-24). */
export const ENSEMBLE_MEMBERS: readonly string[] = Object.keys(MEMBERS).filter((id) => id !== "seasonal-naive-week");

/** Every forecaster by id: each member by itself (with its own intervals and trust), and `auto`, the ensemble of all, corrected by the fleet model. */
export const FORECASTERS: Readonly<Record<string, Forecaster>> = {
  ...Object.fromEntries(Object.keys(MEMBERS).map((id) => [id, withCalendar(createEnsemble(id, [id]))])),
  [DEFAULT_FORECASTER]: withCalendar(withFleet(createEnsemble(DEFAULT_FORECASTER, ENSEMBLE_MEMBERS))),
};
