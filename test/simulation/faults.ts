import type { Chance } from "./random.ts";

/** Every kind of fault that the simulation can plant. Each is counted, so that a run that planted none is seen. */
export const FAULTS = [
  "metrics-lost", "metrics-late", "metrics-corrupt", "one-signal-lost", "workload-unreadable",
  "cloud-throttled", "no-capacity", "write-lost-before", "write-lost-after", "interruption",
  "foreign-write", "kill-before-write", "kill-after-write", "kill-between-passes",
  "journal-full", "clock-back", "clock-step", "suspend", "store-slow", "idle", "budget-tight", "pause", "pause-scale-in", "kill-switch", "demand-drop",
] as const;
export type Fault = (typeof FAULTS)[number];

/** Probability of a fault beginning at one tick, and how long it lasts. */
const RATES: Readonly<Record<Fault, { readonly perTick: number; readonly seconds: readonly [number, number] }>> = {
  "metrics-lost": { perTick: 0.002, seconds: [15, 1800] },
  "metrics-late": { perTick: 0.002, seconds: [60, 900] },
  "metrics-corrupt": { perTick: 0.003, seconds: [15, 300] },
  "one-signal-lost": { perTick: 0.002, seconds: [60, 1200] },
  "workload-unreadable": { perTick: 0.002, seconds: [15, 600] },
  "cloud-throttled": { perTick: 0.002, seconds: [15, 300] },
  "no-capacity": { perTick: 0.001, seconds: [60, 900] },
  "write-lost-before": { perTick: 0.003, seconds: [1, 1] },
  "write-lost-after": { perTick: 0.003, seconds: [1, 1] },
  "interruption": { perTick: 0.002, seconds: [1, 1] },
  "foreign-write": { perTick: 0.001, seconds: [1, 1] },
  "kill-before-write": { perTick: 0.002, seconds: [1, 1] },
  "kill-after-write": { perTick: 0.002, seconds: [1, 1] },
  "kill-between-passes": { perTick: 0.001, seconds: [1, 1] },
  "journal-full": { perTick: 0.001, seconds: [30, 600] },
  "clock-back": { perTick: 0.001, seconds: [1, 1] },
  "clock-step": { perTick: 0.0002, seconds: [1, 1] },
  "suspend": { perTick: 0.0003, seconds: [1, 1] },
  "store-slow": { perTick: 0.0005, seconds: [30, 900] },
  "idle": { perTick: 0.0003, seconds: [900, 10800] },
  "budget-tight": { perTick: 0.0005, seconds: [600, 7200] },
  "pause": { perTick: 0.0005, seconds: [120, 3600] },
  "pause-scale-in": { perTick: 0.0005, seconds: [120, 3600] },
  "kill-switch": { perTick: 0.0005, seconds: [60, 900] },
  "demand-drop": { perTick: 0.0005, seconds: [60, 1200] },
};

/** Draws faults tick by tick and remembers which are under way. */
export class FaultPlan {
  readonly counts: Record<Fault, number> = Object.fromEntries(FAULTS.map((fault) => [fault, 0])) as Record<Fault, number>;
  readonly #chance: Chance;
  readonly #until = new Map<Fault, number>();

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  /** The faults that begin now. */
  draw(nowSeconds: number): readonly Fault[] {
    const begun: Fault[] = [];
    for (const fault of FAULTS) {
      const { perTick, seconds } = RATES[fault];
      if (this.isOn(fault, nowSeconds) || !this.#chance.happens(perTick)) continue;
      this.#until.set(fault, nowSeconds + this.#chance.between(...seconds));
      this.counts[fault] += 1;
      begun.push(fault);
    }
    return begun;
  }

  isOn(fault: Fault, nowSeconds: number): boolean {
    return nowSeconds < (this.#until.get(fault) ?? -Infinity);
  }

  untilSeconds(fault: Fault): number {
    return this.#until.get(fault) ?? -Infinity;
  }
}
