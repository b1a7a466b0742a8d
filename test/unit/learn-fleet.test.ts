import { describe, expect, it } from "vitest";

import { learnBreakingPoint, mostPerReplica, NOTHING_CARRIED } from "../../src/learn/breaking-point.ts";
import { servedSince, watchQueue } from "../../src/learn/drain-watch.ts";
import type { DrainWatch } from "../../src/learn/drain-watch.ts";
import { watchIdle } from "../../src/learn/idle-watch.ts";
import { failedStartShare, NO_STARTS, watchOpenStarts } from "../../src/learn/start-watch.ts";
import type { StartSample, StartWatch } from "../../src/learn/start-watch.ts";
import { NONE_STARTED, watchStarts, youngestLevel } from "../../src/learn/started-replicas.ts";
import { watchSurprise, widening } from "../../src/learn/surprise.ts";
import { learnWarmUp, NO_WARM_UP, warmUpSeconds } from "../../src/learn/warm-up.ts";
import { drainRates } from "../../src/plan/drain-rate.ts";
import { needCarriedBy, redundant, wholeZones } from "../../src/plan/redundancy.ts";

describe("the breaking point of a replica", () => {
  const sample = (perReplica: number, missRatio: number) => ({ perReplica, missRatio, errorBudget: 0.001, seconds: 15 });

  it("is the most that was carried without misses, and a quarter more may be asked", () => {
    const seen = [40, 70, 55].reduce((state, load) => learnBreakingPoint(state, sample(load, 0.0005)), NOTHING_CARRIED);
    expect(mostPerReplica(seen)).toBeCloseTo(1.25 * 70, 1);
    expect(mostPerReplica(NOTHING_CARRIED)).toBe(Infinity);
  });

  it("falls to where the objective was missed by far: a deploy may carry less", () => {
    const good = learnBreakingPoint(NOTHING_CARRIED, sample(90, 0));
    expect(mostPerReplica(learnBreakingPoint(good, sample(60, 0.1)))).toBeCloseTo(75, 1);
    expect(mostPerReplica(learnBreakingPoint(good, sample(60, 0.01)))).toBeCloseTo(112.5, 1);
  });

  it("forgets in weeks, and learns nothing from what is not known", () => {
    const good = learnBreakingPoint(NOTHING_CARRIED, sample(90, 0));
    expect(learnBreakingPoint(good, { ...sample(10, 0), seconds: 14 * 86_400 }).carriedPerReplica).toBeCloseTo(90 / Math.E, 1);
    expect(learnBreakingPoint(good, sample(NaN, 0))).toBe(good);
    expect(learnBreakingPoint(good, sample(200, NaN))).toBe(good);
  });
});

describe("starts", () => {
  const sample = (fields: Partial<StartSample>): StartSample => ({
    timeSeconds: 0, readyReplicas: 10, pendingReplicas: 0, lastReadyReplicas: 10, lastTotalReplicas: 10, askedReplicas: 10, orderedAtSeconds: 0, leadTimeSeconds: 60, ...fields,
  });
  const ordered = watchOpenStarts(NO_STARTS, sample({ timeSeconds: 15, pendingReplicas: 5, askedReplicas: 15 }));
  const wait = (state: StartWatch, timeSeconds: number): StartWatch => watchOpenStarts(state, sample({ timeSeconds, pendingReplicas: 5, lastTotalReplicas: 15, askedReplicas: 15 }));

  it("that take three lead times and a minute are given up, not before", () => {
    expect(wait(ordered, 240)).toMatchObject({ stuck: 0, failed: 0 });
    expect(wait(ordered, 241)).toMatchObject({ stuck: 5, failed: 5, open: [] });
  });

  it("that are slow have succeeded once they are ready", () => {
    const slow = watchOpenStarts(wait(ordered, 200), sample({ timeSeconds: 215, readyReplicas: 15, lastTotalReplicas: 15, askedReplicas: 15 }));
    expect(slow).toMatchObject({ succeeded: 5, failed: 0, stuck: 0, open: [] });
  });

  it("that vanish unasked have failed at once", () => {
    const gone = watchOpenStarts(ordered, sample({ timeSeconds: 45, pendingReplicas: 3, lastTotalReplicas: 15, askedReplicas: 15 }));
    expect(gone).toMatchObject({ failed: 2, stuck: 0 });
    expect(gone.open).toEqual([{ orderedAtSeconds: 0, count: 3 }]);
  });

  it("that were taken back by a scale-in are neither", () => {
    const back = watchOpenStarts(ordered, sample({ timeSeconds: 45, pendingReplicas: 3, lastTotalReplicas: 15, askedReplicas: 13 }));
    expect(back).toMatchObject({ failed: 0, succeeded: 0 });
  });

  it("are planned with by the share that fails, once five have ended", () => {
    expect(failedStartShare({ ...NO_STARTS, succeeded: 3, failed: 1 })).toBe(0);
    expect(failedStartShare({ ...NO_STARTS, succeeded: 8, failed: 2 })).toBeCloseTo(0.2);
    expect(failedStartShare({ ...NO_STARTS, succeeded: 0, failed: 9 })).toBe(0.5);
  });

  it("leave nothing behind where replicas are there and ready at once", () => {
    expect(watchOpenStarts(NO_STARTS, sample({ readyReplicas: 14, askedReplicas: 14 })).open).toEqual([]);
  });
});

describe("replicas that started lately", () => {
  const see = (readings: readonly (readonly [number, number])[]) =>
    readings.reduce((known, [timeSeconds, readyReplicas]) => ({ state: watchStarts(known.state, { timeSeconds, readyReplicas, lastReadyReplicas: known.last, keepSeconds: 600 }), last: readyReplicas }), { state: NONE_STARTED, last: 10 }).state;

  it("hold the count that they brought the fleet to, for their time", () => {
    const state = see([[0, 14], [300, 16]]);
    expect(youngestLevel(state, 301, 600)).toBe(16);
    expect(youngestLevel(state, 599, 600)).toBe(16);
    expect(youngestLevel(state, 900, 600)).toBe(0);
    expect(youngestLevel(state, 650, 350)).toBe(0);
  });

  it("go with a fall of the ready count, the newest first", () => {
    const state = see([[0, 14], [300, 16], [330, 13]]);
    expect(state.batches).toEqual([{ timeSeconds: 0, count: 3, level: 13 }]);
  });
});

describe("warm-up", () => {
  /** A fleet of ten with five fresh ones that carry `cold` of their capacity for `seconds`. */
  function rise(cold: number, seconds: number): number {
    let warmUp = NO_WARM_UP;
    for (let rises = 0; rises < 10; rises += 1) {
      const start = rises * 10_000;
      const started = { batches: [{ timeSeconds: start, count: 5, level: 10 }] };
      for (let age = 0; age < 600; age += 15) {
        const fleetShare = age < seconds ? (5 + 5 * cold) / 10 : 1;
        warmUp = learnWarmUp(warmUp, { started, timeSeconds: start + age, readyReplicas: 10, fleetShare, leastAgeSeconds: 75 });
      }
    }
    return warmUpSeconds(warmUp);
  }

  it("is learned from how much less a fleet carries while some of it is fresh", () => {
    expect(rise(0.4, 240)).toBe(240);
    expect(rise(0.6, 150)).toBe(150);
  });

  it("is none where the fresh carry as much, or nothing could be seen", () => {
    expect(rise(1, 240)).toBe(0);
    expect(rise(0.95, 240)).toBe(0);
    expect(warmUpSeconds(NO_WARM_UP)).toBe(0);
  });
});

describe("a surprise", () => {
  const sample = (load: number, timeSeconds = 0) => ({ load, expected: 100, scale: 0.05, timeSeconds, leadTimeSeconds: 120 });

  it("begins five scales above what was expected, and goes back in a straight line over the lead time", () => {
    expect(watchSurprise(undefined, sample(125))).toBeUndefined();
    const surprise = watchSurprise(undefined, sample(100 * Math.exp(0.5)));
    expect(widening(surprise, 0)).toBeCloseTo(2);
    expect(widening(surprise, 60)).toBeCloseTo(1.5);
    expect(widening(surprise, 120)).toBe(1);
  });

  it("is no fall, nothing unknown, and at most three times as wide", () => {
    expect(watchSurprise(undefined, sample(10))).toBeUndefined();
    expect(watchSurprise(undefined, sample(NaN))).toBeUndefined();
    expect(watchSurprise(undefined, { ...sample(500), expected: NaN })).toBeUndefined();
    expect(widening(watchSurprise(undefined, sample(1e6)), 0)).toBe(3);
  });

  it("gives way to a larger one alone", () => {
    const large = watchSurprise(undefined, sample(100 * Math.exp(0.6)));
    expect(watchSurprise(large, sample(100 * Math.exp(0.3), 15))).toBe(large);
    expect(watchSurprise(large, sample(100 * Math.exp(0.7), 15))?.sinceSeconds).toBe(15);
  });
});

describe("a queue", () => {
  const run = (samples: readonly (readonly [number, number])[], arrivalsPerSecond: number): DrainWatch | undefined =>
    samples.reduce<DrainWatch | undefined>((state, [timeSeconds, backlog]) => watchQueue(state, { timeSeconds, backlog, arrivalsPerSecond }), undefined);

  it("counts from when its oldest part began to wait, and anew once that is worked off", () => {
    expect(run([[0, 1000], [60, 900]], 10)).toMatchObject({ sinceSeconds: 0, dueItems: 300 });
    expect(run([[0, 1000], [60, 900], [120, 800]], 10)).toMatchObject({ sinceSeconds: 120, dueItems: 800 });
    expect(run([[0, 1000], [10, 990]], 10)).toMatchObject({ sinceSeconds: 0, dueItems: 890 });
  });

  it("knows what was served", () => {
    const before = run([[0, 1000]], 10);
    expect(before === undefined ? undefined : servedSince(before, { timeSeconds: 10, backlog: 990, arrivalsPerSecond: 10 })).toBe(110);
  });

  it("keeps what it knew while the backlog is unknown or not newer", () => {
    const before = run([[0, 1000]], 10);
    expect(watchQueue(before, { timeSeconds: 10, backlog: NaN, arrivalsPerSecond: 10 })).toBe(before);
    expect(watchQueue(before, { timeSeconds: 0, backlog: 5, arrivalsPerSecond: 10 })).toBe(before);
  });

  it("needs the backlog over the time that is left, after what is worked off by the lead time", () => {
    const request = { backlog: 6000, dueItems: 6000, dueSeconds: 600, drainSeconds: 600, nowSeconds: 0, leadTimeSeconds: 100, arrivalsPerSecond: 50, capacityPerSecond: 50, leastSeconds: 60 };
    expect(drainRates(request)).toEqual({ nowPerSecond: 10, atLeadPerSecond: 1000 / 500 + 5000 / 600 });
    expect(drainRates({ ...request, capacityPerSecond: 0 }).atLeadPerSecond).toBeCloseTo(6000 / 500 + 5000 / 600);
    expect(drainRates({ ...request, nowSeconds: 700 }).nowPerSecond).toBe(100);
  });
});

describe("idleness", () => {
  it("begins with the first known zero of all loads, and ends with anything else", () => {
    expect(watchIdle(undefined, [0, 0], 50)).toBe(50);
    expect(watchIdle(50, [0, 0], 65)).toBe(50);
    expect(watchIdle(50, [0, undefined], 65)).toBeUndefined();
    expect(watchIdle(50, [0.1, 0], 65)).toBeUndefined();
    expect(watchIdle(undefined, [], 65)).toBeUndefined();
  });
});

describe("redundancy", () => {
  it("meets the need with one zone of equal zones gone, and with the spare replicas gone", () => {
    for (let need = 0; need <= 200; need += 1) {
      for (const zones of [1, 2, 3, 5]) {
        for (const spareReplicas of [0, 1, 2]) {
          const count = wholeZones(Math.ceil(redundant(need, { spareReplicas, zones }) - 1e-9), zones);
          expect(count - (zones > 1 ? count / zones : 0)).toBeGreaterThanOrEqual(need);
          if (need > 0) expect(count - spareReplicas).toBeGreaterThanOrEqual(need);
          expect(needCarriedBy(count, { spareReplicas, zones }) + 1e-9).toBeGreaterThanOrEqual(need);
          expect(count).toBeLessThan(Math.max(need + spareReplicas, zones > 1 ? (need * zones) / (zones - 1) : need) + zones + 1);
        }
      }
    }
  });
});
