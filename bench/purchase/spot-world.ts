import type { Notice, Offering } from "../../src/model/offering.ts";
import type { SpotTrace } from "./spot-trace.ts";

export interface SpotWorldOptions {
  readonly replicas: number;
  readonly startSeconds: number;
  /** 0: capacity goes without a word. */
  readonly noticeSeconds: number;
  readonly spotPrice: number;
}

export interface SpotObservation {
  readonly timeSeconds: number;
  readonly offerings: readonly Offering[];
  readonly running: Readonly<Record<string, number>>;
  readonly pending: Readonly<Record<string, number>>;
  readonly notices: readonly Notice[];
}

interface Machine {
  readonly zone: number;
  readonly readyAt: number;
  diesAt: number;
}

export interface SpotScore {
  /** Bill as a share of the same hours on demand. */
  readonly cost: number;
  readonly timeAtNeed: number;
  readonly capacityWeighted: number;
  readonly losses: number;
  readonly launches: number;
}

/**
 * A market replayed from a trace: instances above a zone's capacity go at once, after a notice where there is one; launches
 * above it fail at once; on-demand always launches; a machine is paid from its order to its end.
 */
export class SpotWorld {
  private machines: Machine[] = [];
  private readonly trace: SpotTrace;
  private readonly options: SpotWorldOptions;
  private tick = 0;
  private paid = 0;
  private readyCount = 0;
  private atNeed = 0;
  private capacity = 0;
  private losses = 0;
  private launches = 0;

  constructor(trace: SpotTrace, options: SpotWorldOptions) {
    this.trace = trace;
    this.options = options;
    for (let count = 0; count < options.replicas; count += 1) this.machines.push({ zone: ON_DEMAND, readyAt: 0, diesAt: Infinity });
  }

  get done(): boolean {
    return this.tick >= (this.trace.capacity[0]?.length ?? 0);
  }

  observe(): SpotObservation {
    const now = this.tick * this.trace.tickSeconds;
    this.lose(now);
    const notices = this.warn(now);
    const running: Record<string, number> = {};
    const pending: Record<string, number> = {};
    for (const machine of this.machines) {
      const into = machine.readyAt <= now ? running : pending;
      const id = this.idOf(machine.zone);
      into[id] = (into[id] ?? 0) + 1;
    }
    return { timeSeconds: START + now, offerings: this.offerings(), running, pending, notices };
  }

  /** Carries out absolute counts (those with a notice left out), then lets one tick pass. */
  act(wanted: Readonly<Record<string, number>>): void {
    const now = this.tick * this.trace.tickSeconds;
    for (let zone = ON_DEMAND; zone < this.trace.zones.length; zone += 1) {
      const mine = this.machines.filter((machine) => machine.zone === zone && machine.diesAt === Infinity);
      const target = wanted[this.idOf(zone)] ?? 0;
      // The youngest goes first.
      if (mine.length > target) {
        const go = new Set(mine.sort((a, b) => b.readyAt - a.readyAt).slice(0, mine.length - target));
        this.machines = this.machines.filter((machine) => !go.has(machine));
      }
      for (let count = mine.length; count < target; count += 1) {
        if (zone !== ON_DEMAND && this.machines.filter((machine) => machine.zone === zone).length >= this.capacityOf(zone)) break;
        this.machines.push({ zone, readyAt: now + this.options.startSeconds, diesAt: Infinity });
        this.launches += 1;
      }
    }
    const ready = this.machines.filter((machine) => machine.readyAt <= now).length;
    this.readyCount = ready;
    if (ready >= this.options.replicas) this.atNeed += 1;
    this.capacity += Math.min(1, ready / this.options.replicas);
    for (const machine of this.machines) this.paid += machine.zone === ON_DEMAND ? 1 : this.options.spotPrice;
    this.tick += 1;
  }

  /** Instance-ticks paid at their price. */
  get bill(): number {
    return this.paid;
  }

  /** Replicas that were ready in the tick that has just passed. */
  get readyBefore(): number {
    return this.readyCount;
  }

  score(): SpotScore {
    return {
      cost: this.paid / (this.tick * this.options.replicas),
      timeAtNeed: this.atNeed / this.tick,
      capacityWeighted: this.capacity / this.tick,
      losses: this.losses,
      launches: this.launches,
    };
  }

  private idOf(zone: number): string {
    return zone === ON_DEMAND ? "on-demand" : `${this.trace.zones[zone] ?? ""}/spot`;
  }

  private capacityOf(zone: number, tick = this.tick): number {
    return this.trace.capacity[zone]?.[tick] ?? 0;
  }

  private lose(now: number): void {
    const before = this.machines.length;
    this.machines = this.machines.filter((machine) => machine.diesAt > now);
    for (let zone = 0; zone < this.trace.zones.length; zone += 1) {
      const mine = this.machines.filter((machine) => machine.zone === zone);
      const excess = mine.length - this.capacityOf(zone);
      if (excess > 0) {
        const go = new Set(mine.slice(mine.length - excess));
        this.machines = this.machines.filter((machine) => !go.has(machine));
      }
    }
    this.losses += before - this.machines.length;
  }

  private warn(now: number): readonly Notice[] {
    const notices: Notice[] = [];
    const ahead = Math.round(this.options.noticeSeconds / this.trace.tickSeconds);
    for (let zone = 0; zone < this.trace.zones.length; zone += 1) {
      for (let after = 1; after <= ahead; after += 1) {
        const timeSeconds = now + after * this.trace.tickSeconds;
        const alive = this.machines.filter((machine) => machine.zone === zone && machine.diesAt > timeSeconds);
        const excess = alive.length - this.capacityOf(zone, this.tick + after);
        if (this.tick + after >= (this.trace.capacity[zone]?.length ?? 0) || excess <= 0) continue;
        for (const machine of alive.slice(alive.length - excess)) machine.diesAt = timeSeconds;
        notices.push({ kind: "interruption", offering: this.idOf(zone), count: excess, timeSeconds: START + timeSeconds });
      }
    }
    return notices;
  }

  private offerings(): readonly Offering[] {
    const common = { instanceType: "m5.large", replicas: 1, startSeconds: this.options.startSeconds, egressPerHourUsd: 0 };
    const list: Offering[] = [{ ...common, id: "on-demand", region: "us-east-1", zone: "us-east-1a", capacityType: "on-demand", pricePerHourUsd: 1, interruptionsPerHour: 0, launchable: true }];
    this.trace.zones.forEach((zone, at) => {
      const here = this.machines.filter((machine) => machine.zone === at).length;
      list.push({ ...common, id: this.idOf(at), region: zone.slice(0, -1), zone, capacityType: "spot", pricePerHourUsd: this.options.spotPrice, interruptionsPerHour: 0.02, launchable: this.capacityOf(at) > here });
    });
    return list;
  }
}

const ON_DEMAND = -1;
/** An arbitrary epoch: 2023-11-14T22:13:20Z. */
const START = 1_700_000_000;
