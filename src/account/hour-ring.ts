/** Hours that are kept: the longest month, and five weeks to see the same hour of the week in. */
export const KEPT_HOURS = 35 * 24;
const HOUR_SECONDS = 3_600;

/** Sums of dollars and grams by the hour (UTC) for the last five weeks, in fixed memory. */
export class HourRing {
  readonly #hour = new Int32Array(KEPT_HOURS).fill(-1);
  readonly #usd = new Float64Array(KEPT_HOURS);
  readonly #grams = new Float64Array(KEPT_HOURS);
  /** Seconds of the hour that were charged. */
  readonly #seconds = new Float64Array(KEPT_HOURS);

  add(timeSeconds: number, amount: { readonly usd: number; readonly grams: number; readonly seconds: number }): void {
    const hour = Math.floor(timeSeconds / HOUR_SECONDS);
    const at = hour % KEPT_HOURS;
    const kept = this.#hour[at] ?? -1;
    if (kept > hour) return;
    if (kept !== hour) {
      this.#hour[at] = hour;
      this.#usd[at] = 0;
      this.#grams[at] = 0;
      this.#seconds[at] = 0;
    }
    this.#usd[at] = (this.#usd[at] ?? 0) + amount.usd;
    this.#grams[at] = (this.#grams[at] ?? 0) + amount.grams;
    this.#seconds[at] = (this.#seconds[at] ?? 0) + amount.seconds;
  }

  /** The sum from a whole hour on; what is older than is kept is not in it. */
  sumSince(fromSeconds: number, unit: "usd" | "grams"): number {
    const first = Math.floor(fromSeconds / HOUR_SECONDS);
    const column = unit === "usd" ? this.#usd : this.#grams;
    return this.#hour.reduce((sum, hour, at) => (hour >= first ? sum + (column[at] ?? 0) : sum), 0);
  }

  /** Mean rates of the hours before a time that were charged for the greater part, oldest first. */
  rates(beforeSeconds: number, unit: "usd" | "grams"): readonly { readonly timeSeconds: number; readonly perHour: number }[] {
    const end = Math.floor(beforeSeconds / HOUR_SECONDS);
    const column = unit === "usd" ? this.#usd : this.#grams;
    const rates: { timeSeconds: number; perHour: number }[] = [];
    for (let hour = Math.max(0, end - KEPT_HOURS); hour < end; hour += 1) {
      const at = hour % KEPT_HOURS;
      const seconds = this.#seconds[at] ?? 0;
      if (this.#hour[at] === hour && seconds > HOUR_SECONDS / 2) rates.push({ timeSeconds: hour * HOUR_SECONDS, perHour: ((column[at] ?? 0) / seconds) * HOUR_SECONDS });
    }
    return rates;
  }
}
