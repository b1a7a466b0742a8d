// One counterpart for each registered actuator, under its type.
import { createActuator } from "../../src/act/registry.ts";
import type { Actuator } from "../../src/act/actuator.ts";
import { createDryRun } from "../../src/act/actuators/dry-run.ts";
import { createSimulated } from "../../src/act/actuators/simulated.ts";
import { startFakeCloud, useCredentials } from "../fixtures/aws/cloud.ts";
import type { ActuatorCounterpart, CounterpartDefinition } from "./actuator.contract.ts";

export const COUNTERPARTS: Readonly<Record<string, CounterpartDefinition>> = {
  // It asks no cloud, so nobody can race it and nothing can be lost.
  "dry-run": { cannot: ["setByOther", "throttleNext", "loseNextAnswer", "loseNextWrite", "removeTarget", "aboveMaximum"], start: dryRunCounterpart },
  simulated: { cannot: ["removeTarget"], start: simulatedCounterpart },
  "aws-asg": { cannot: [], start: awsAsgCounterpart },
};

export async function makeActuator(type: string, config: unknown, now: () => number): Promise<Actuator> {
  const actuator = await createActuator(type, config, { target: "shop", now });
  if (!actuator.ok) throw new Error(actuator.message);
  return actuator.value;
}

function dryRunCounterpart(): Promise<ActuatorCounterpart> {
  const actuator = createDryRun({ replicas: 4 }, { target: "shop", now: () => 1_000 });
  return Promise.resolve({
    actuator,
    writeCalls: () => actuator.records.length,
    startAll: () => undefined,
    close: () => actuator.close(),
  });
}

function simulatedCounterpart(): Promise<ActuatorCounterpart> {
  let nowSeconds = 1_000;
  const actuator = createSimulated(
    { replicas: 4, startSeconds: 60, startSigma: 0, failedStartShare: 0, drainSeconds: 30, maxReplicas: 20, seed: 1 },
    { target: "shop", now: () => nowSeconds },
  );
  let throttled = false;
  return Promise.resolve({
    // The simulated cloud refuses every call while it throttles; a test wants to read right after.
    actuator: { ...actuator, async write(intent) {
      const answer = await actuator.write(intent);
      if (throttled) nowSeconds += 60;
      return answer;
    } },
    writeCalls: () => actuator.writeCalls(),
    setByOther: (replicas) => { actuator.setByOther(replicas, { kind: "user" }); },
    throttleNext: () => { throttled = true; actuator.fault("throttled", 30); },
    loseNextAnswer: () => { actuator.loseNext("after"); },
    loseNextWrite: () => { actuator.loseNext("before"); },
    startAll: () => { nowSeconds += 1_000; },
    aboveMaximum: 21,
    close: () => actuator.close(),
  });
}

async function awsAsgCounterpart(): Promise<ActuatorCounterpart> {
  useCredentials("AKIDCONTRACT");
  const cloud = await startFakeCloud();
  cloud.autoScaling.createGroup({ name: "shop-asg", min: 1, max: 20, desired: 4 });
  const actuator = await makeActuator("aws-asg", { group: "shop-asg", region: "us-east-1", endpoint: cloud.wire.endpoint }, cloud.now);
  const fault = (at: "before" | "after", how: "drop" | { code: string; message: string; status: number }): void => {
    cloud.wire.faults.push({ action: "SetDesiredCapacity", at, times: 1, how });
  };
  return {
    actuator,
    writeCalls: () => cloud.wire.writeCalls().length,
    setByOther: (replicas) => { cloud.autoScaling.setDesiredBy("shop-asg", replicas, "a user request explicitly set group desired capacity"); },
    throttleNext: () => { fault("before", { code: "Throttling", message: "Rate exceeded", status: 400 }); },
    loseNextAnswer: () => { fault("after", "drop"); },
    loseNextWrite: () => { fault("before", "drop"); },
    removeTarget: () => { cloud.autoScaling.removeGroup("shop-asg"); },
    startAll: () => { cloud.pass(600); },
    aboveMaximum: 21,
    async close() {
      await actuator.close();
      await cloud.close();
    },
  };
}
