import type { CalendarRows } from "../forecaster.ts";

/** Kinds of days: ordinary, a public holiday, and a user's event without a known uplift (from 2 on, one kind a name). */
export const ORDINARY = 0;
export const PUBLIC_HOLIDAY = 1;
const FIRST_EVENT_KIND = 2;

/** A launch, a sale, a maintenance: with the uplift that is expected of it, or one to be learned from its earlier runs. */
export interface CalendarEvent {
  readonly name: string;
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly uplift?: number;
}

export interface CalendarOptions {
  /** ISO 3166 country, with a region after a dash: "DE", "US-CA". */
  readonly country?: string;
  /** IANA time zone of the load's people; the country's first where not given. */
  readonly timeZone?: string;
  readonly events?: readonly CalendarEvent[];
  readonly startSeconds: number;
  readonly stepSeconds: number;
  /** Rows of the series and of the horizon after it. */
  readonly rows: number;
}

/** Days, events and the local clock for each row. Throws a RangeError for a country or a time zone that is not known. */
export async function calendarRows(options: CalendarOptions): Promise<CalendarRows> {
  const { startSeconds, stepSeconds, rows } = options;
  const kinds = new Uint8Array(rows);
  const uplift = new Float64Array(rows).fill(1);
  let zone = options.timeZone;
  if (options.country !== undefined) {
    const holidays = await publicHolidays(options.country, startSeconds, startSeconds + rows * stepSeconds);
    zone ??= holidays.timeZone;
    for (const [from, to] of holidays.spans) fillRows(kinds, options, from, to, PUBLIC_HOLIDAY);
  }
  const names = [...new Set((options.events ?? []).map(({ name }) => name))];
  for (const event of options.events ?? []) {
    if (event.uplift === undefined) fillRows(kinds, options, event.fromSeconds, event.toSeconds, FIRST_EVENT_KIND + names.indexOf(event.name));
    else fillRows(uplift, options, event.fromSeconds, event.toSeconds, event.uplift);
  }
  return { kinds, uplift, ...(zone === undefined ? {} : { clockShift: clockShifts(zone, options) }) };
}

/** The library is heavy and loads when a country is asked for. */
async function publicHolidays(code: string, fromSeconds: number, toSeconds: number): Promise<{ spans: [number, number][]; timeZone: string | undefined }> {
  const { default: Holidays } = await import("date-holidays");
  const [country = "", ...region] = code.split("-");
  if (!(country in new Holidays().getCountries())) throw new RangeError(`no holidays are known for the country "${code}"`);
  const calendar = new Holidays(country, region.join("-"));
  const spans: [number, number][] = [];
  for (let year = yearOf(fromSeconds) - 1; year <= yearOf(toSeconds); year++) {
    for (const day of calendar.getHolidays(year)) {
      if (day.type === "public") spans.push([day.start.getTime() / 1000, day.end.getTime() / 1000]);
    }
  }
  return { spans, timeZone: calendar.getTimezones()[0] };
}

/** Rows by which the local clock has moved against the first row's: a DST change moves it by an hour. */
function clockShifts(timeZone: string, { startSeconds, stepSeconds, rows }: CalendarOptions): Int16Array {
  const offsetAt = offsets(timeZone);
  const first = offsetAt(startSeconds);
  let hour = NaN;
  let shift = 0;
  return Int16Array.from({ length: rows }, (_, row) => {
    const seconds = startSeconds + row * stepSeconds;
    // An offset changes on the hour, so that one look-up serves all rows of it.
    if (Math.floor(seconds / 3600) !== hour) {
      hour = Math.floor(seconds / 3600);
      shift = Math.round((offsetAt(seconds) - first) / stepSeconds);
    }
    return shift;
  });
}

/** Seconds by which a zone's local clock is ahead of UTC. */
function offsets(timeZone: string): (seconds: number) => number {
  const format = new Intl.DateTimeFormat("en-US", { timeZone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" });
  return (seconds) => {
    const parts = Object.fromEntries(format.formatToParts(new Date(seconds * 1000)).map(({ type, value }) => [type, Number(value)]));
    const local = Date.UTC(parts["year"]!, parts["month"]! - 1, parts["day"], parts["hour"], parts["minute"], parts["second"]);
    return Math.round(local / 1000 - seconds);
  };
}

function fillRows(target: Uint8Array | Float64Array, { startSeconds, stepSeconds }: CalendarOptions, from: number, to: number, value: number): void {
  const first = Math.max(0, Math.ceil((from - startSeconds) / stepSeconds));
  const end = Math.min(target.length, Math.ceil((to - startSeconds) / stepSeconds));
  if (end > first) target.fill(value, first, end);
}

function yearOf(seconds: number): number {
  return new Date(seconds * 1000).getUTCFullYear();
}
