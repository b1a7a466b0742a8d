import { beforeEach, describe, expect, it } from "vitest";
import { carryOut, settleOpenIntents } from "../../../src/act/carry-out.ts";
import { createSimulated, type SimulatedActuator } from "../../../src/act/actuators/simulated.ts";
import type { GateContext } from "../../../src/act/gate.ts";
import { createGateMemory } from "../../../src/act/gate-memory.ts";
import type { JournalPass } from "../../../src/journal/journal.ts";
import type { Intent, Outcome } from "../../../src/model/intent.ts";
import { failure, success, type Result } from "../../../src/model/result.ts";
import { intentTo } from "../../contract/actuator.contract.ts";

const NOW = 1_000_000;
let cloud: SimulatedActuator;
let log: string[];
let outcomes: Outcome[];
let context: GateContext;

/** Records what it is given, in order; refuses what the test names. */
function journal(refuse: "pass" | "outcome" | "" = "", open: readonly Intent[] = []) {
  const answer = (what: string): Promise<Result<number>> => Promise.resolve(what === refuse ? failure("transient", "disk full") : success(log.length));
  return {
    appendPass: (pass: JournalPass) => { log.push(`pass ${pass.intents.length}`); return answer("pass"); },
    appendOutcome: (outcome: Outcome) => { log.push(`outcome ${outcome.kind}`); outcomes.push(outcome); return answer("outcome"); },
    openIntents: () => Promise.resolve(success(open)),
  };
}

function passOf(...intents: readonly Intent[]): JournalPass {
  const snapshot = { timeSeconds: NOW, wake: "tick", epoch: 1, targets: {}, installs: [], outcomes: [], overrides: [] } as const;
  return { group: "web", snapshot, policyDigests: {}, decisions: [], intents };
}

beforeEach(() => {
  log = [];
  outcomes = [];
  cloud = createSimulated({ replicas: 4, startSeconds: 60, startSigma: 0, failedStartShare: 0, drainSeconds: 0, maxReplicas: 20, seed: 1 }, { target: "shop", now: () => NOW });
  const actuator = { ...cloud, write: (intent: Intent) => { log.push("write"); return cloud.write(intent); } };
  context = {
    actuator, memory: createGateMemory(), group: "web", now: () => NOW,
    standing: { killSwitch: () => ({ engaged: false }), mode: () => "full", overrides: () => [], epoch: () => 1, backOff: () => undefined },
  };
});

describe("carrying out a pass", () => {
  it("journals the intents, then writes, then journals the outcomes", async () => {
    const report = await carryOut(passOf(intentTo(6, 4)), journal(), () => context);
    expect(log).toEqual(["pass 1", "write", "outcome applied"]);
    expect(report).toMatchObject({ journalled: { ok: true }, outcomes: [{ kind: "applied" }], unjournalled: [] });
  });

  it("sends nothing when the journal does not take the pass", async () => {
    const report = await carryOut(passOf(intentTo(6, 4)), journal("pass"), () => context);
    expect(log).toEqual(["pass 1"]);
    expect(report.outcomes).toMatchObject([{ kind: "rejected", code: "journal" }]);
    expect(cloud.writeCalls()).toBe(0);
  });

  it("tells of an outcome that the journal does not take", async () => {
    const report = await carryOut(passOf(intentTo(6, 4)), journal("outcome"), () => context);
    expect(report.unjournalled).toMatchObject([{ kind: "applied" }]);
  });

  it("journals an unknown outcome as unknown, and does not send again", async () => {
    cloud.loseNext("after");
    const report = await carryOut(passOf(intentTo(6, 4)), journal(), () => context);
    expect(report.outcomes).toMatchObject([{ kind: "unknown", code: "no-answer" }]);
    expect(log).toEqual(["pass 1", "write", "outcome unknown"]);
    expect(cloud.writeCalls()).toBe(1);
  });

  it("gives every intent an outcome", async () => {
    const report = await carryOut(passOf(intentTo(6, 4), intentTo(7, 4, { target: "cart" })), journal(), () => context);
    expect(report.outcomes.map(({ kind }) => kind).sort()).toEqual(["applied", "rejected"]);
  });

  it("journals a hold, which has no intents", async () => {
    expect((await carryOut(passOf(), journal(), () => context)).outcomes).toEqual([]);
    expect(log).toEqual(["pass 0"]);
  });
});

describe("settling after a restart", () => {
  it("closes each open intent as unknown, and never lets it through again", async () => {
    const intent = intentTo(6, 4);
    const settled = await settleOpenIntents(journal("", [intent]), context.memory, NOW);
    expect(settled).toMatchObject({ ok: true, value: [{ kind: "unknown", code: "restart", idempotencyKey: intent.idempotencyKey }] });
    const report = await carryOut(passOf(intent), journal(), () => context);
    expect(report.outcomes).toMatchObject([{ kind: "rejected", code: "duplicate" }]);
    expect(cloud.writeCalls()).toBe(0);
  });

  it("tells when the journal does not take an outcome", async () => {
    expect(await settleOpenIntents(journal("outcome", [intentTo(6, 4)]), context.memory, NOW)).toMatchObject({ ok: false, message: "disk full" });
  });
});
