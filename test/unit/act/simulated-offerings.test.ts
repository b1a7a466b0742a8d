import { describe, expect, it } from "vitest";
import { createSimulated, simulated } from "../../../src/act/actuators/simulated.ts";
import type { Intent } from "../../../src/model/intent.ts";

const SPOT = "eu-west-1a/m5.large/spot";
const ON_DEMAND = "eu-west-1a/m5.large/on-demand";

interface Cloud {
  readonly ask: (instances: Readonly<Record<string, number>>) => Promise<unknown>;
  readonly counts: () => Promise<unknown>;
  readonly pass: (seconds: number) => void;
}

function cloud(): Cloud {
  let now = 1_000;
  const actuator = createSimulated(simulated.config.parse({ replicas: 2, startSeconds: 60 }), { target: "web", now: () => now });
  const write = async (instances: Readonly<Record<string, number>>): Promise<unknown> => {
    const before = await actuator.read();
    const replicas = Object.values(instances).reduce((sum, count) => sum + count, 0);
    const intent: Intent = {
      target: "web", decisionId: "d", idempotencyKey: String(now), direction: "out", expectedReplicas: before.ok ? before.value.desiredReplicas : 0, desiredReplicas: replicas,
      allocation: { instances, replicas, costPerHourUsd: 1, carbonGramsPerHour: undefined }, expiresAtSeconds: now + 60, epoch: 1,
    };
    const answer = await actuator.write(intent);
    return answer.ok && answer.value.applied;
  };
  return {
    ask: write,
    counts: async () => {
      const read = await actuator.read();
      return read.ok ? [read.value.runningByOffering, read.value.pendingByOffering] : read;
    },
    pass: (seconds) => { now += seconds; },
  };
}

describe("the offerings of a simulated cloud", () => {
  it("are not told before any was asked for", async () => {
    expect(await cloud().counts()).toEqual([undefined, undefined]);
  });

  it("run as they were asked for: the oldest first, what starts as pending", async () => {
    const { ask, counts, pass } = cloud();
    expect(await ask({ [ON_DEMAND]: 2, [SPOT]: 2 })).toBe(true);
    expect(await counts()).toEqual([{ [ON_DEMAND]: 2 }, { [SPOT]: 2 }]);
    pass(60);
    expect(await counts()).toEqual([{ [ON_DEMAND]: 2, [SPOT]: 2 }, {}]);
  });

  it("change with the mix where the count stays", async () => {
    const { ask, counts, pass } = cloud();
    await ask({ [ON_DEMAND]: 3 });
    pass(60);
    expect(await ask({ [ON_DEMAND]: 1, [SPOT]: 2 })).toBe(true);
    expect(await counts()).toEqual([{ [ON_DEMAND]: 1, [SPOT]: 2 }, {}]);
  });
});
