import type { Controller, Sighting } from "../controller.ts";

/** A constant count. */
export class StaticCount implements Controller {
  private readonly count: number;

  constructor(count: number) {
    this.count = count;
  }

  decide(): number {
    return this.count;
  }
}

/** Load over a fixed share of capacity, from the newest minute alone. */
export class Reactive implements Controller {
  private readonly perReplica: number;

  constructor(perReplica: number) {
    this.perReplica = perReplica;
  }

  decide({ load, readyReplicas, pendingReplicas }: Sighting): number {
    return Number.isNaN(load) ? readyReplicas + pendingReplicas : Math.max(1, Math.ceil(load / this.perReplica));
  }
}

const HOURS = 168;
const KEPT_ROWS = 960;

/** A schedule by the hour of the week: the 95 % quantile of what was seen in that hour before. */
export class Cron implements Controller {
  private readonly perReplica: number;
  private readonly seen: number[][] = Array.from({ length: HOURS }, () => []);
  private readonly quantiles = new Float64Array(HOURS).fill(NaN);
  private hour = -1;

  constructor(perReplica: number) {
    this.perReplica = perReplica;
  }

  decide({ timeSeconds, load, readyReplicas, pendingReplicas }: Sighting): number {
    const hour = Math.floor(timeSeconds / 3600) % HOURS;
    if (hour !== this.hour) {
      this.close(this.hour);
      this.hour = hour;
    }
    const rows = this.seen[hour];
    if (!Number.isNaN(load) && rows !== undefined) rows.push(load);
    const quantile = this.quantiles[hour] ?? NaN;
    return Number.isNaN(quantile) ? readyReplicas + pendingReplicas : Math.max(1, Math.ceil(quantile / this.perReplica));
  }

  private close(hour: number): void {
    const rows = this.seen[hour];
    if (rows === undefined || rows.length === 0) return;
    if (rows.length > KEPT_ROWS) rows.splice(0, rows.length - KEPT_ROWS);
    this.quantiles[hour] = rows.toSorted((a, b) => a - b)[Math.floor(0.95 * (rows.length - 1))] ?? NaN;
  }
}
