import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

import { ControlBook } from "../../src/app/loop/control-book.ts";
import { EMPTY_BOOK, takeMessage } from "../../src/observe/market/interruptions/notice-book.ts";
import { DriveSession } from "../../src/replay/drive-session.ts";
import { initialGroupState, reconcileGroupState, restoreGroupState, saveGroupState } from "../../src/step.ts";
import { unwrap } from "../contract/history-store.contract.ts";
import { policyOf } from "../fixtures/policy.ts";
import { GroupScene } from "../fixtures/scene.ts";

const folder = mkdtempSync(join(tmpdir(), "foretide-names-"));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

/** Names that every object has already. */
const NAMES = ["__proto__", "constructor", "toString"] as const;

describe("names that every object has already", () => {
  it.each(NAMES)("an offering called %s is bought like any other", (id) => {
    const drive = new DriveSession({ policy: policyOf(), history: [], effective: (given) => given });
    drive.answer(JSON.stringify({ type: "start", time: 1_700_000_000 }));
    const offerings = [{ id, capacityType: "on-demand", pricePerHourUsd: 0.1, zone: "a", instanceType: "m5.large", region: "r" }];
    for (let tick = 1; tick < 4; tick += 1) {
      const running = JSON.parse(`{"${id}":4}`) as Record<string, number>;
      const answer = drive.answer(JSON.stringify({ type: "observation", time: 1_700_000_000 + 15 * tick, demand: 50, readyReplicas: 4, offerings, running })) as { allocation?: Record<string, number> };
      expect(Object.entries(answer.allocation ?? {})).toEqual([[id, 4]]);
    }
  });

  it.each(NAMES)("a target called %s that a reload adds begins like any other, and survives a checkpoint", (name) => {
    const [web, added] = [policyOf(), policyOf({ name, group: "web" })];
    const state = reconcileGroupState(initialGroupState("web", [web]), [web, added]);
    const scene = new GroupScene([web, added], 3);
    scene.state = unwrap(restoreGroupState(JSON.parse(JSON.stringify(saveGroupState(state))), [web, added]));
    const shown = Object.fromEntries([["web", { demand: 300 }], [name, { demand: 300 }]]);
    expect(scene.tick(shown).of(name).desiredReplicas).toBe(scene.tick(shown).of("web").desiredReplicas);
  });

  it.each(["constructor", "toString"])("a signal called %s has its own forecast", (name) => {
    const base = policyOf();
    const policy = policyOf({ extraSignals: [{ name, by: "per-replica", target: 10, spec: base.signals.demand }] });
    const scene = new GroupScene([policy], 3);
    expect(scene.tick({ web: { demand: 1 } }).of("web").desiredReplicas).toBe(3);
    for (let tick = 0; tick < 4; tick += 1) scene.tick({ web: { demand: 1, signals: Object.fromEntries([[name, 200]]) } });
    expect(scene.replicas["web"]).toBeGreaterThanOrEqual(20);
  });

  it.each(NAMES)("a machine called %s has had no notice before its first, and no target of that name a lowered mode", (name) => {
    const { notice } = takeMessage(EMPTY_BOOK, { channel: "aws", kind: "interruption", instanceId: name, timeSeconds: 1_000 }, { nowSeconds: 900, offeringOf: () => "a/m5.large/spot" });
    expect(notice?.instanceId).toBe(name);
    expect(unwrap(ControlBook.open(join(folder, `${name}.json`))).modeLimit(name)).toBeUndefined();
  });
});
