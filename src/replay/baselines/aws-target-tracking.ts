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
/** The group's default cooldown between two scale-ins. */
const COOLDOWN_SECONDS = 300;

/**
 * Target tracking of EC2 Auto Scaling: three one-minute points above the target scale out in proportion, fifteen below 90 % of it
 * scale in; the metric is a minute late; instances that warm up are not counted twice. Source: the EC2 Auto Scaling user guide.
 */
export class AwsTargetTracking implements Controller {
  private readonly options: TargetTrackingOptions;
  /** Use and ready instances of each minute, oldest first. */
  private readonly minutes: { readonly use: number; readonly ready: number }[] = [];
  private lastMinute = -1;
  private lastOutSeconds = -Infinity;
  private lastInSeconds = -Infinity;

  constructor(options: TargetTrackingOptions = { targetUse: 0.65, warmupSeconds: 120 }) {
    this.options = options;
  }

  decide({ timeSeconds, utilization, readyReplicas, pendingReplicas }: Sighting): number {
    const current = readyReplicas + pendingReplicas;
    const minute = Math.floor(timeSeconds / MINUTE_SECONDS);
    if (minute === this.lastMinute || Number.isNaN(utilization)) return current;
    this.lastMinute = minute;
    this.minutes.push({ use: Math.min(1, utilization), ready: readyReplicas });
    if (this.minutes.length > IN_MINUTES + 1) this.minutes.shift();
    const known = this.minutes.slice(0, -1); // a minute late
    const newest = known.at(-1) ?? { use: 0, ready: readyReplicas };
    const { targetUse, warmupSeconds } = this.options;
    const wanted = Math.max(1, Math.ceil((newest.ready * newest.use) / targetUse));
    const high = known.length >= OUT_MINUTES && known.slice(-OUT_MINUTES).every(({ use }) => use > targetUse);
    if (high) {
      if (wanted > current) this.lastOutSeconds = timeSeconds;
      return Math.max(current, wanted);
    }
    const low = known.length >= IN_MINUTES && known.slice(-IN_MINUTES).every(({ use }) => use < LOW_SHARE * targetUse);
    if (!low || timeSeconds - this.lastOutSeconds < warmupSeconds || timeSeconds - this.lastInSeconds < COOLDOWN_SECONDS) return current;
    if (wanted < current) this.lastInSeconds = timeSeconds;
    return Math.min(current, wanted);
  }
}
