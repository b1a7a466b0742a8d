import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSimulated } from "../../../src/act/actuators/simulated.ts";
import { passGate, type GateContext } from "../../../src/act/gate.ts";
import { createGateMemory } from "../../../src/act/gate-memory.ts";
import { createKillSwitch } from "../../../src/act/kill-switch.ts";
import { intentTo } from "../../contract/actuator.contract.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "foretide-switch-"));
  file = join(folder, "state", "kill-switch");
});
afterEach(() => { rmSync(folder, { recursive: true, force: true }); });

const request = { source: "api", reason: "bad deploy", author: "ann" } as const;

describe("the kill switch", () => {
  it("is off where there is neither file nor variable", () => {
    expect(createKillSwitch(file, {}).state()).toEqual({ engaged: false });
  });

  it.each(["1", "true", "yes", "stop"])("is on by the variable %s, and cannot be released then", (value) => {
    const killSwitch = createKillSwitch(file, { FORETIDE_KILL_SWITCH: value });
    expect(killSwitch.state()).toMatchObject({ engaged: true, source: "environment" });
    expect(killSwitch.release()).toMatchObject({ ok: false });
  });

  it.each(["", "0", "false", "off", "no"])("is off by the variable %j", (value) => {
    expect(createKillSwitch(file, { FORETIDE_KILL_SWITCH: value }).state()).toEqual({ engaged: false });
  });

  it("is on for every process that looks at the file, with who and why, until it is released", () => {
    const killSwitch = createKillSwitch(file, {});
    expect(killSwitch.engage(request)).toMatchObject({ ok: true });
    expect(createKillSwitch(file, {}).state()).toEqual({ engaged: true, ...request });
    expect(createKillSwitch(file, {}).release()).toMatchObject({ ok: true });
    expect(killSwitch.state()).toEqual({ engaged: false });
    expect(existsSync(file)).toBe(false);
  });

  it.each(["", "{", "null", '{"reason":1}', "[]", "stop everything"])("takes a file made by hand, whatever it holds: %j", (text) => {
    mkdirSync(join(folder, "state"));
    writeFileSync(file, text);
    expect(createKillSwitch(file, {}).state()).toMatchObject({ engaged: true, source: "file" });
  });

  it("counts a file that it cannot read as engaged", () => {
    mkdirSync(file, { recursive: true });
    expect(createKillSwitch(file, {}).state()).toMatchObject({ engaged: true, source: "file" });
  });

  it("holds for this process even when the file cannot be written, and says what is lost", () => {
    writeFileSync(join(folder, "state"), "a file where the folder should be");
    const killSwitch = createKillSwitch(join(folder, "blocked", "kill-switch"), {});
    writeFileSync(join(folder, "blocked"), "");
    const engaged = killSwitch.engage(request);
    expect(engaged).toMatchObject({ ok: false, failure: "transient" });
    expect(engaged.ok ? "" : engaged.message).toContain("a restart would lose it");
    expect(killSwitch.state()).toEqual({ engaged: true, ...request });
    chmodSync(folder, 0o700);
  });

  it("holds for the very next gate, 1,000 times of 1,000", async () => {
    const killSwitch = createKillSwitch(file, {});
    const cloud = createSimulated({ replicas: 4, startSeconds: 0, startSigma: 0, failedStartShare: 0, drainSeconds: 0, maxReplicas: 20, seed: 1 }, { target: "shop", now: () => 1_000 });
    const context: GateContext = {
      actuator: cloud, memory: createGateMemory(), group: "web", now: () => 1_000,
      standing: { killSwitch: () => killSwitch.state(), mode: () => "full", overrides: () => [], epoch: () => 1, backOff: () => undefined },
    };
    for (let trial = 0; trial < 1_000; trial += 1) {
      const [from, to] = trial % 2 === 0 ? [4, 5] : [5, 4];
      mkdirSync(join(folder, "state"), { recursive: true });
      writeFileSync(file, "");
      expect(await passGate(intentTo(to, from, { idempotencyKey: `on ${trial}` }), context)).toMatchObject({ kind: "rejected", code: "kill-switch" });
      rmSync(file);
      expect(await passGate(intentTo(to, from, { idempotencyKey: `off ${trial}` }), context)).toMatchObject({ kind: "applied" });
    }
    expect(cloud.writeCalls()).toBe(1_000);
  });
});
