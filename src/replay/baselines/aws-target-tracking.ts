import type { Controller, Sighting } from "../controller.ts";

export interface TargetTrackingOptions {
  readonly targetUse: number;
  readonly warmupSeconds: number;
}

const MINUTE_SECONDS = 60;
const OUT_MINUTES = 3;
const IN_MINUTES = 15;
/** The low alarm stands a tenth under the target. */
const LOW_SHARE = 0.9;

/**
 * Target tracking of EC2 Auto Scaling: three one-minute points above the target scale out in proportion, fifteen below 90 % of it
 * scale in; the metric is a minute late; instances that warm up are not counted twice. Source: the EC2 Auto Scaling user guide.
 */
export class AwsTargetTracking implements Controller {
  private readonly options: TargetTrackingOptions;
  private readonly minutes: number[] = [];
  private lastMinute = -1;
  private lastOutSeconds = -Infinity;

  constructor(options: TargetTrackingOptions = { targetUse: 0.65, warmupSeconds: 120 }) {
    this.options = options;
  }

  decide({ timeSeconds, utilization, readyReplicas, pendingReplicas }: Sighting): number {
    const current = readyReplicas + pendingReplicas;
    const minute = Math.floor(timeSeconds / MINUTE_SECONDS);
    if (minute === this.lastMinute || Number.isNaN(utilization)) return current;
    this.lastMinute = minute;
    this.minutes.push(Math.min(1, utilization));
    if (this.minutes.length > IN_MINUTES + 1) this.minutes.shift();
    const known = this.minutes.slice(0, -1); // a minute late
    const newest = known.at(-1) ?? 0;
    const { targetUse, warmupSeconds } = this.options;
    const high = known.length >= OUT_MINUTES && known.slice(-OUT_MINUTES).every((use) => use > targetUse);
    if (high) {
      const wanted = Math.ceil((readyReplicas * newest) / targetUse);
      if (wanted > current) this.lastOutSeconds = timeSeconds;
      return Math.max(current, wanted);
    }
    const low = known.length >= IN_MINUTES && known.slice(-IN_MINUTES).every((use) => use < LOW_SHARE * targetUse);
    if (!low || timeSeconds - this.lastOutSeconds < warmupSeconds) return current;
    return Math.min(current, Math.max(1, Math.ceil((readyReplicas * newest) / targetUse)));
  }
}
