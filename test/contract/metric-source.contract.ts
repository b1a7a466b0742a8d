import { afterEach, describe, expect, it } from "vitest";
import type { HistoryPoint } from "../../src/history/history-store.ts";
import type { SignalSpec } from "../../src/model/policy.ts";
import type { MetricSource } from "../../src/observe/metrics/sources/metric-source.ts";
import { signalOf } from "../fixtures/otlp/send.ts";
import { NOW } from "../fixtures/otlp/points.ts";

/** A sample as the world beyond the source has it. */
export interface WorldSample {
  readonly metric: "level" | "events_total";
  readonly instance: string;
  readonly time: number;
  readonly value: number;
}

export interface SourceUnderTest {
  readonly source: MetricSource;
  /** Let the world have a sample; it is there for the source when the promise resolves. */
  readonly happen: (sample: WorldSample) => Promise<void>;
  /** Make the next refresh, or what comes by itself, go wrong. Resolves to whether a failure is to be expected of refresh. */
  readonly goWrong: () => Promise<boolean>;
  readonly end: () => Promise<void>;
}

/** What every metric source must do. `open` gets the clock that the source is to use. */
export function metricSourceContract(name: string, open: (now: () => number) => Promise<SourceUnderTest>): void {
  describe(`the metric source ${name}`, () => {
    let under: SourceUnderTest | undefined;
    let clock = NOW;
    afterEach(async () => {
      await under?.source.close();
      await under?.end();
      under = undefined;
    });
    const level = signalOf({ metric: "level", extract: "gauge" });
    const events = signalOf({ metric: "events_total" });

    async function start(specs: readonly SignalSpec[]): Promise<SourceUnderTest> {
      clock = NOW;
      under = await open(() => clock);
      under.source.retain(specs);
      return under;
    }

    /** A gauge of 3 and a counter of 2 per second for each instance, every ten seconds; refreshed as the daemon does. */
    async function run(on: SourceUnderTest, instances: readonly string[], seconds: { readonly from: number; readonly to: number }): Promise<void> {
      for (let time = NOW + seconds.from; time <= NOW + seconds.to; time += 10) {
        clock = time;
        for (const instance of instances) {
          await on.happen({ metric: "level", instance, time, value: 3 });
          await on.happen({ metric: "events_total", instance, time, value: 2 * (time - NOW + 1000) });
        }
        expect(await on.source.refresh(time)).toEqual({ ok: true, value: undefined });
      }
    }

    it("has no value before anything is known, and says so", async () => {
      const { source } = await start([level]);
      await source.refresh(clock);
      expect(source.read(level, clock)).toMatchObject({ kind: "absent", cause: "absent" });
      expect(source.takeSteps(level, 60, clock)).toEqual([]);
    });

    it("reads a level and a rate, summed over series", async () => {
      const on = await start([level, events]);
      await run(on, ["a", "b"], { from: 0, to: 120 });
      expect(on.source.read(level, clock)).toMatchObject({ kind: "value", value: 6, timeSeconds: NOW + 120 });
      const rate = on.source.read(events, clock);
      expect(rate.kind === "value" ? rate.value : rate.detail).toBeCloseTo(4, 6);
    });

    it("reads only the series that are selected", async () => {
      const one = { ...level, select: { instance: "a" } };
      const on = await start([one]);
      await run(on, ["a", "b"], { from: 0, to: 20 });
      expect(on.source.read(one, clock)).toMatchObject({ kind: "value", value: 3 });
    });

    it("is stale when nothing new has come for too long", async () => {
      const on = await start([level]);
      await run(on, ["a"], { from: 0, to: 20 });
      clock = NOW + 20 + level.staleAfterSeconds + 1;
      await on.source.refresh(clock);
      expect(on.source.read(level, clock)).toMatchObject({ kind: "absent", cause: "stale" });
    });

    it("gives each completed step once", async () => {
      const on = await start([events]);
      const steps: HistoryPoint[] = [];
      for (let turn = 0; turn < 30; turn++) {
        await run(on, ["a"], { from: turn * 10, to: turn * 10 });
        steps.push(...on.source.takeSteps(events, 60, clock));
      }
      const starts = steps.map((step) => step.timeSeconds);
      expect(starts).toEqual([...new Set(starts)].sort((a, b) => a - b));
      expect(starts.length).toBeGreaterThanOrEqual(4);
      expect(steps.at(-1)?.mean).toBeCloseTo(2, 6);
    });

    it("keeps what it has when something goes wrong, and goes on after", async () => {
      const on = await start([level]);
      await run(on, ["a"], { from: 0, to: 20 });
      const failureExpected = await on.goWrong();
      const refreshed = await on.source.refresh(clock);
      expect(refreshed.ok).toBe(!failureExpected);
      if (!refreshed.ok) expect(refreshed.message).not.toBe("");
      expect(on.source.read(level, clock)).toMatchObject({ kind: "value", value: 3 });
      await run(on, ["a"], { from: 30, to: 40 });
      expect(on.source.read(level, clock)).toMatchObject({ kind: "value", value: 3, timeSeconds: NOW + 40 });
    });
  });
}
