import type { Intent } from "../model/intent.ts";
import type { Mode } from "../model/mode.ts";
import type { Override } from "../model/override.ts";
import type { KillSwitchState } from "./kill-switch.ts";

/** What can be told without asking the cloud; each is asked afresh, since it may have changed since the decision. */
export interface Standing {
  killSwitch(): KillSwitchState;
  mode(): Mode;
  overrides(): readonly Override[];
  /** The fencing epoch that this process holds; undefined where it holds none. */
  epoch(): number | undefined;
  /** Until when another writer is left alone, and who it is. */
  backOff(): { readonly untilSeconds: number; readonly writer: string } | undefined;
}

export interface Refusal {
  readonly code: string;
  readonly detail: string;
}

interface Scope {
  readonly group: string;
  readonly nowSeconds: number;
}

type Check = (intent: Intent, standing: Standing, scope: Scope) => Refusal | undefined;

/** In this order; the first refusal is the outcome. */
const CHECKS: readonly Check[] = [wellFormed, killSwitch, mode, expiry, epoch, pause, backOff];

/** The first reason not to let an intent through, or undefined. */
export function standingRefusal(intent: Intent, standing: Standing, scope: Scope): Refusal | undefined {
  for (const check of CHECKS) {
    const refusal = check(intent, standing, scope);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** A change is a scale-in by its numbers, whatever its label says; a machine that leaves anyway takes only its own place with it. */
function isScaleIn(intent: Intent): boolean {
  if (intent.drain !== undefined) return false;
  return intent.direction === "in" || intent.desiredReplicas < intent.expectedReplicas;
}

function wellFormed(intent: Intent): Refusal | undefined {
  const { desiredReplicas, expectedReplicas, direction } = intent;
  if (!Number.isSafeInteger(desiredReplicas) || desiredReplicas < 0) return { code: "invalid", detail: `desired ${desiredReplicas} is not a count` };
  const sign = Math.sign(desiredReplicas - expectedReplicas);
  if ((direction === "out" && sign < 0) || (direction === "in" && sign > 0)) {
    return { code: "invalid", detail: `scale-${direction} from ${expectedReplicas} to ${desiredReplicas} contradicts itself` };
  }
  return undefined;
}

function killSwitch(_: Intent, standing: Standing): Refusal | undefined {
  const state = standing.killSwitch();
  return state.engaged ? { code: "kill-switch", detail: `by ${state.source}: ${state.reason} (${state.author})` } : undefined;
}

function mode(intent: Intent, standing: Standing): Refusal | undefined {
  const current = standing.mode();
  if (current === "full" || (current === "scale-out-only" && intent.direction === "out" && !isScaleIn(intent))) return undefined;
  return { code: "mode", detail: `${current} does not allow ${intent.direction === "rebalance" ? "a rebalance" : `a scale-${intent.direction}`}` };
}

function expiry(intent: Intent, _: Standing, { nowSeconds }: Scope): Refusal | undefined {
  if (nowSeconds < intent.expiresAtSeconds) return undefined;
  return { code: "expired", detail: `${Math.round(nowSeconds - intent.expiresAtSeconds)} s ago` };
}

function epoch(intent: Intent, standing: Standing): Refusal | undefined {
  const held = standing.epoch();
  if (held === intent.epoch) return undefined;
  return { code: "epoch", detail: held === undefined ? `of ${intent.epoch}, and no lease is held` : `of ${intent.epoch}, and ${held} is held` };
}

function pause(intent: Intent, standing: Standing, { group, nowSeconds }: Scope): Refusal | undefined {
  for (const override of standing.overrides()) {
    if (![intent.target, group, "*"].includes(override.target)) continue;
    // What was set before a clock went back holds all the same: it was set.
    if (nowSeconds >= override.expiresAtSeconds) continue;
    const by = `${override.kind} by ${override.author}: ${override.reason}`;
    if (override.kind === "pause") return { code: "paused", detail: by };
    if (override.kind === "pause-scale-in" && isScaleIn(intent)) return { code: "paused", detail: by };
    if (override.kind === "pin" && override.replicas !== intent.desiredReplicas - (intent.standIns ?? 0)) return { code: "pinned", detail: by };
  }
  return undefined;
}

function backOff(_: Intent, standing: Standing, { nowSeconds }: Scope): Refusal | undefined {
  const state = standing.backOff();
  if (state === undefined || nowSeconds >= state.untilSeconds) return undefined;
  return { code: "second-writer", detail: `left to ${state.writer} for another ${Math.ceil(state.untilSeconds - nowSeconds)} s` };
}
