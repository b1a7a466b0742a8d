import { readdirSync } from "node:fs";
import { DATA_DIR, readText } from "./data.ts";
import { join } from "node:path";

/** How many spot instances each zone would give, on one grid of ticks. */
export interface SpotTrace {
  readonly name: string;
  readonly zones: readonly string[];
  readonly tickSeconds: number;
  /** One array a zone, of equal length. */
  readonly capacity: readonly Uint8Array[];
}

/** Every file `skypilot_<kind>__<set>__<zone>_….json` of a set, cut to the shortest, resampled to `tickSeconds` (last value holds). */
export function loadSpotTrace(name: string, pattern: RegExp, tickSeconds: number): SpotTrace {
  const files = readdirSync(join(DATA_DIR, "spot")).filter((file) => pattern.test(file)).sort();
  const raw = files.map((file) => JSON.parse(readText("spot", file)) as { gap_seconds: number; data: number[] });
  const seconds = Math.min(...raw.map((trace) => trace.gap_seconds * trace.data.length));
  const ticks = Math.floor(seconds / tickSeconds);
  return {
    name, tickSeconds,
    zones: files.map((file) => /__([a-z]+-[a-z]+-\d[a-z])_/u.exec(file)?.[1] ?? file),
    capacity: raw.map((trace) => Uint8Array.from({ length: ticks }, (_, tick) => trace.data[Math.floor((tick * tickSeconds) / trace.gap_seconds)] ?? 0)),
  };
}
