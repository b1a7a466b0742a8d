import { Cron } from "croner";
import type { EventSpec, Policy, ScheduleSpec } from "../model/policy.ts";

/** The bounds that hold at a time, and which schedule or event gave them (undefined: the policy itself). */
export interface EffectiveBounds {
  readonly min: number;
  readonly max: number;
  readonly minFrom: string | undefined;
  readonly maxFrom: string | undefined;
  /** The schedule that has shut the target down; `min` and `max` are then the bounds that hold once it is woken. */
  readonly offFrom: string | undefined;
}

/**
 * The policy as it holds at a time: its replica bounds narrowed by what its schedules and events say then. An event outranks every
 * schedule; among equals the higher priority; among equal priorities the higher count, which is the safer. Nothing leaves the
 * policy's own `replicas`, but for a schedule that is `off`: it shuts the target down, and ends a lead time early, so that the
 * target is there when its window ends. An event's floor, or a schedule's of higher priority, outranks it. Pure: the same policy and time give the same answer, so a replay needs no record of it.
 */
export function effectivePolicy(policy: Policy, timeSeconds: number): Policy {
  if (policy.schedules === undefined && policy.events === undefined) return policy;
  const { min, max, offFrom } = effectiveBounds(policy, timeSeconds);
  if (offFrom !== undefined) return { ...policy, replicas: { ...policy.replicas, min: 0, max: 0, awake: { min, max }, from: `shut down by the schedule ${offFrom}` } };
  if (min === policy.replicas.min && max === policy.replicas.max) return policy;
  return { ...policy, replicas: { ...policy.replicas, min, max, ...(max < policy.replicas.max && { ownMax: policy.replicas.max }) } };
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
  return { min, max, minFrom: minimum?.name, maxFrom: maximum?.name, offFrom: offAt(policy, timeSeconds, minimum) };
}

/** Without a stated lead time a start is taken to last so long. */
const USUAL_LEAD_SECONDS = 300;

function offAt({ schedules = [], leadTimeSeconds = USUAL_LEAD_SECONDS }: Policy, timeSeconds: number, floor: Winner | undefined): string | undefined {
  return schedules.find((schedule) => schedule.off === true
    && holds(schedule, timeSeconds)
    && spanAt(schedule, timeSeconds + leadTimeSeconds).holds
    && (floor === undefined || (!floor.isEvent && schedule.priority >= floor.priority)))?.name;
}

type Entry = EventSpec | ScheduleSpec;

interface Chosen {
  readonly name: string;
  readonly count: number;
  readonly priority: number;
}
type Winner = Chosen & { readonly isEvent: boolean };

function winner(events: readonly Entry[], schedules: readonly Entry[], bound: "minReplicas" | "maxReplicas"): Winner | undefined {
  const event = best(events, bound);
  if (event !== undefined) return { ...event, isEvent: true };
  const schedule = best(schedules, bound);
  return schedule && { ...schedule, isEvent: false };
}

function best(entries: readonly Entry[], bound: "minReplicas" | "maxReplicas"): Chosen | undefined {
  let chosen: Chosen | undefined;
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
function spanAt(schedule: ScheduleSpec, timeSeconds: number): Span {
  const { cron, timezone, durationSeconds, expiresAtSeconds = Infinity } = schedule;
  if (schedule.untilCron !== undefined) return spanBetween({ ...schedule, untilCron: schedule.untilCron, expiresAtSeconds }, timeSeconds);
  // The first match after (time − duration) is the one whose span may cover the time. A span ends before its last instant,
  // and croner looks strictly after the second that it is given.
  const next = new Cron(cron, { timezone, paused: true }).nextRun(new Date((timeSeconds - durationSeconds) * 1000));
  const start = next === null ? Infinity : next.getTime() / 1000;
  if (start > expiresAtSeconds) return { holds: false, fromSeconds: timeSeconds, untilSeconds: Infinity };
  if (start > timeSeconds) return { holds: false, fromSeconds: timeSeconds, untilSeconds: start };
  return { holds: true, fromSeconds: timeSeconds, untilSeconds: start + durationSeconds };
}

/** Between its start and its end the next end comes before the next start. What began before its expiry ends as it would. */
function spanBetween({ cron, untilCron, timezone, expiresAtSeconds }: { readonly cron: string; readonly untilCron: string; readonly timezone: string; readonly expiresAtSeconds: number }, timeSeconds: number): Span {
  const next = (expression: string, from: number): number => (new Cron(expression, { timezone, paused: true }).nextRun(new Date(from * 1000))?.getTime() ?? Infinity) / 1000;
  const isInside = (at: number): boolean => next(untilCron, at) <= next(cron, at) && Number.isFinite(next(untilCron, at));
  if (timeSeconds > expiresAtSeconds) {
    const endSeconds = next(untilCron, expiresAtSeconds);
    const lasts = isInside(expiresAtSeconds) && timeSeconds < endSeconds;
    return { holds: lasts, fromSeconds: timeSeconds, untilSeconds: lasts ? endSeconds : Infinity };
  }
  const holdsNow = isInside(timeSeconds);
  return { holds: holdsNow, fromSeconds: timeSeconds, untilSeconds: Math.min(expiresAtSeconds, next(holdsNow ? untilCron : cron, timeSeconds)) };
}
