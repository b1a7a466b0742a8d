import { describe, expect, it } from "vitest";
import { handOfActivity } from "../../../src/act/aws/activity-cause.ts";
import { nameWriter, type ForeignHand } from "../../../src/act/foreign-hand.ts";
import { NO_WRITERS, watchWriters, type WriterReading, type WriterWatch } from "../../../src/act/second-writer.ts";

const read = (timeSeconds: number, desiredReplicas: number, rest: Partial<WriterReading> = {}): WriterReading => ({ timeSeconds, desiredReplicas, ownWrites: [], hands: [], ...rest });
const user = (timeSeconds: number, toReplicas: number): ForeignHand => ({ timeSeconds, fromReplicas: undefined, toReplicas, writer: { kind: "user" } });

function run(...readings: readonly WriterReading[]): { watch: WriterWatch; fresh: readonly ForeignHand[] } {
  return readings.reduce<{ watch: WriterWatch; fresh: readonly ForeignHand[] }>(({ watch }, reading) => watchWriters(watch, reading), { watch: NO_WRITERS, fresh: [] });
}

describe("the watch on other writers", () => {
  it("takes the first reading for no change, and what came before it for no conflict", () => {
    expect(run(read(1_000, 5, { hands: [user(990, 5)] })).fresh).toEqual([]);
    expect(run(read(1_000, 5), read(1_015, 5, { hands: [user(990, 5)] })).fresh).toEqual([]);
  });

  it("knows its own writes, also those of which it does not know whether they arrived", () => {
    const { watch, fresh } = run(read(1_000, 5), read(1_015, 8, { ownWrites: [{ timeSeconds: 1_001, desiredReplicas: 8 }], hands: [user(1_001, 8)] }));
    expect(fresh).toEqual([]);
    expect(watch.backOff).toBeUndefined();
    expect(run(read(1_000, 5), read(1_015, 5, { ownWrites: [{ timeSeconds: 1_001, desiredReplicas: 8 }] })).fresh).toEqual([]);
  });

  it("reports a change that is not ours, from what we had set", () => {
    const { watch, fresh } = run(read(1_000, 5), read(1_015, 3, { ownWrites: [{ timeSeconds: 1_001, desiredReplicas: 8 }] }));
    expect(fresh).toEqual([{ timeSeconds: 1_015, fromReplicas: 8, toReplicas: 3, writer: { kind: "unknown" } }]);
    expect(watch.backOff).toEqual({ untilSeconds: 1_315, writer: "an unknown hand", conflicts: 1 });
  });

  it("names the hand that the cloud tells of, once", () => {
    const hand: ForeignHand = { timeSeconds: 1_010, fromReplicas: 5, toReplicas: 7, writer: { kind: "target-tracking", name: "cpu70" } };
    const first = run(read(1_000, 5), read(1_015, 7, { hands: [hand] }));
    expect(first.fresh).toEqual([hand]);
    expect(first.watch.backOff?.writer).toBe("target tracking cpu70");
    expect(watchWriters(first.watch, read(1_030, 7, { hands: [hand] })).fresh).toEqual([]);
  });

  it("sees a change that is there and back between two readings", () => {
    const hands: readonly ForeignHand[] = [user(1_003, 9), user(1_009, 5)];
    expect(run(read(1_000, 5), read(1_015, 5, { hands })).fresh).toEqual(hands);
  });

  it("gives a change its name when the cloud tells it late, without counting it twice", () => {
    const before = run(read(1_000, 5), read(1_015, 7));
    const hand: ForeignHand = { timeSeconds: 1_010, fromReplicas: 5, toReplicas: 7, writer: { kind: "scheduled", name: "nightly" } };
    const after = watchWriters(before.watch, read(1_075, 7, { hands: [hand] }));
    expect(after.fresh).toEqual([]);
    expect(after.watch.changes).toMatchObject([{ toReplicas: 7, writer: { kind: "scheduled", name: "nightly" } }]);
    expect(after.watch.backOff?.conflicts).toBe(1);
  });

  it("takes the count from the reading where the cloud tells who, but not how many", () => {
    const hand: ForeignHand = { timeSeconds: 1_010, fromReplicas: undefined, toReplicas: undefined, writer: { kind: "hpa" } };
    const first = run(read(1_000, 5), read(1_015, 7, { hands: [hand] }));
    expect(first.fresh).toEqual([{ timeSeconds: 1_010, fromReplicas: 5, toReplicas: 7, writer: { kind: "hpa" } }]);
    expect(watchWriters(first.watch, read(1_030, 7, { hands: [hand] })).fresh).toEqual([]);
  });

  it("backs off twice as long for each conflict in a row, up to the longest, and forgets after a quiet hour", () => {
    let { watch } = run(read(0, 5));
    const lengths: number[] = [];
    let timeSeconds = 0;
    for (let count = 6; count < 12; count += 1) {
      timeSeconds += 60;
      ({ watch } = watchWriters(watch, read(timeSeconds, count)));
      lengths.push((watch.backOff?.untilSeconds ?? 0) - timeSeconds);
    }
    expect(lengths).toEqual([300, 600, 1_200, 2_400, 3_600, 3_600]);
    ({ watch } = watchWriters(watch, read(timeSeconds + 7_201, 11)));
    expect(watch.backOff).toBeUndefined();
  });

  it("lists the cloud's own passing changes, and does not back off from them", () => {
    const { watch, fresh } = run(read(1_000, 5), read(1_015, 6, { hands: [{ timeSeconds: 1_005, fromReplicas: 5, toReplicas: 6, writer: { kind: "cloud" } }] }));
    expect(fresh).toHaveLength(1);
    expect(watch.backOff).toBeUndefined();
  });
});

describe("the cause of an activity", () => {
  const at = "At 2026-08-05T10:35:05Z";
  const stamp = Date.parse("2026-08-05T10:35:05Z") / 1_000;
  it.each([
    [`${at} a user request explicitly set group desired capacity changing the desired capacity from 1 to 2.  At 2026-08-05T10:35:14Z an instance was started in response to a difference between desired and actual capacity, increasing the capacity from 1 to 2.`, "user", 1, 2],
    [`${at} a user request update of AutoScalingGroup constraints to min: 12, max: 20, desired: 13 changing the desired capacity from 14 to 13.`, "user", 14, 13],
    [`${at} a monitor alarm TargetTracking-shop-AlarmHigh-abc in state ALARM triggered policy cpu70 changing the desired capacity from 2 to 4.`, "target tracking cpu70", 2, 4],
    [`${at} a monitor alarm My-Scale-Down-Alarm in state ALARM triggered policy Decrease Group Size changing the desired capacity from 4 to 3.`, "step scaling Decrease Group Size", 4, 3],
    [`${at} a scheduled action update of AutoScalingGroup constraints to min: 1, max: 5, desired: 2 changing the desired capacity from 3 to 2. ${at} the scheduled action nightly executed.`, "scheduled action nightly", 3, 2],
    [`${at} a predictive scaling policy forecast1 changing the desired capacity from 2 to 5 was executed as forecast.`, "predictive scaling forecast1", 2, 5],
    [`${at} an instance was started in response to an AZ rebalance in group shop changing the desired capacity from 4 to 5.`, "the cloud itself", 4, 5],
  ])("of %s", (...[cause, writer, from, to]) => {
    const hand = handOfActivity(cause, 0);
    expect(hand).toMatchObject({ timeSeconds: stamp, fromReplicas: from, toReplicas: to });
    expect(hand === undefined ? "" : nameWriter(hand.writer)).toContain(writer);
  });

  it("of Application Auto Scaling, whose description holds the count", () => {
    expect(handOfActivity("monitor alarm TargetTracking-service/c/s-AlarmLow-0f in state ALARM triggered policy cpu", 50, "Setting desired count to 1.")).toEqual({
      timeSeconds: 50, fromReplicas: undefined, toReplicas: 1, writer: { kind: "target-tracking", name: "cpu" },
    });
  });

  it.each([
    "At 2026-08-05T10:35:03Z instance i-0abc was taken out of service in response to a EC2 health check indicating it has been terminated or stopped.",
    "", "some sentence of the future",
  ])("tells no change of the count: %s", (cause) => {
    expect(handOfActivity(cause, 0)).toBeUndefined();
  });
});

describe("a writer of whom the cloud does not tell when", () => {
  const hpa: ForeignHand = { timeSeconds: NaN, fromReplicas: undefined, toReplicas: undefined, writer: { kind: "hpa" } };

  it("names a change that the readings show, and is no change by itself", () => {
    const first = watchWriters(NO_WRITERS, { timeSeconds: 100, desiredReplicas: 4, ownWrites: [], hands: [hpa] });
    expect(first.fresh).toEqual([]);
    const same = watchWriters(first.watch, { timeSeconds: 200, desiredReplicas: 4, ownWrites: [], hands: [hpa] });
    expect(same.fresh).toEqual([]);
    expect(same.watch.backOff).toBeUndefined();
    const changed = watchWriters(same.watch, { timeSeconds: 300, desiredReplicas: 6, ownWrites: [], hands: [hpa] });
    expect(changed.fresh).toEqual([{ timeSeconds: 300, fromReplicas: 4, toReplicas: 6, writer: { kind: "hpa" } }]);
    expect(changed.watch.backOff).toMatchObject({ writer: "HorizontalPodAutoscaler", conflicts: 1 });
  });
});
