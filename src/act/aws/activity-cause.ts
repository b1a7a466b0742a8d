import type { ForeignHand, Writer } from "../foreign-hand.ts";

const PATTERNS: readonly { readonly pattern: RegExp; readonly writer: (match: RegExpExecArray) => Writer }[] = [
  { pattern: /monitor alarm (TargetTracking-\S+) in state ALARM triggered policy (.+?)(?= changing the desired| *$|\.)/, writer: (m) => named("target-tracking", m[2]) },
  { pattern: /monitor alarm (\S+) in state ALARM triggered policy (.+?)(?= changing the desired| *$|\.)/, writer: (m) => named("step-scaling", m[2]) },
  { pattern: /predictive scaling policy (\S+)/, writer: (m) => named("predictive", m[1]) },
  { pattern: /scheduled action named? (\S+)/, writer: (m) => named("scheduled", m[1]) },
  { pattern: /the scheduled action (\S+) executed/, writer: (m) => named("scheduled", m[1]) },
  { pattern: /scheduled action/, writer: () => ({ kind: "scheduled" }) },
  { pattern: /user request executed policy (\S+)/, writer: (m) => named("user", m[1]) },
  { pattern: /user request/, writer: () => ({ kind: "user" }) },
  { pattern: /AZ rebalance|[Cc]apacity [Rr]ebalance|rebalanc/, writer: () => ({ kind: "cloud", name: "(zone or capacity rebalancing)" }) },
];

/**
 * Who changed the desired count, from a scaling activity's cause (and Application Auto Scaling's description). Undefined for
 * activities that change no desired count: replacing an unhealthy instance, following a change told before. The sentences are
 * those that EC2 Auto Scaling and Application Auto Scaling write into DescribeScalingActivities.
 */
export function handOfActivity(cause: string, timeSeconds: number, description = ""): ForeignHand | undefined {
  const range = /changing the desired (?:capacity|count) from (\d+) to (\d+)/.exec(cause);
  const to = range?.[2] ?? /desired: (\d+)/.exec(cause)?.[1] ?? /Setting desired count to (\d+)/.exec(description)?.[1];
  if (to === undefined) return undefined;
  return {
    timeSeconds: startOf(cause) ?? timeSeconds,
    fromReplicas: range?.[1] === undefined ? undefined : Number(range[1]),
    toReplicas: Number(to),
    writer: writerOf(cause),
  };
}

/** An activity as EC2 Auto Scaling and Application Auto Scaling both describe it. */
export interface DescribedActivity {
  readonly Cause?: string | undefined;
  readonly Description?: string | undefined;
  readonly StartTime?: Date | undefined;
}

/** The hands that activities tell of since a time, one for each change (a change starts many activities); oldest first. */
export function handsOf(activities: readonly DescribedActivity[], sinceSeconds: number): readonly ForeignHand[] {
  const hands = new Map<string, ForeignHand>();
  for (const { Cause = "", Description, StartTime } of activities) {
    const hand = handOfActivity(Cause, (StartTime?.getTime() ?? 0) / 1_000, Description);
    if (hand !== undefined && hand.timeSeconds >= sinceSeconds) hands.set(`${hand.timeSeconds} ${hand.toReplicas ?? ""}`, hand);
  }
  return [...hands.values()].sort((a, b) => a.timeSeconds - b.timeSeconds);
}

function writerOf(cause: string): Writer {
  for (const { pattern, writer } of PATTERNS) {
    const match = pattern.exec(cause);
    if (match !== null) return writer(match);
  }
  return { kind: "unknown" };
}

function named(kind: Writer["kind"], name: string | undefined): Writer {
  return name === undefined ? { kind } : { kind, name };
}

/** `At 2026-08-05T10:35:05Z a user request …`: when the change was made; the activity starts later. */
function startOf(cause: string): number | undefined {
  const stamp = /^At (\d{4}-\d\d-\d\dT[\d:]+Z)/.exec(cause)?.[1];
  return stamp === undefined ? undefined : Date.parse(stamp) / 1_000;
}
