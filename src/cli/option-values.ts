import { InvalidArgumentError } from "commander";
import { parseTimeSeconds } from "../history/history-csv.ts";

/** A number of an option, at least `least` (0 by default) and at most `most`. */
export function numberFrom(least = 0, most = Infinity): (text: string) => number {
  return (text) => {
    const value = text.trim() === "" ? NaN : Number(text);
    if (value >= least && value <= most && Number.isFinite(value)) return value;
    throw new InvalidArgumentError(`expected a number ${most === Infinity ? `from ${String(least)}` : `between ${String(least)} and ${String(most)}`}, found "${text}"`);
  };
}

/** A number above zero. */
export function aboveZero(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError(`expected a number above 0, found "${text}"`);
}

/** ISO 8601 or epoch seconds. */
export function timeFrom(text: string): number {
  const seconds = parseTimeSeconds(text);
  if (typeof seconds === "string") throw new InvalidArgumentError(seconds);
  return seconds;
}
