import type { Controller, Sighting } from "../controller.ts";
import { AwsTargetTracking } from "./aws-target-tracking.ts";

const HOUR_SECONDS = 3600;
const DAYS = 14;
const REFRESH_HOURS = 6;

export interface PredictiveOptions {
  readonly targetUse: number;
  readonly requestsPerSecondPerReplica: number;
  readonly warmupSeconds: number;
  readonly bufferSeconds: number;
}

/**
 * Predictive scaling of EC2 Auto Scaling beside target tracking: an hourly forecast from up to 14 days, refreshed every six
 * hours, acts at the hour (a buffer early) as a minimum, and never scales in. Their model is closed: a seasonal mean by hour with a
 * level correction stands in. Source: the EC2 Auto Scaling user guide.
 */
export class AwsPredictive implements Controller {
  private readonly options: PredictiveOptions;
  private readonly tracking: AwsTargetTracking;
  private readonly hours = new Map<number, { sum: number; count: number }>();
  private forecast = new Map<number, number>();
  private refreshedHour = -Infinity;

  constructor(options: PredictiveOptions) {
    this.options = options;
    this.tracking = new AwsTargetTracking({ targetUse: options.targetUse, warmupSeconds: options.warmupSeconds });
  }

  decide(sighting: Sighting): number {
    const { timeSeconds, load } = sighting;
    const hour = Math.floor(timeSeconds / HOUR_SECONDS);
    if (!Number.isNaN(load)) {
      const known = this.hours.get(hour) ?? { sum: 0, count: 0 };
      known.sum += load;
      known.count += 1;
      this.hours.set(hour, known);
    }
    if (hour - this.refreshedHour >= REFRESH_HOURS) this.refresh(hour);
    const ahead = Math.floor((timeSeconds + this.options.bufferSeconds) / HOUR_SECONDS);
    const predicted = Math.max(this.forecast.get(hour) ?? 0, this.forecast.get(ahead) ?? 0);
    const floor = Math.ceil(predicted / (this.options.targetUse * this.options.requestsPerSecondPerReplica));
    return Math.max(floor, this.tracking.decide(sighting));
  }

  private refresh(hour: number): void {
    this.refreshedHour = hour;
    this.hours.delete(hour - 24 * (DAYS + 1));
    const mean = (h: number): number | undefined => {
      const known = this.hours.get(h);
      return known === undefined ? undefined : known.sum / known.count;
    };
    const seasonal = (h: number): number | undefined => {
      const same = Array.from({ length: DAYS }, (_, day) => mean(h - 24 * (day + 1))).filter((value) => value !== undefined);
      return same.length === 0 ? undefined : same.reduce((sum, value) => sum + value, 0) / same.length;
    };
    const newest = mean(hour - 1);
    const usual = seasonal(hour - 1);
    const level = newest !== undefined && usual !== undefined && usual > 0 ? Math.max(0.5, Math.min(2, newest / usual)) : 1;
    this.forecast = new Map();
    for (let h = hour; h < hour + 48; h += 1) {
      const usualThen = seasonal(h > hour + 23 ? h - 24 : h);
      if (usualThen !== undefined) this.forecast.set(h, usualThen * level);
    }
  }
}
