import type { CarbonSignal } from "../../model/offering.ts";
import type { Result } from "../../model/result.ts";
import { forecastHours, FRESH_INTENSITY, takeHour, type IntensityState } from "../../observe/carbon/intensity-forecast.ts";
import { readWhole, replaceWhole } from "../whole-file.ts";

const HOUR_SECONDS = 3600;
const HORIZON_HOURS = 48;
/** Without a provider's forecast our own is given once a day has been seen. */
const LEAST_HOURS = 24;
/** An older value is no news of the grid: an annual table, or a source that has stopped. */
const NEWS_SECONDS = 6 * HOUR_SECONDS;
/** After so long an absence the profile is of another season: it begins anew. */
const LONGEST_GAP_HOURS = 336;

interface RegionRecord {
  readonly source: string;
  readonly signal: CarbonSignal["signal"];
  /** Epoch hour of the newest value taken in. */
  readonly hour: number;
  readonly state: IntensityState;
  /** gCO2e/kWh of the hours after `hour`, as forecast in it. */
  readonly path: readonly number[];
}

/** JSON knows no NaN: an hour without a value is null in the file. */
interface IntensityFile {
  readonly format: 1;
  readonly regions: Readonly<Record<string, RegionRecord>>;
}

/**
 * Grid intensity by region and hour, and the forecast that a decision may trust: the provider's, blended with our own profile by
 * what each has been worth, and left out where it has been far worse. Kept in one file, so that a restart does not forget.
 */
export class IntensityBook {
  readonly #path: string;
  readonly #regions: Map<string, RegionRecord>;

  private constructor(path: string, regions: Readonly<Record<string, RegionRecord>>) {
    this.#path = path;
    this.#regions = new Map(Object.entries(regions));
  }

  /** Opens the book of a file; one that cannot be read is told to `onLost`, and the book begins anew. */
  static async open(path: string, onLost: (reason: string) => void): Promise<IntensityBook> {
    const read = await readWhole(path);
    if (!read.ok) onLost(read.message);
    const file = read.ok ? (read.value as Partial<IntensityFile> | undefined) : undefined;
    const regions = file?.format === 1 ? (file.regions ?? {}) : {};
    return new IntensityBook(path, Object.fromEntries(Object.entries(regions).map(([region, record]) => [region, withoutNulls(record)])));
  }

  /** Takes in a region's newest value, once an hour, and gives the signal with the forecast that it deserves, an hour a point. */
  blend(region: string, signal: CarbonSignal, nowSeconds: number): CarbonSignal {
    if (nowSeconds - signal.timeSeconds > NEWS_SECONDS) return signal;
    const hour = Math.floor(nowSeconds / HOUR_SECONDS);
    const record = this.#upTo(region, signal, hour);
    const seen = record.state.history.filter((value) => Number.isFinite(value)).length;
    if ((signal.forecast ?? []).length === 0 && seen < LEAST_HOURS) return signal;
    const forecast = record.path.flatMap((intensityGramsPerKwh, at) => (Number.isFinite(intensityGramsPerKwh) ? [{ timeSeconds: (record.hour + 1 + at) * HOUR_SECONDS, intensityGramsPerKwh: Math.max(0, intensityGramsPerKwh) }] : []));
    return { ...signal, forecast };
  }

  /** Writes the book; regions that nobody asks about any more are let go. */
  save(regions: ReadonlySet<string>): Promise<Result<void>> {
    for (const region of this.#regions.keys()) if (!regions.has(region)) this.#regions.delete(region);
    return replaceWhole(this.#path, { format: 1, regions: Object.fromEntries(this.#regions) } satisfies IntensityFile);
  }

  #upTo(region: string, signal: CarbonSignal, hour: number): RegionRecord {
    const old = this.#regions.get(region);
    const source = signal.source ?? "";
    const goesOn = old !== undefined && old.source === source && old.signal === signal.signal && old.hour <= hour && hour - old.hour <= LONGEST_GAP_HOURS;
    if (goesOn && old.hour === hour) return old;
    let state = goesOn ? old.state : FRESH_INTENSITY;
    if (goesOn) for (let missed = old.hour + 1; missed < hour; missed += 1) state = forecastHours(takeHour(state, NaN), undefined, HORIZON_HOURS).state;
    const next = forecastHours(takeHour(state, signal.intensityGramsPerKwh), hourly(signal, hour), HORIZON_HOURS);
    const record: RegionRecord = { source, signal: signal.signal, hour, state: next.state, path: next.path };
    this.#regions.set(region, record);
    return record;
  }
}

/** A provider's forecast by the hour, from `hour` on: the mean of the points in each; NaN where there is none. */
function hourly(signal: CarbonSignal, hour: number): readonly number[] | undefined {
  if (signal.forecast === undefined || signal.forecast.length === 0) return undefined;
  const sums = new Float64Array(HORIZON_HOURS + 1);
  const counts = new Int32Array(HORIZON_HOURS + 1);
  for (const { timeSeconds, intensityGramsPerKwh } of signal.forecast) {
    const at = Math.floor(timeSeconds / HOUR_SECONDS) - hour;
    if (at < 0 || at > HORIZON_HOURS) continue;
    sums[at] = (sums[at] ?? 0) + intensityGramsPerKwh;
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return Array.from(sums, (sum, at) => sum / (counts[at] ?? 0));
}

function withoutNulls(record: RegionRecord): RegionRecord {
  const numbers = (values: readonly (number | null)[]): readonly number[] => values.map((value) => value ?? NaN);
  const { state } = record;
  return { ...record, path: numbers(record.path), state: { ...state, history: numbers(state.history), open: state.open.map(({ members }) => ({ members: members.map(numbers) })) } };
}
