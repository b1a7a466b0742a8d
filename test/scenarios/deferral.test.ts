import { describe, expect, it } from "vitest";
import type { CarbonSignal, Offering } from "../../src/model/offering.ts";
import type { Policy } from "../../src/model/policy.ts";
import { present } from "../../src/model/observation.ts";
import { initialGroupState, step } from "../../src/step.ts";
import { policyOf } from "../fixtures/policy.ts";

const HOUR = 3600;
const TICK = 60;
const LEAD = 120;
const RATE = 2;
/** Midnight UTC. */
const START = Date.UTC(2026, 5, 1) / 1000;

const DEFERRING: Policy = policyOf({
  name: "jobs", group: "jobs", replicas: { min: 0, max: 10 }, evaluationIntervalSeconds: TICK, leadTimeSeconds: LEAD,
  scaling: { by: "objective", requestsPerSecondPerReplica: RATE },
  signals: { demand: { source: "otlp", metric: "jobs", select: {}, extract: "rate", aggregate: "sum", quantile: undefined, threshold: undefined, unit: undefined, windowSeconds: 60, staleAfterSeconds: 180 } },
  deferral: { deadlineSeconds: 12 * HOUR, carbonPricePerKgUsd: 10, changeoverSeconds: 300, interruptible: true },
});
const MACHINE: Offering = { id: "eu-west-1a/m5.large/on-demand", region: "eu-west-1", zone: "eu-west-1a", instanceType: "m5.large", capacityType: "on-demand", replicas: 1, pricePerHourUsd: 0.1, interruptionsPerHour: 0, launchable: true, startSeconds: LEAD, powerWatts: 20, embodiedGramsPerHour: 1 };

/** A grid with a clean early afternoon. */
const actual = (timeSeconds: number): number => 300 - 200 * Math.max(0, Math.sin((Math.PI * (((timeSeconds - START) / HOUR) % 24 - 8)) / 10));

interface Lived {
  readonly grams: number;
  /** Longest wait of any item, seconds; Infinity where some are left. */
  readonly longestWaitSeconds: number;
  readonly codes: ReadonlySet<string>;
  /** Scale-ins while work was left. */
  readonly stops: number;
}

type Forecast = (nowSeconds: number) => CarbonSignal | undefined;
const signal = (nowSeconds: number, at: (timeSeconds: number) => number): CarbonSignal => ({
  signal: "average", timeSeconds: nowSeconds, intensityGramsPerKwh: actual(nowSeconds),
  forecast: Array.from({ length: 48 }, (_, hour) => Math.floor(nowSeconds / HOUR) * HOUR + hour * HOUR).map((timeSeconds) => ({ timeSeconds, intensityGramsPerKwh: at(timeSeconds) })),
});

/** Work comes at the hours named, all at once; the production step decides, replicas start after the lead time. */
function live(policy: Policy, forecast: Forecast, given: { readonly arrivals: Readonly<Record<number, number>>; readonly hours: number }): Lived {
  let state = initialGroupState("jobs", [policy]);
  const queue: { atSeconds: number; items: number }[] = [];
  let asked = 0;
  let ready = 0;
  const starting: { atSeconds: number; replicas: number }[] = [];
  let grams = 0;
  let longestWaitSeconds = 0;
  let stops = 0;
  const codes = new Set<string>();
  for (let now = START; now < START + given.hours * HOUR; now += TICK) {
    const come = (now - START) % HOUR === 0 ? (given.arrivals[(now - START) / HOUR] ?? 0) : 0;
    if (come > 0) queue.push({ atSeconds: now, items: come });
    for (let due = starting[0]; due !== undefined && due.atSeconds <= now; due = starting[0]) {
      ready = Math.min(asked, ready + due.replicas);
      starting.shift();
    }
    let work = ready * RATE * TICK;
    while (work > 1e-9 && queue[0] !== undefined) {
      const done = Math.min(work, queue[0].items);
      queue[0].items -= done;
      work -= done;
      if (queue[0].items <= 1e-9) {
        longestWaitSeconds = Math.max(longestWaitSeconds, now + TICK - queue[0].atSeconds);
        queue.shift();
      }
    }
    grams += (asked * 0.02 * actual(now) * TICK) / HOUR;
    const carbon = forecast(now);
    const result = step(state, {
      timeSeconds: now, wake: "tick", epoch: 1, installs: [], outcomes: [], overrides: [],
      targets: {
        jobs: {
          demand: present(come / TICK, now), utilization: { kind: "absent", cause: "absent", detail: "" }, missRatio: { kind: "absent", cause: "absent", detail: "" },
          backlog: present(queue.reduce((sum, { items }) => sum + items, 0), now),
          workload: { kind: "value", timeSeconds: now, desiredReplicas: asked, readyReplicas: ready, pendingReplicas: asked - ready }, notices: [], offerings: [MACHINE],
          ...(carbon !== undefined && { carbon }),
        },
      },
    }, [policy]);
    state = result.nextState;
    for (const { code } of result.decisions[0]?.reasons ?? []) codes.add(code);
    const wanted = result.intents[0]?.desiredReplicas ?? asked;
    if (wanted > asked) starting.push({ atSeconds: now + LEAD, replicas: wanted - asked });
    if (wanted < asked && queue.length > 0) stops += 1;
    asked = wanted;
    ready = Math.min(ready, asked);
  }
  return { grams, longestWaitSeconds: queue.length > 0 ? Infinity : longestWaitSeconds, codes, stops };
}

/** Six replica-hours in the early morning, four more in the forenoon. */
const ARRIVALS = { 3: 6 * HOUR * RATE, 9: 4 * HOUR * RATE };
const DAY = { arrivals: ARRIVALS, hours: 30 };
const AT_ONCE: Policy = { ...DEFERRING, deferral: { deadlineSeconds: 12 * HOUR, carbonPricePerKgUsd: 0, changeoverSeconds: 5.9 * HOUR, interruptible: true } };

describe("a queue whose work may wait", () => {
  it("runs in the clean hours, within its deadline, and says why", () => {
    const deferred = live(DEFERRING, (now) => signal(now, actual), DAY);
    const atOnce = live(AT_ONCE, () => undefined, DAY);
    expect(deferred.longestWaitSeconds).toBeLessThanOrEqual(12 * HOUR);
    expect(atOnce.longestWaitSeconds).toBeLessThanOrEqual(12 * HOUR);
    expect(deferred.grams).toBeLessThan(0.65 * atOnce.grams);
    expect([...deferred.codes]).toEqual(expect.arrayContaining(["deferral-wait", "deferral-run", "deferral-idle"]));
  });

  it("keeps its deadline while the forecast promises clean hours that never come", () => {
    const liar: Forecast = (now) => signal(now, (timeSeconds) => (timeSeconds > now + 2 * HOUR ? 1 : 900));
    const lived = live(DEFERRING, liar, DAY);
    expect(lived.longestWaitSeconds).toBeLessThanOrEqual(12 * HOUR);
  });

  it("keeps its deadline while no forecast comes, or none that is a number", () => {
    expect(live(DEFERRING, () => undefined, DAY).longestWaitSeconds).toBeLessThanOrEqual(12 * HOUR);
    expect(live(DEFERRING, (now) => signal(now, () => NaN), DAY).longestWaitSeconds).toBeLessThanOrEqual(12 * HOUR);
  });

  it("keeps its deadline when the forecast fails on the way", () => {
    const failing: Forecast = (now) => (now < START + 6 * HOUR ? signal(now, (timeSeconds) => 900 - (timeSeconds - START) / HOUR * 20) : undefined);
    expect(live(DEFERRING, failing, DAY).longestWaitSeconds).toBeLessThanOrEqual(12 * HOUR);
  });

  it("goes on once it has begun where the policy says that work is not to be interrupted", () => {
    const zigzag: Forecast = (now) => signal(now, (timeSeconds) => (Math.floor(timeSeconds / HOUR) % 2 === 0 ? 50 : 600));
    const given = { arrivals: { 3: 40 * HOUR * RATE }, hours: 30 };
    const kept = live({ ...DEFERRING, deferral: { deadlineSeconds: 20 * HOUR, carbonPricePerKgUsd: 10, changeoverSeconds: 300, interruptible: false } }, zigzag, given);
    expect(kept.longestWaitSeconds).toBeLessThanOrEqual(20 * HOUR);
    expect(kept.stops).toBe(0);
    const stopping = live({ ...DEFERRING, deferral: { deadlineSeconds: 20 * HOUR, carbonPricePerKgUsd: 10, changeoverSeconds: 300, interruptible: true } }, zigzag, given);
    expect(stopping.stops).toBeGreaterThan(1);
    expect(stopping.grams).toBeLessThan(kept.grams);
  });

  it("has done all work in time whatever the forecast and the arrivals: forty days", () => {
    let seed = 7;
    const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    for (let day = 0; day < 40; day += 1) {
      const noise = Array.from({ length: 96 }, () => 20 + 800 * random());
      const gone = random() < 0.3 ? random() * 20 * HOUR : Infinity;
      const arrivals = Object.fromEntries(Array.from({ length: 4 }, () => [Math.floor(random() * 14), random() * 12 * HOUR * RATE]));
      const lived = live(DEFERRING, (now) => (now - START > gone ? undefined : signal(now, (timeSeconds) => noise[Math.floor((timeSeconds - START) / HOUR) % 96] ?? NaN)), { arrivals, hours: 30 });
      expect(lived.longestWaitSeconds, `day ${String(day)}`).toBeLessThanOrEqual(12 * HOUR);
    }
  });
});
