import type { HeldOffering } from "./held-capacity.ts";
import { HourRing } from "./hour-ring.ts";

/** The rhythm of the account; a crash loses at most so much, and the gap is charged at the last known rates. */
export const SPEND_STEP_SECONDS = 300;
/** Machines go on while nobody charges them: so long is charged at the rates of before, a longer time is not known. */
export const LONGEST_GAP_SECONDS = 86_400;
const HOUR_SECONDS = 3_600;

/** A stretch within one step of the account, charged at what was held. */
export interface ChargedSpan {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly held: readonly HeldOffering[];
}

/** What one target has cost and emitted by the hour, charged for what it held since the last charge. */
export class RunningAccount {
  readonly hours = new HourRing();
  held: readonly HeldOffering[] = [];
  /** Until when `held` has been charged. */
  chargedToSeconds: number | undefined;

  /** Charges the time since the last charge at what was held then, and takes what is held from now on. */
  charge(held: readonly HeldOffering[], nowSeconds: number, onSpan?: (span: ChargedSpan) => void): void {
    const from = this.chargedToSeconds;
    if (from !== undefined && nowSeconds > from) this.#chargeSpan(nowSeconds - from > LONGEST_GAP_SECONDS ? nowSeconds : from, nowSeconds, onSpan);
    this.held = held;
    this.chargedToSeconds = nowSeconds;
  }

  #chargeSpan(from: number, to: number, onSpan: ((span: ChargedSpan) => void) | undefined): void {
    for (let at = from; at < to;) {
      const end = Math.min(to, (Math.floor(at / SPEND_STEP_SECONDS) + 1) * SPEND_STEP_SECONDS);
      onSpan?.({ fromSeconds: at, toSeconds: end, held: this.held });
      const hours = (end - at) / HOUR_SECONDS;
      this.hours.add(at, { usd: sum(this.held, "usdPerHour") * hours, grams: sum(this.held, "gramsPerHour") * hours, seconds: end - at });
      at = end;
    }
  }
}

function sum(held: readonly HeldOffering[], name: "usdPerHour" | "gramsPerHour"): number {
  return held.reduce((total, one) => total + (one[name] ?? 0), 0);
}
