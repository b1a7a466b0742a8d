// What every actuator must do, whatever its cloud. Each registered type runs this with a counterpart of its own
// (actuator-counterparts.ts); actuator.test.ts fails where one is missing.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Actuator } from "../../src/act/actuator.ts";
import type { Intent } from "../../src/model/intent.ts";
import type { Workload } from "../../src/model/workload.ts";

/** A cloud with one target of 4 ready replicas, which may have 1 to 20, and what a test can do to it. */
export interface ActuatorCounterpart {
  readonly actuator: Actuator;
  /** Writing requests that have reached the cloud so far, refused ones among them. */
  writeCalls(): number;
  /** Someone else sets the count. */
  setByOther?(replicas: number): void;
  /** The next write is refused as too many. */
  throttleNext?(): void;
  /** The next write is carried out and its answer lost. */
  loseNextAnswer?(): void;
  /** The next write is lost before it is carried out. */
  loseNextWrite?(): void;
  /** The target is there no more. */
  removeTarget?(): void;
  /** The clock moves on until every start has ended. */
  startAll(): void;
  /** A count that the cloud's own limits refuse. */
  readonly aboveMaximum?: number;
  close(): Promise<void>;
}

/** What not every cloud can do. Its case is left out of the contract where it is named here, with the reason beside it. */
export type Ability = "setByOther" | "throttleNext" | "loseNextAnswer" | "loseNextWrite" | "removeTarget" | "aboveMaximum";

const ABILITIES: readonly Ability[] = ["setByOther", "throttleNext", "loseNextAnswer", "loseNextWrite", "removeTarget", "aboveMaximum"];

export interface CounterpartDefinition {
  readonly cannot: readonly Ability[];
  readonly start: () => Promise<ActuatorCounterpart>;
}

export function intentTo(desiredReplicas: number, expectedReplicas: number, rest: Partial<Intent> = {}): Intent {
  return {
    target: "shop", decisionId: "shop@1", idempotencyKey: `shop@1:${desiredReplicas}`, direction: desiredReplicas >= expectedReplicas ? "out" : "in",
    expectedReplicas, desiredReplicas, expiresAtSeconds: 4_000_000_000, epoch: 1, ...rest,
  };
}

export function actuatorContract(type: string, { cannot, start }: CounterpartDefinition): void {
  const can = (ability: Ability): boolean => !cannot.includes(ability);
  describe(`actuator ${type}`, () => {
    let cloud: ActuatorCounterpart;
    beforeEach(async () => { cloud = await start(); });
    afterEach(async () => { await cloud.close(); });

    const read = async (): Promise<Workload> => {
      const workload = await cloud.actuator.read();
      if (!workload.ok) throw new Error(workload.message);
      return workload.value;
    };

    it("can do all that its counterpart does not rule out", () => {
      for (const ability of ABILITIES) expect(cloud[ability] !== undefined, ability).toBe(can(ability));
    });

    it("has its registered type", () => {
      expect(cloud.actuator.type).toBe(type);
    });

    it("reads the count without a write", async () => {
      expect(await read()).toMatchObject({ kind: "value", desiredReplicas: 4, readyReplicas: 4, pendingReplicas: 0 });
      expect(cloud.writeCalls()).toBe(0);
    });

    it("sets an absolute count with one write, out and in", async () => {
      expect(await cloud.actuator.write(intentTo(9, 4))).toMatchObject({ ok: true, value: { applied: true } });
      expect((await read()).desiredReplicas).toBe(9);
      cloud.startAll();
      expect(await read()).toMatchObject({ readyReplicas: 9, pendingReplicas: 0 });
      expect(await cloud.actuator.write(intentTo(6, 9))).toMatchObject({ ok: true, value: { applied: true } });
      expect((await read()).desiredReplicas).toBe(6);
      expect(cloud.writeCalls()).toBe(2);
    });

    it("sends nothing when the count is there already", async () => {
      expect(await cloud.actuator.write(intentTo(4, 4))).toMatchObject({ ok: true, value: { applied: false } });
      expect(cloud.writeCalls()).toBe(0);
    });

    if (can("aboveMaximum")) it("refuses a count outside the cloud's limits before any side effect", async () => {
      const answer = await cloud.actuator.write(intentTo(cloud.aboveMaximum ?? NaN, 4));
      expect(answer).toMatchObject({ ok: false, failure: "permanent", code: "out-of-bounds", mayHaveArrived: false });
      expect(cloud.writeCalls()).toBe(0);
      expect((await read()).desiredReplicas).toBe(4);
    });

    if (can("setByOther")) it("shows another hand, and does not write over it", async () => {
      cloud.setByOther?.(7);
      expect((await read()).desiredReplicas).toBe(7);
      expect(await cloud.actuator.write(intentTo(5, 4))).toMatchObject({ ok: false, code: "foreign-write", mayHaveArrived: false });
      expect(cloud.writeCalls()).toBe(0);
      expect((await read()).desiredReplicas).toBe(7);
    });

    if (can("throttleNext")) it("calls throttling transient, and knows that nothing has arrived", async () => {
      cloud.throttleNext?.();
      expect(await cloud.actuator.write(intentTo(6, 4))).toMatchObject({ ok: false, failure: "transient", code: "throttled", mayHaveArrived: false });
      expect((await read()).desiredReplicas).toBe(4);
    });

    if (can("loseNextAnswer")) it("says of a lost answer that the write may have arrived, and sends it once", async () => {
      cloud.loseNextAnswer?.();
      expect(await cloud.actuator.write(intentTo(6, 4))).toMatchObject({ ok: false, failure: "transient", mayHaveArrived: true });
      expect(cloud.writeCalls()).toBe(1);
      expect((await read()).desiredReplicas).toBe(6);
    });

    if (can("loseNextAnswer")) it("orders nothing twice where the same order is sent again after a lost answer", async () => {
      cloud.loseNextAnswer?.();
      expect(await cloud.actuator.write(intentTo(7, 4))).toMatchObject({ ok: false, mayHaveArrived: true });
      expect(await cloud.actuator.write(intentTo(7, 4))).toMatchObject({ ok: true, value: { applied: false } });
      cloud.startAll();
      expect(await read()).toMatchObject({ desiredReplicas: 7, readyReplicas: 7, pendingReplicas: 0 });
      expect(cloud.writeCalls()).toBe(1);
    });

    if (can("loseNextWrite")) it("says of a lost write that it may have arrived, and sends it once", async () => {
      cloud.loseNextWrite?.();
      expect(await cloud.actuator.write(intentTo(6, 4))).toMatchObject({ ok: false, failure: "transient", mayHaveArrived: true });
      expect(cloud.writeCalls()).toBe(1);
      expect((await read()).desiredReplicas).toBe(4);
    });

    if (can("removeTarget")) it("calls a target that is not there missing", async () => {
      cloud.removeTarget?.();
      expect(await cloud.actuator.read()).toMatchObject({ ok: false, failure: "missing" });
      expect(await cloud.actuator.write(intentTo(6, 4))).toMatchObject({ ok: false, failure: "missing", mayHaveArrived: false });
      expect(cloud.writeCalls()).toBe(0);
    });

    it("closes twice without harm", async () => {
      await cloud.actuator.close();
      await expect(cloud.actuator.close()).resolves.toBeUndefined();
    });
  });
}
