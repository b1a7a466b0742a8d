/** A history by rows ago (1 = the newest), in the series' values; far enough back, it gives its oldest row. */
export type Look = (rowsAgo: number) => number;

/** One origin as the fleet model sees it: the history, and what the series' own models make of the rows ahead (place 0 = the next row). */
export interface FleetView {
  readonly look: Look;
  readonly day: number;
  /** Paths by the members' id; one that is not seated is missing. */
  readonly members: ReadonlyMap<string, Float64Array>;
  readonly ensemble: Float64Array;
}

/** What the trackers tell of a row ahead: recent errors, and the interval's offsets at `FLEET_BASE_LEVELS`, all in the series' unit. */
export interface FleetScale {
  readonly ensembleError: number;
  readonly naiveError: number;
  readonly nowError: number;
  readonly offsets: Float64Array;
}

/** Levels that the fleet model corrects; it is told the offsets of every second one, from the first. */
export const FLEET_LEVELS: readonly number[] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

const MEMBER_IDS = ["profile-correction", "profile-correction-log", "double-seasonal-smoothing", "double-seasonal-smoothing-log", "arx-ridge", "arx-ridge-log"];
const WEEKS = [1, 2, 3];
const RECENT_SPANS = [1 / 24, 1 / 8, 1 / 4, 1];
const TOLD_OFFSETS = 5;
/** A feature is kept within so many errors. */
const MOST_ERRORS = 15;

/** Rows of history that the features look at. */
export function fleetReach(day: number): number {
  return (WEEKS.length * 7 + 1) * day;
}

export const FLEET_WIDTH = MEMBER_IDS.length + 1 + 3 + WEEKS.length + 2 + 2 + 1 + RECENT_SPANS.length + 2 + TOLD_OFFSETS + 5;

/**
 * Fills `out` with the features of rows ahead from one origin: where the members, yesterday and the last weeks would see the row beside
 * the ensemble, in units of the ensemble's recent error there. Last weeks' rows are moved by how much the day's level has changed
 * since, so that a steady drift is no surprise.
 */
export class FleetFeatures {
  private readonly view: FleetView;
  private readonly dayMean: number;
  private readonly weekMean: number;
  /** How much higher the newest day lies than the one so many weeks before. */
  private readonly weekDrifts: readonly number[];
  private readonly recent: readonly number[];
  private readonly sinceYesterday: number;

  constructor(view: FleetView) {
    this.view = view;
    const { look, day } = view;
    this.dayMean = meanOf(look, 1, day);
    this.weekMean = meanOf(look, 1, 7 * day);
    this.weekDrifts = WEEKS.map((week) => this.dayMean - meanOf(look, 7 * day * week + 1, 7 * day * week + day));
    this.recent = RECENT_SPANS.map((share) => {
      const span = Math.max(1, Math.round(share * day));
      return meanOf(look, 1, span) - meanOf(look, day + 1, day + span);
    });
    this.sinceYesterday = this.recent.at(-1)!;
  }

  /** Features of the row at `place` (0 = the next). `out` holds FLEET_WIDTH; an error of 0 is no unit, and is refused. */
  fill(place: number, scale: FleetScale, out: Float64Array): void {
    const { look, day, members, ensemble } = this.view;
    const error = scale.ensembleError;
    if (!(error > 0)) throw new Error(`a unit is above 0, not ${String(error)}`);
    const point = ensemble[place]!;
    const unit = (difference: number): number => Math.asinh(Math.max(-MOST_ERRORS, Math.min(MOST_ERRORS, difference / error)));
    const k = place + 1;
    const days = Math.ceil(k / day);
    const ago = (rows: number): number => look(rows - place);
    const week = 7 * day;
    let j = 0;
    for (const id of MEMBER_IDS) out[j++] = unit((members.get(id)?.[place] ?? point) - point);
    out[j++] = unit(look(1) - point);
    const yesterday = ago(days * day);
    out[j++] = unit(yesterday - point);
    out[j++] = unit(ago((days + 1) * day) - point);
    out[j++] = unit(ago((days + 2) * day) - point);
    for (const [i, weeks] of WEEKS.entries()) out[j++] = unit(ago(weeks * week) + this.weekDrifts[i]! - point);
    for (const weeks of [1, 2]) out[j++] = unit(yesterday + ago(weeks * week) - ago(weeks * week + days * day) - point);
    let sameHour = 0;
    for (let back = 0; back < 7; back++) sameHour += ago((days + back) * day) / 7;
    out[j++] = unit(sameHour + this.dayMean - this.weekMean - point);
    const daily = this.weekDrifts[0]! / 7;
    out[j++] = unit(yesterday + days * daily - point);
    out[j++] = unit(point - (place > 0 ? ensemble[place - 1]! : look(1)));
    for (const change of this.recent) out[j++] = unit(change);
    out[j++] = unit(daily);
    out[j++] = unit(this.sinceYesterday - daily);
    for (let level = 0; level < TOLD_OFFSETS; level++) out[j++] = unit(scale.offsets[2 * level]!);
    out[j++] = Math.log(k) / 3;
    out[j++] = k / (2 * day);
    out[j++] = Math.sqrt(k) / 7;
    out[j++] = logRatio(error, scale.naiveError);
    out[j] = logRatio(error, scale.nowError);
  }
}

function logRatio(a: number, b: number): number {
  return b > 0 ? Math.max(-3, Math.min(3, Math.log(a / b))) : 0;
}

function meanOf(look: Look, from: number, to: number): number {
  let sum = 0;
  for (let ago = from; ago <= to; ago++) sum += look(ago);
  return sum / (to - from + 1);
}
