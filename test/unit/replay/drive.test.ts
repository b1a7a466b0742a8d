import { describe, expect, it } from "vitest";

import { DriveSession } from "../../../src/replay/drive-session.ts";
import type { DriveOptions } from "../../../src/replay/drive-session.ts";
import { policyOf } from "../../fixtures/policy.ts";

const START = { type: "start", time: 1_700_000_000, intervalSeconds: 15, target: { name: "web", min: 1, max: 200, requestsPerSecondPerReplica: 100, leadTimeSeconds: 120 }, objective: { latencySeconds: 0.25, errorBudget: 0.001 } };

function session(onPass?: DriveOptions["onPass"]): DriveSession {
  return new DriveSession({ policy: policyOf(), history: [], effective: (policy) => policy, ...(onPass !== undefined && { onPass }) });
}

function ask(drive: DriveSession, line: unknown): Readonly<Record<string, unknown>> {
  return drive.answer(typeof line === "string" ? line : JSON.stringify(line));
}

function started(): DriveSession {
  const drive = session();
  ask(drive, START);
  return drive;
}

const OBSERVATION = { type: "observation", time: 1_700_000_015, demand: 812.4, utilization: 0.61, readyReplicas: 12, pendingReplicas: 2, missRatio: 0.0004 };

describe("foretide drive", () => {
  it("answers a start with the policy's digest, and an observation with a decision and its reasons", () => {
    const drive = session();
    const ready = ask(drive, START);
    expect(ready).toEqual({ type: "ready", policy: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown });
    const answer = ask(drive, OBSERVATION);
    expect(answer).toMatchObject({ type: "decision", time: 1_700_000_015, forecast: { leadTimeSeconds: 120 } });
    expect(answer["reasons"]).toEqual(expect.arrayContaining([expect.objectContaining({ code: expect.any(String) as unknown, text: expect.any(String) as unknown, before: expect.any(Number) as unknown, after: expect.any(Number) as unknown })]));
    expect(ask(drive, { type: "end" })).toEqual({ type: "end", decisions: 1 });
  });

  it.each<[string, unknown, string]>([
    ["a line that is not JSON", "{", ""],
    ["a line that is no object", "[1]", ""],
    ["an unknown type", { type: "hello" }, "type"],
    ["a second start", START, "type"],
    ["an observation without a time", { type: "observation" }, "time"],
    ["a time that is no number", { type: "observation", time: "now" }, "time"],
    ["a negative demand", { type: "observation", time: 1_700_000_015, demand: -1 }, "demand"],
    ["a text as a number", { type: "observation", time: 1_700_000_015, utilization: "0.5" }, "utilization"],
    ["half a replica", { type: "observation", time: 1_700_000_015, readyReplicas: 2.5 }, "readyReplicas"],
    ["a miss ratio over one", { type: "observation", time: 1_700_000_015, missRatio: 1.5 }, "missRatio"],
    ["an offering without an id", { type: "observation", time: 1_700_000_015, offerings: [{ zone: "a" }] }, "offerings[0].id"],
    ["an offering of an unknown capacity type", { type: "observation", time: 1_700_000_015, offerings: [{ id: "a", capacityType: "free" }] }, "offerings[0].capacityType"],
    ["a notice without a time", { type: "observation", time: 1_700_000_015, notices: [{ offering: "a" }] }, "notices[0].time"],
    ["running counts that are no numbers", { type: "observation", time: 1_700_000_015, running: { a: "3" } }, "running.a"],
    ["a time before the start", { type: "observation", time: 1_600_000_000 }, "time"],
  ])("answers %s with an error that names its place, and goes on as if it had not been", (_name, line, path) => {
    const drive = started();
    expect(ask(drive, line)).toMatchObject({ type: "error", line: 2, path });
    expect(ask(drive, OBSERVATION)).toEqual(ask(started(), OBSERVATION));
  });

  it("takes what it decided to run a lead time later, where no ready count is told", () => {
    const passes: { readonly desired: number; readonly ready: number }[] = [];
    const drive = session((pass) => {
      const [decision] = pass.decisions;
      const workload = pass.snapshot.targets["web"]?.workload;
      if (decision !== undefined) passes.push({ desired: decision.desiredReplicas, ready: workload?.kind === "value" ? workload.readyReplicas : NaN });
    });
    ask(drive, START);
    for (let at = 15; at <= 900; at += 15) ask(drive, { type: "observation", time: 1_700_000_000 + at, demand: at <= 450 ? 500 : 3_000 });
    const ordered = passes.findIndex(({ desired }) => desired > 20);
    expect(ordered).toBeGreaterThan(0);
    expect(passes[ordered + 7]?.ready).toBeLessThan(20);
    expect(passes[ordered + 8]?.ready).toBe(passes[ordered]?.desired);
  });

  it("refuses an observation before the start, and a time that repeats", () => {
    expect(ask(session(), OBSERVATION)).toMatchObject({ type: "error", line: 1 });
    const drive = started();
    ask(drive, OBSERVATION);
    expect(ask(drive, OBSERVATION)).toMatchObject({ type: "error", line: 3, path: "time" });
  });

  it("ignores unknown fields, and takes null for absent", () => {
    const plain = ask(started(), OBSERVATION);
    expect(ask(started(), { ...OBSERVATION, weather: "rain", backlog: null })).toEqual(plain);
  });

  it("holds what runs while demand is absent: absent is never zero", () => {
    const drive = started();
    ask(drive, OBSERVATION);
    expect(ask(drive, { ...OBSERVATION, time: 1_700_000_030, demand: null })).toMatchObject({ kind: "hold", desiredReplicas: 14 });
  });

  it("splits the count over the offerings that were named, until others are", () => {
    const offering = (id: string, capacityType: string, pricePerHourUsd: number): object => ({ id, region: "r", zone: "a", instanceType: id, capacityType, replicas: 1, pricePerHourUsd, interruptionsPerHour: 0, launchable: true, startSeconds: 60 });
    const drive = started();
    const sum = (answer: Readonly<Record<string, unknown>>): number => Object.values(answer["allocation"] as Record<string, number>).reduce((total, count) => total + count, 0);
    const first = ask(drive, { ...OBSERVATION, offerings: [offering("od", "on-demand", 0.1)], running: { od: 14 } });
    expect(sum(first)).toBeGreaterThanOrEqual(first["desiredReplicas"] as number);
    const second = ask(drive, { ...OBSERVATION, time: 1_700_000_030, running: { od: 14 } });
    expect(sum(second)).toBeGreaterThanOrEqual(second["desiredReplicas"] as number);
  });

  it("gives the same bytes for the same lines, fits included", () => {
    const lines = [JSON.stringify(START)];
    for (let i = 1; i <= 14_000; i += 1) {
      const demand = 1000 + 500 * Math.sin((i * 2 * Math.PI) / 5760) + 40 * Math.sin(i * 1.7);
      const readyReplicas = Math.ceil(demand / 75);
      lines.push(JSON.stringify({ type: "observation", time: 1_700_000_000 + 15 * i, demand, utilization: demand / (100 * readyReplicas), readyReplicas, pendingReplicas: 0, missRatio: 0 }));
    }
    const run = (): string => {
      const drive = session();
      return lines.map((line) => JSON.stringify(drive.answer(line))).join("\n");
    };
    expect(run()).toBe(run());
  });
});
