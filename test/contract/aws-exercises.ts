// All that each actuator on AWS can do, done once: what a least-privilege policy must allow. A failure is a line of text.
import type { Actuator } from "../../src/act/actuator.ts";
import type { FakeCloud } from "../fixtures/aws/cloud.ts";
import { intentTo } from "./actuator.contract.ts";

export interface AwsExercise {
  readonly config: Readonly<Record<string, unknown>>;
  readonly prepare: (cloud: FakeCloud) => void;
  readonly exercise: (actuator: Actuator) => Promise<readonly string[]>;
}

let firstInstanceId = "";
let lastInstanceId = "";

export const AWS_EXERCISES: Readonly<Record<string, AwsExercise>> = {
  "aws-asg": {
    config: { group: "shop-asg", region: "us-east-1" },
    prepare: (cloud) => {
      const group = cloud.autoScaling.createGroup({ name: "shop-asg", min: 1, max: 20, desired: 4, mixed: { overrides: [{ type: "m5.large" }], base: 1, percentage: 0 } });
      firstInstanceId = group.instances[0]?.id ?? "";
      lastInstanceId = group.instances.at(-1)?.id ?? "";
    },
    async exercise(actuator) {
      const failures = await readAll(actuator);
      const allocation = { instances: { "us-east-1a/m5.large/on-demand": 3, "us-east-1b/m5.large/spot": 4 }, replicas: 7, costPerHourUsd: 0, carbonGramsPerHour: undefined };
      failures.push(...await write(actuator, 6), ...await write(actuator, 7, { allocation }), ...await write(actuator, 7, { direction: "rebalance", leaving: [firstInstanceId] }), ...await drain(actuator));
      return failures;
    },
  },
  "aws-ec2-fleet": {
    config: { fleetId: "fleet-0a1", region: "us-east-1" },
    prepare: (cloud) => { cloud.ec2.createFleet({ id: "fleet-0a1", total: 4, onDemand: 2, overrides: [{ type: "m5.large" }] }); },
    exercise: async (actuator) => [...await readAll(actuator), ...await write(actuator, 6)],
  },
  "aws-ecs": {
    config: { cluster: "prod", service: "shop", region: "us-east-1", drainMachines: true },
    prepare: (cloud) => {
      cloud.ecs.createService("prod/shop", 4, { min: 1, max: 20 });
      cloud.ecs.machines.set("i-machine", { cluster: "prod", status: "ACTIVE" });
      lastInstanceId = "i-machine";
    },
    exercise: async (actuator) => [...await readAll(actuator), ...await write(actuator, 6), ...await drain(actuator, 0)],
  },
  "aws-warm-pool": {
    config: { group: "shop-asg", region: "us-east-1" },
    prepare: (cloud) => {
      cloud.autoScaling.createGroup({ name: "shop-asg", min: 1, max: 20, desired: 2 }).warmPool = { minSize: 4, maxPrepared: undefined, poolState: "Stopped", instances: [] };
    },
    exercise: async (actuator) => [...await readAll(actuator), ...await write(actuator, 6)],
  },
  "aws-ecs-floor": {
    config: { cluster: "prod", service: "shop", region: "us-east-1" },
    prepare: (cloud) => { cloud.ecs.createService("prod/shop", 4, { min: 1, max: 20 }); },
    exercise: async (actuator) => [...await readAll(actuator), ...await write(actuator, 6)],
  },
};

const TELLS_OFFERINGS: readonly string[] = ["aws-asg", "aws-ec2-fleet"];

async function readAll(actuator: Actuator): Promise<string[]> {
  const failures: string[] = [];
  const workload = await actuator.read();
  if (!workload.ok) failures.push(`read: ${workload.message}`);
  else if (TELLS_OFFERINGS.includes(actuator.type) && workload.value.runningByOffering === undefined) failures.push("read: no offerings");
  const hands = await actuator.foreignHands?.(0);
  if (hands?.ok === false) failures.push(`hands: ${hands.message}`);
  const rivals = await actuator.rivals?.();
  if (rivals?.ok === false) failures.push(`rivals: ${rivals.message}`);
  return failures;
}

/** Takes the last machine out, and as many replicas with it. */
async function drain(actuator: Actuator, replicas = 1): Promise<string[]> {
  const workload = await actuator.read();
  if (!workload.ok) return [`read: ${workload.message}`];
  if (workload.value.replacement === undefined) return ["read: no replacement"];
  const { desiredReplicas } = workload.value;
  const answer = await actuator.write(intentTo(desiredReplicas - replicas, desiredReplicas, { direction: "rebalance", drain: { instanceId: lastInstanceId, goesAtSeconds: undefined } }));
  return answer.ok && answer.value.applied ? [] : [`write: ${answer.ok ? `nothing was done: ${answer.value.detail}` : `${answer.code}: ${answer.message}`}`];
}

/** To a count, from whatever is there. */
async function write(actuator: Actuator, replicas: number, rest: Parameters<typeof intentTo>[2] = {}): Promise<string[]> {
  const workload = await actuator.read();
  if (!workload.ok) return [`read: ${workload.message}`];
  const answer = await actuator.write(intentTo(replicas, workload.value.desiredReplicas, rest));
  return answer.ok ? [] : [`write: ${answer.code}: ${answer.message}`];
}
