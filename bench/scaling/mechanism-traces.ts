import { seededNormal, seededRandom } from "../../src/replay/random.ts";
import { betweenMinutes, bursts, DAY_STEPS, dayShape, flashCrowds, isWeekend, jitter, made } from "./made-load.ts";
import type { UnseenTrace } from "./made-load.ts";

/**
 * Two halves of the same kinds of load, with other grids, strengths and seeds: a mechanism of the planner may be looked for on the first;
 * the second is scored once it stands, and nothing is changed for it.
 */
export function lookedAtTraces(): readonly UnseenTrace[] {
  return [
    made("look: bursts every 20 min", { shape: bursts({ everyMinutes: 20, factor: 2.2, minutes: 1 }) }),
    made("look: bursts every 2 h", { shape: bursts({ everyMinutes: 120, factor: 5, minutes: 2 }) }),
    made("look: bursts 6 times a day", { shape: bursts({ everyMinutes: 30, factor: 2.8, minutes: 2, hours: [2, 9, 14] }) }),
    made("look: minute jitter 20 %", { shape: jitter(0.2, 41) }),
    made("look: jitter that lasts", { shape: lastingJitter(0.12, 0.8, 42) }),
    made("look: flash crowds, many and small", { shape: flashCrowds(43, 2) }),
    made("look: a batch at night", { shape: batch([{ atMinute: 120, minutes: 40, factor: 2.2 }]) }),
    made("look: busy weekends", { shape: (i) => (isWeekend(i) ? 3 : 1) }),
    made("look: steps every three days", { shape: levels(44, 3, 0.4) }),
    made("look: growing 15 % a week", { shape: (i) => 1.15 ** (i / (7 * DAY_STEPS)) }),
    made("look: doubles within ten minutes at nine", { day: officeHours({ from: 9, to: 17, rampMinutes: 10, factor: 2 }) }),
    made("look: small, three replicas with jitter", { peak: 3, shape: jitter(0.1, 45) }),
    made("look: short outages upstream", { shape: outages(46, 0.3, 0.1) }),
  ];
}

export function heldOutTraces(): readonly UnseenTrace[] {
  return [
    made("held out: bursts every 10 min", { shape: bursts({ everyMinutes: 10, factor: 1.6, minutes: 1 }) }),
    made("held out: bursts every 3 h", { shape: bursts({ everyMinutes: 180, factor: 4, minutes: 1 }) }),
    made("held out: bursts 17 times a day", { shape: bursts({ everyMinutes: 60, factor: 3, minutes: 2, hours: [0, 1, 2, 4, 5, 7, 8, 10, 11, 12, 14, 15, 17, 18, 20, 22, 23] }) }),
    made("held out: minute jitter 15 %", { shape: jitter(0.15, 61) }),
    made("held out: minute jitter 25 %", { shape: jitter(0.25, 67) }),
    made("held out: jitter that lasts", { shape: lastingJitter(0.08, 0.9, 62) }),
    made("held out: flash crowds, few and large", { shape: flashCrowds(63, 0.35) }),
    made("held out: batches at noon and midnight", { shape: batch([{ atMinute: 5, minutes: 15, factor: 3 }, { atMinute: 735, minutes: 25, factor: 1.8 }]) }),
    made("held out: quiet weekends, steep days", { day: officeHours({ from: 8, to: 19, rampMinutes: 30, factor: 3 }), shape: (i) => (isWeekend(i) ? 0.3 : 1) }),
    made("held out: steps every day", { shape: levels(64, 1, 0.25) }),
    made("held out: shrinking 10 % a week", { shape: (i) => 0.9 ** (i / (7 * DAY_STEPS)) }),
    made("held out: triples within five minutes at six", { day: officeHours({ from: 18, to: 23, rampMinutes: 5, factor: 3 }) }),
    made("held out: small, eight replicas with bursts", { peak: 8, shape: bursts({ everyMinutes: 45, factor: 2, minutes: 2 }) }),
    made("held out: outages upstream with a surge after", { shape: outages(66, 0.2, 0.3, 1.5) }),
  ];
}

/** Jitter whose factor goes on from minute to minute (first-order autoregression of its logarithm). */
function lastingJitter(sigma: number, lasts: number, seed: number): (i: number) => number {
  const normal = seededNormal(seed);
  const logs: number[] = [];
  return betweenMinutes((minute) => Math.exp((logs[minute] ??= lasts * (logs[minute - 1] ?? 0) + sigma * Math.sqrt(1 - lasts ** 2) * normal())));
}

/** Work that is started by the clock once a day: so many times the load within two minutes, for so many minutes. */
function batch(jobs: readonly { readonly atMinute: number; readonly minutes: number; readonly factor: number }[]): (i: number) => number {
  return betweenMinutes((minute) => jobs.reduce((factor, job) => (minute % 1440 >= job.atMinute && minute % 1440 < job.atMinute + job.minutes ? job.factor : factor), 1));
}

/** A level that changes at random every so many days: a lognormal factor. */
function levels(seed: number, everyDays: number, sigma: number): (i: number) => number {
  const normal = seededNormal(seed);
  const factors: number[] = [];
  return betweenMinutes((minute) => (factors[Math.floor((minute + 400) / (1440 * everyDays))] ??= Math.exp(sigma * normal())));
}

/** A day that rises and falls at two hours, in a straight line. */
function officeHours(hours: { readonly from: number; readonly to: number; readonly rampMinutes: number; readonly factor: number }): (i: number) => number {
  return (i) => {
    const minute = (i % DAY_STEPS) / 4;
    const up = (minute - hours.from * 60) / hours.rampMinutes;
    const down = (hours.to * 60 - minute) / hours.rampMinutes;
    return dayShape(i) * (1 + (hours.factor - 1) * Math.max(0, Math.min(1, up, down)));
  };
}

/** `perDay` falls a day at random, to a share of the load for 10 to 30 minutes; after each, `surge` times the load for five. */
function outages(seed: number, perDay: number, share: number, surge = 1): (i: number) => number {
  const random = seededRandom(seed);
  let until = -Infinity;
  return betweenMinutes(byMinute((minute) => {
    if (minute >= until + 5 && random() < perDay / 1440) until = minute + 10 + 20 * random();
    return minute < until ? share : minute < until + 5 ? surge : 1;
  }));
}

/** Each minute is asked for once, in order, and remembered. */
function byMinute(valueOf: (minute: number) => number): (minute: number) => number {
  const known: number[] = [];
  return (minute) => {
    while (known.length <= minute) known.push(valueOf(known.length));
    return known[minute] ?? 1;
  };
}
