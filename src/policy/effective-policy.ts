import { Cron } from "croner";
import type { EventSpec, Policy, ScheduleSpec } from "../model/policy.ts";

/** The bounds that hold at a time, and which schedule or event gave them (undefined: the policy itself). */
export interface EffectiveBounds {
  readonly min: number;
  readonly max: number;
  readonly minFrom: string | undefined;
  readonly maxFrom: string | undefined;
}

/**
 * The policy as it holds at a time: its replica bounds narrowed by what its schedules and events say then. An event outranks every
 * schedule; among equals the higher priority; among equal priorities the higher count, which is the safer. Nothing leaves the
 * policy's own `replicas`. Pure: the same policy and time give the same answer, so a replay needs no record of it.
 */
export function effectivePolicy(policy: Policy, timeSeconds: number): Policy {
  if (policy.schedules === undefined && policy.events === undefined) return policy;
  const { min, max } = effectiveBounds(policy, timeSeconds);
  return min === policy.replicas.min && max === policy.replicas.max ? policy : { ...policy, replicas: { ...policy.replicas, min, max } };
}

export function effectiveBounds(policy: Policy, timeSeconds: number): EffectiveBounds {
  const { min: least, max: most } = policy.replicas;
  const events = (policy.events ?? []).filter((event) => event.startSeconds <= timeSeconds && timeSeconds < event.endSeconds);
  const schedules = (policy.schedules ?? []).filter((schedule) => holds(schedule, timeSeconds));
  const minimum = winner(events, schedules, "minReplicas");
  const maximum = winner(events, schedules, "maxReplicas");
  const clamp = (count: number): number => Math.min(most, Math.max(least, count));
  const min = minimum === undefined ? least : clamp(minimum.count);
  // Where one entry's ceiling is beneath another's floor, the floor holds: capacity that someone asked for is not taken away.
  const max = Math.max(min, maximum === undefined ? most : clamp(maximum.count));
  return { min, max, minFrom: minimum?.name, maxFrom: maximum?.name };
}

type Entry = EventSpec | ScheduleSpec;

function winner(events: readonly Entry[], schedules: readonly Entry[], bound: "minReplicas" | "maxReplicas"): { readonly name: string; readonly count: number } | undefined {
  return best(events, bound) ?? best(schedules, bound);
}

function best(entries: readonly Entry[], bound: "minReplicas" | "maxReplicas"): { readonly name: string; readonly count: number } | undefined {
  let chosen: { readonly name: string; readonly count: number; readonly priority: number } | undefined;
  for (const { name, priority, [bound]: count } of entries) {
    if (count === undefined) continue;
    if (chosen === undefined || priority > chosen.priority || (priority === chosen.priority && count > chosen.count)) chosen = { name, count, priority };
  }
  return chosen;
}

interface Span {
  readonly holds: boolean;
  readonly fromSeconds: number;
  readonly untilSeconds: number;
}

// Finding the next match of a cron expression takes 70 µs; within a span the answer cannot change.
const spans = new WeakMap<ScheduleSpec, Span>();

function holds(schedule: ScheduleSpec, timeSeconds: number): boolean {
  const known = spans.get(schedule);
  if (known !== undefined && known.fromSeconds <= timeSeconds && timeSeconds < known.untilSeconds) return known.holds;
  const span = spanAt(schedule, timeSeconds);
  spans.set(schedule, span);
  return span.holds;
}

/** A schedule holds from each match for its duration; a match after its expiry does not count. */
function spanAt({ cron, timezone, durationSeconds, expiresAtSeconds = Infinity }: ScheduleSpec, timeSeconds: number): Span {
  // The first match after (time − duration) is the one whose span may cover the time. A span ends before its last instant,
  // and croner looks strictly after the second that it is given.
  const next = new Cron(cron, { timezone, paused: true }).nextRun(new Date((timeSeconds - durationSeconds) * 1000));
  const start = next === null ? Infinity : next.getTime() / 1000;
  if (start > expiresAtSeconds) return { holds: false, fromSeconds: timeSeconds, untilSeconds: Infinity };
  if (start > timeSeconds) return { holds: false, fromSeconds: timeSeconds, untilSeconds: start };
  return { holds: true, fromSeconds: timeSeconds, untilSeconds: start + durationSeconds };
}
