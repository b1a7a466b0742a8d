import type { RunningEnsemble } from "../ensemble/running-ensemble.ts";
import type { Shape } from "../models/member.ts";
import { FLEET_LEVELS, FLEET_WIDTH, FleetFeatures, fleetReach, type Look } from "./fleet-features.ts";

/** Rows of a day that the fleet model was trained on: an hour each. */
const DAY_ROWS = 24;
/** Days ahead that it was trained on. */
const DAYS_AHEAD = 2;

/** Whether the fleet model knows such a series: rows of an hour, a day and a week, and three weeks seen. */
export function suitsFleet({ rows, day, week }: Shape): boolean {
  return day === DAY_ROWS && week === 7 * day && rows >= fleetReach(day);
}

/** The rows ahead from an ensemble's newest row, as the fleet model reads them. */
export interface FleetRows {
  /** Per row ahead: the features, and the unit of the corrections (the ensemble's recent error); 0 where there is nothing to correct. */
  readonly features: readonly Float64Array[];
  readonly units: Float64Array;
  readonly points: Float64Array;
  /** The offsets of the ensemble's own paths from its points, by row and FLEET_LEVELS. */
  readonly offsets: readonly Float64Array[];
  readonly floor: number;
}

/** Reads the next two days off an ensemble and the history before them. */
export function fleetRows(ensemble: RunningEnsemble, look: Look): FleetRows {
  const horizons = Array.from({ length: DAYS_AHEAD * DAY_ROWS }, (_, k) => k + 1);
  const { ids, paths, points, offsets: offsetsByLevel, errors, isTrusted, floor } = ensemble.explain(horizons, FLEET_LEVELS);
  const reader = new FleetFeatures({ look, day: DAY_ROWS, members: new Map(ids.map((id, j) => [id, paths[j]!])), ensemble: points });
  const offsets = horizons.map((_, place) => Float64Array.from(offsetsByLevel, (path) => path[place]!));
  const units = errors.ensemble.map((error, place) => (isTrusted[place]! && error > 0 ? error : 0));
  const features = horizons.map((_, place) => {
    const out = new Float64Array(FLEET_WIDTH);
    if (units[place]! > 0) reader.fill(place, { ensembleError: units[place]!, naiveError: errors.seasonalNaive[place]!, nowError: errors.now[place]!, offsets: offsets[place]! }, out);
    return out;
  });
  return { features, units, points, offsets, floor };
}
