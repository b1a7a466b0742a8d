import { calendarRows } from "../../../forecasts/calendars/calendar-rows.ts";
import { detectOutages } from "../../../forecasts/calendars/marks.ts";
import { borrowHistory, type Donor } from "../../../forecasts/cold-start.ts";
import type { FitInput } from "../../../forecasts/forecaster.ts";
import type { Policy } from "../../model/policy.ts";
import { failure, success, type Result } from "../../model/result.ts";
import type { Series } from "../../model/series.ts";
import type { MarkBook } from "./mark-book.ts";
import { withMarks } from "./mark-rows.ts";
import { onGrid, withoutLeadingGap, type OutlookGrid } from "./outlook-grid.ts";

/** Another target of the fleet whose past may be borrowed. */
export interface Lender {
  readonly policy: Policy;
}

export interface InputParts {
  readonly marks: MarkBook;
  /** Demand in [fromSeconds, toSeconds) on the grid of the policy's forecast. */
  readonly readHistory: (policy: Policy, fromSeconds: number, toSeconds: number) => Promise<Result<Series>>;
  /** Targets with a longer history on the same grid, the likeliest first; few. */
  readonly lenders: (policy: Policy) => readonly Lender[];
}

/** What is asked for: whose rows, on which grid, up to which time. */
interface Wanted {
  readonly policy: Policy;
  readonly grid: OutlookGrid;
  readonly upToSeconds: number;
}

export interface OutlookInput {
  readonly input: FitInput;
  /** Rows of the target's own, before anything was borrowed. */
  readonly ownRows: number;
  readonly notes: readonly string[];
}

/** A long season is learned from so many of them; a target with less borrows. */
const SEASONS_NEEDED = 2.2;

/** What a fit of the outlook may see: the past without what the marks hide, seasons, holidays, events, and a borrowed past. */
export async function outlookInput(wanted: Wanted, parts: InputParts): Promise<Result<OutlookInput>> {
  const { policy, grid, upToSeconds } = wanted;
  const read = await parts.readHistory(policy, upToSeconds - policy.forecast.historySeconds, upToSeconds);
  if (!read.ok) return read;
  const own = withoutLeadingGap(onGrid(read.value, grid));
  noteOutages(wanted, own, parts.marks);
  const marks = parts.marks.marks(policy.name);
  const bare: FitInput = { series: own, seasons: grid.seasonRows, horizon: grid.horizonRows, seed: 1 };
  const visible = withMarks(bare, marks);
  const borrowed = await borrowedPast(wanted, visible.series, parts);
  const lead = borrowed === undefined ? 0 : borrowed.series.values.length - own.values.length;
  const input: FitInput = {
    ...visible,
    ...(borrowed !== undefined && { series: borrowed.series }),
    ...(visible.censored !== undefined && { censored: visible.censored.map((row) => row + lead) }),
  };
  const calendar = await calendarOf(policy, input.series, grid.horizonRows);
  if (!calendar.ok) return calendar;
  const hidden = marks.filter(({ toSeconds }) => toSeconds > own.startSeconds).length;
  const notes = [borrowed?.note ?? "", hidden > 0 ? `${String(hidden)} marked ${hidden === 1 ? "stretch is" : "stretches are"} not learned from` : ""];
  return success({ input: { ...input, ...(calendar.value !== undefined && { calendar: calendar.value }) }, ownRows: own.values.length, notes: notes.filter((note) => note !== "") });
}

/** Outages of the past are found by the seasons around them, so that they are marked when a fit looks back. */
function noteOutages({ policy, grid, upToSeconds }: Wanted, series: Series, marks: MarkBook): void {
  const [season] = grid.seasonRows;
  if (season === undefined || series.values.length < 2 * season) return;
  for (const { kind, fromSeconds, toSeconds, reason } of detectOutages(series, season)) marks.found({ target: policy.name, kind, fromSeconds, toSeconds, reason }, upToSeconds);
}

/** The past of the most alike target of the fleet, before the own; undefined once the own one holds its seasons. */
async function borrowedPast({ policy, grid, upToSeconds }: Wanted, own: Series, parts: InputParts): Promise<{ readonly series: Series; readonly note: string } | undefined> {
  const enough = Math.min(grid.historyRows, Math.ceil(SEASONS_NEEDED * Math.max(0, ...grid.seasonRows)));
  if (own.values.length >= enough) return undefined;
  // The likeness is judged on the rows in common alone; the past is read of the one that is chosen.
  const candidates: (Donor & { readonly lender: Lender })[] = [];
  for (const lender of parts.lenders(policy)) {
    const series = await lent({ policy: lender.policy, grid, upToSeconds }, own.startSeconds, parts);
    if (series !== undefined) candidates.push({ name: lender.policy.name, series, lender });
  }
  const chosen = borrowHistory(own, candidates, 0);
  const lender = candidates.find(({ name }) => name === chosen?.donor)?.lender;
  if (lender === undefined) return undefined;
  const rows = grid.historyRows - own.values.length;
  const past = await lent({ policy: lender.policy, grid, upToSeconds }, own.startSeconds - rows * grid.stepSeconds, parts);
  return past && borrowHistory(own, [{ name: lender.policy.name, series: past }], rows);
}

async function lent({ policy, grid, upToSeconds }: Wanted, fromSeconds: number, { readHistory, marks }: InputParts): Promise<Series | undefined> {
  const read = await readHistory(policy, fromSeconds, upToSeconds);
  if (!read.ok) return undefined;
  const series = onGrid(read.value, grid);
  return withMarks({ series, seasons: [], horizon: 1, seed: 1 }, marks.marks(policy.name)).series;
}

async function calendarOf({ events = [], forecast }: Policy, series: Series, horizonRows: number): Promise<Result<FitInput["calendar"]>> {
  const { calendar: country } = forecast;
  if (country === undefined && events.length === 0) return success(undefined);
  try {
    return success(await calendarRows({
      startSeconds: series.startSeconds, stepSeconds: series.stepSeconds, rows: series.values.length + horizonRows,
      events: events.map(({ name, startSeconds, endSeconds, uplift }) => ({ name, fromSeconds: startSeconds, toSeconds: endSeconds, ...(uplift !== undefined && { uplift }) })),
      ...(country !== undefined && { country }),
    }));
  } catch (error) {
    if (error instanceof RangeError) return failure("permanent", error.message);
    throw error;
  }
}
