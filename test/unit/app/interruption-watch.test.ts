import { setImmediate as nextTurn } from "node:timers/promises";
import pino from "pino";
import { describe, expect, it } from "vitest";

import type { PassResult } from "../../../src/app/loop/group-runtime.ts";
import { InterruptionWatch } from "../../../src/app/sources/interruption-watch.ts";

const NOW = 1_795_521_600;
const warning = (instanceId: string) => ({ channel: "sqs", kind: "interruption", instanceId, timeSeconds: NOW + 120 } as const);

function open(onNotice: () => Promise<void> = () => Promise.resolve()): InterruptionWatch {
  return new InterruptionWatch({ clock: { nowSeconds: () => NOW }, log: pino({ level: "silent" }), owners: () => [{ target: "web", offeringOf: () => "a/m5.large/spot" }], onNotice });
}

/** A pass over the target, taken by the journal or not. */
function pass(ok: boolean, target = "web"): PassResult {
  return { pass: { snapshot: { targets: { [target]: {} } } }, report: { journalled: ok ? { ok: true, value: 1 } : { ok: false, failure: "transient", message: "full" } } } as unknown as PassResult;
}

function watched(promise: Promise<void>): { isDone: boolean } {
  const state = { isDone: false };
  void promise.then(() => { state.isDone = true; });
  return state;
}

describe("a notice from a queue", () => {
  it("is over when a pass that was given it is in the journal: not before, whatever the journal refuses", async () => {
    const watch = open();
    const first = watched(watch.take(warning("i-1")));
    const repeat = watched(watch.take(warning("i-1")));
    // A pass that was under way when it came has not seen it.
    watch.passed(pass(true));
    await nextTurn();
    expect([first.isDone, repeat.isDone]).toEqual([false, false]);
    expect(watch.takeNotices("web")).toHaveLength(1);
    watch.passed(pass(false));
    watch.passed(pass(true, "other"));
    await nextTurn();
    expect([first.isDone, repeat.isDone]).toEqual([false, false]);
    watch.passed(pass(true));
    await nextTurn();
    expect([first.isDone, repeat.isDone]).toEqual([true, true]);
    await watch.take(warning("i-1"));
    expect(watch.takeNotices("web")).toEqual([]);
  });

  it("is over when its target is", async () => {
    const watch = open();
    const taken = watched(watch.take(warning("i-1")));
    watch.retain(["api"]);
    await nextTurn();
    expect(taken.isDone).toBe(true);
  });
});
