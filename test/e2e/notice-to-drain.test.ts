// The whole daemon: a notice in an SQS queue that foretide.yaml names becomes an order within a second and a drain before the end.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Daemon } from "../../src/app/daemon.ts";
import { startFakeCloud, useCredentials, type FakeCloud } from "../fixtures/aws/cloud.ts";
import { rebalanceAdvice, spotWarning } from "../fixtures/aws/sqs-fake.ts";
import { daemonOver } from "../fixtures/daemon/daemon-over.ts";

const GROUP = "shop-asg";
let cloud: FakeCloud;
let daemon: Daemon;
let directory: string;

beforeAll(async () => {
  useCredentials("AKIDNOTICE");
  cloud = await startFakeCloud(Date.now() / 1_000, { live: true });
  cloud.autoScaling.createGroup({ name: GROUP, min: 1, max: 20, desired: 4, startSeconds: 2 });
  directory = mkdtempSync(join(tmpdir(), "foretide-notice-"));
  mkdirSync(join(directory, "policies"));
  const spec = {
    mode: "full", target: { "aws-asg": { group: GROUP, region: "us-east-1", endpoint: cloud.wire.endpoint } }, replicas: { min: 4, max: 4 },
    demand: { metric: "shop.requests", extract: "rate" }, scaling: { requestsPerSecondPerReplica: 100 }, leadTime: "3s", evaluationInterval: "1s", forecast: { enabled: false, step: "5s" },
  };
  writeFileSync(join(directory, "policies", "shop.yaml"), JSON.stringify({ apiVersion: "foretide.dev/v1", kind: "Policy", metadata: { name: "shop" }, spec }));
  writeFileSync(join(directory, "foretide.yaml"), JSON.stringify({
    listen: { http: { port: 0 }, otlpHttp: { enabled: false }, otlpGrpc: { enabled: false } }, data: { directory: join(directory, "data") }, policies: ["policies"],
    sources: { interruptions: { sqs: { queueUrl: `${cloud.wire.endpoint}/123456789012/${cloud.sqs.queueName}`, region: "us-east-1", endpoint: cloud.wire.endpoint } } },
  }));
  await start();
}, 60_000);
afterAll(async () => {
  await daemon.stop();
  await cloud.close();
  rmSync(directory, { recursive: true, force: true });
});

async function start(): Promise<void> {
  daemon = await daemonOver(directory, "error");
  await until(() => daemon.view.target("shop")?.replicas.desired !== undefined);
}

const group = () => cloud.autoScaling.group(GROUP);
const has = (id: string): boolean => group().instances.some((instance) => instance.id === id);
const orders = (): number => cloud.wire.writeCalls().filter(({ action }) => action === "SetDesiredCapacity").length;
const drains = (): number => cloud.wire.writeCalls().filter(({ action }) => action === "TerminateInstanceInAutoScalingGroup").length;
const oldest = (): string => group().instances.find(({ state }) => state === "InService")?.id ?? "";

async function until(what: () => boolean, seconds = 20): Promise<void> {
  for (const end = performance.now() + seconds * 1_000; !what();) {
    if (performance.now() > end) throw new Error(`not within ${String(seconds)} s`);
    await wait(2);
  }
}

it("orders the replacement within a second of the message, each of ten times, and drains the machine once it is replaced", async () => {
  for (let turn = 1; turn <= 10; turn += 1) {
    const id = oldest();
    const sentAt = performance.now();
    cloud.sqs.send(spotWarning(id, cloud.now()));
    await until(() => orders() === turn);
    expect(performance.now() - sentAt).toBeLessThan(1_000);
    expect(has(id)).toBe(true);
    await until(() => !has(id));
    expect(group().instances.filter(({ state }) => state === "InService").length).toBeGreaterThanOrEqual(4);
    await until(() => group().desired === 4);
  }
  expect([orders(), drains(), cloud.sqs.depth()]).toEqual([10, 10, 0]);
}, 120_000);

it("does nothing for repeats, for others' machines, and for what it does not understand", async () => {
  const before = [orders(), drains()];
  const id = oldest();
  for (let copy = 0; copy < 5; copy += 1) cloud.sqs.send(spotWarning(id, cloud.now()));
  cloud.sqs.send(rebalanceAdvice(id, cloud.now() - 60));
  cloud.sqs.send(spotWarning("i-of-others", cloud.now()));
  cloud.sqs.send("<html>");
  await until(() => cloud.sqs.depth() === 0 && !has(id) && group().desired === 4);
  await wait(2_500);
  expect([orders(), drains()]).toEqual(before.map((count) => count + 1));
}, 60_000);

it("goes on after a restart between order and drain, with the message told again", async () => {
  group().startSeconds = 6;
  const before = [orders(), drains()];
  const id = oldest();
  const told = spotWarning(id, cloud.now());
  cloud.sqs.send(told);
  await until(() => group().desired === 5);
  await daemon.stop();
  expect(has(id)).toBe(true);
  cloud.sqs.send(told);
  await start();
  await until(() => !has(id));
  await until(() => group().desired === 4);
  await wait(1_500);
  expect([orders(), drains()]).toEqual(before.map((count) => count + 1));
  expect(group().instances).toHaveLength(4);
}, 60_000);
