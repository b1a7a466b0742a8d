import type { Intent } from "../model/intent.ts";

/** What the gate must remember between intents: the keys that it has seen, and the targets with a write under way. */
export interface GateMemory {
  /** False where the key was seen before; else it is seen from now on. */
  admit(intent: Intent, nowSeconds: number): boolean;
  /** False where a write on the target is still under way: a newer one must not race it. */
  enter(target: string): boolean;
  leave(target: string): void;
}

/** Keys are forgotten a day after their intents have expired: an expired intent is refused anyway. */
const FORGET_AFTER_SECONDS = 86_400;

/** Makes an empty memory; after a restart, give it the open intents of the journal (see `settleOpenIntents`). */
export function createGateMemory(): GateMemory {
  const expiryByKey = new Map<string, number>();
  const busy = new Set<string>();
  let nextSweepSeconds = 0;

  const sweep = (nowSeconds: number): void => {
    if (nowSeconds < nextSweepSeconds) return;
    nextSweepSeconds = nowSeconds + 3_600;
    for (const [key, expiry] of expiryByKey) if (expiry + FORGET_AFTER_SECONDS < nowSeconds) expiryByKey.delete(key);
  };
  return {
    admit(intent, nowSeconds) {
      sweep(nowSeconds);
      if (expiryByKey.has(intent.idempotencyKey)) return false;
      expiryByKey.set(intent.idempotencyKey, Math.max(intent.expiresAtSeconds, nowSeconds));
      return true;
    },
    enter(target) {
      if (busy.has(target)) return false;
      busy.add(target);
      return true;
    },
    leave: (target) => void busy.delete(target),
  };
}
