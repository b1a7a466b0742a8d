import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { openForecastDesk, type ForecastDesk } from "../../../src/app/forecasts/forecast-desk.ts";
import { Outlook, type OutlookOptions } from "../../../src/app/forecasts/outlook.ts";
import { openMemoryHistory } from "../../../src/history/memory-history.ts";
import type { EventSpec, Policy } from "../../../src/model/policy.ts";
import { policyOf } from "../../fixtures/policy.ts";
import { seeded } from "../../fixtures/seeded.ts";

const STEP = 300;
const DAY = 86_400;
/** A Monday, at midnight. */
const NOW = 1_700_438_400;

let folder: string;
let desk: ForecastDesk;
let now: number;
let store: ReturnType<typeof openMemoryHistory>;
const outlooks = new Map<string, Outlook>();
const failures: string[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "foretide-outlook-"));
  const opened = await openForecastDesk(folder, () => undefined);
  if (!opened.ok) throw new Error(opened.message);
  desk = opened.value;
  store = openMemoryHistory();
  now = NOW;
  outlooks.clear();
});
afterEach(async () => {
  expect(failures.splice(0)).toEqual([]);
  await desk.close();
  rmSync(folder, { recursive: true, force: true });
});

function policy(name: string, events?: readonly EventSpec[]): Policy {
  return policyOf({
    name, group: name,
    forecast: { enabled: true, stepSeconds: STEP, seasonsSeconds: [DAY, 7 * DAY], horizonSeconds: DAY, refitSeconds: 3_600, historySeconds: 28 * DAY, calendar: undefined },
    ...(events !== undefined && { events }),
  });
}

/** A load with a day and a week, a little noise, and what is added to it. */
function loads(scale: number, seed: number, change: (load: number, timeSeconds: number) => number = (load) => load): (timeSeconds: number) => number {
  const random = seeded(seed);
  return (timeSeconds) => {
    const day = 1 + 0.6 * Math.sin((2 * Math.PI * timeSeconds) / DAY) * (new Date(timeSeconds * 1000).getUTCDay() % 6 === 0 ? 0.4 : 1);
    return change(scale * day * (1 + 0.04 * (random() - 0.5)), timeSeconds);
  };
}

async function remember(name: string, days: number, load: (timeSeconds: number) => number): Promise<void> {
  const rows = (days * DAY) / STEP;
  const points = Array.from({ length: rows }, (_, row) => {
    const timeSeconds = NOW - (rows - row) * STEP;
    const mean = load(timeSeconds);
    return { timeSeconds, mean, min: mean, max: mean, count: 1, coverage: 1 };
  });
  await store.importPoints({ target: name, signal: "demand", stepSeconds: STEP }, points);
}

function outlookOf(of: Policy, readHistory: OutlookOptions["readHistory"] = (wanted, from, to) => store.read({ target: wanted.name, signal: "demand", stepSeconds: STEP }, from, to)): Outlook {
  const outlook = new Outlook(of, {
    fits: desk.fits, schedule: desk.schedule, marks: desk.marks, nowSeconds: () => now, readHistory,
    lenders: (to) => [...outlooks.values()].filter((one) => one.policy.name !== to.name && one.ownRows > (outlooks.get(to.name)?.ownRows ?? 0)),
    onFitFailed: (failed, reason) => { failures.push(`${failed.name}: ${reason}`); },
  });
  outlooks.set(of.name, outlook);
  return outlook;
}

async function fitted(outlook: Outlook): Promise<Outlook> {
  const before = outlook.fittedAtSeconds;
  outlook.refit("no-model");
  while (outlook.fittedAtSeconds === before) await wait(5);
  return outlook;
}

/** The median at a time ahead. */
function medianAt(outlook: Outlook, horizonSeconds: number): number {
  const { forecast } = outlook;
  if (forecast === undefined) return NaN;
  const distances = forecast.horizonsSeconds.map((horizon) => Math.abs(horizon - horizonSeconds));
  return forecast.quantiles[forecast.levels.indexOf(0.5)]?.[distances.indexOf(Math.min(...distances))] ?? NaN;
}

describe("what a fit of the outlook learns from", () => {
  it("is not an outage: found, marked with the reason, and learned from again once it is undone", async () => {
    const from = NOW - DAY + 10 * 3_600;
    const load = loads(1_000, 1, (value, time) => (time >= from && time < from + 6 * 3_600 ? 1 : value));
    await remember("web", 21, load);
    const outlook = await fitted(outlookOf(policy("web")));
    const [mark] = desk.marks.marks("web");
    expect(mark).toMatchObject({ kind: "outage", automatic: true, fromSeconds: from, toSeconds: from + 6 * 3_600 });
    expect(outlook.note).toContain("1 marked stretch is not learned from");
    const ordinary = loads(1_000, 2)(NOW + 13 * 3_600);
    const hidden = medianAt(outlook, 13 * 3_600);
    expect(Math.abs(hidden / ordinary - 1)).toBeLessThan(0.15);
    await desk.marks.undo(mark?.id ?? "");
    const undone = await fitted(outlookOf(policy("web")));
    expect(undone.note).not.toContain("marked");
    expect(undone.provenance?.digest).not.toBe(outlook.provenance?.digest);
    expect(desk.marks.marks("web")).toEqual([]);
  });

  it("is not what a person has marked, a deploy or a one-off day", async () => {
    const from = NOW - 2 * DAY + 9 * 3_600;
    await remember("web", 14, loads(1_000, 3, (value, time) => (time >= from && time < from + 8 * 3_600 ? 6 * value : value)));
    const plain = medianAt(await fitted(outlookOf(policy("web"))), 12 * 3_600);
    await desk.marks.add({ id: "m", target: "web", kind: "one-off", fromSeconds: from, toSeconds: from + 8 * 3_600, reason: "a film", author: "ada", createdAtSeconds: NOW, automatic: false });
    const marked = medianAt(await fitted(outlookOf(policy("web"))), 12 * 3_600);
    const truth = loads(1_000, 4)(NOW + 12 * 3_600);
    expect(Math.abs(marked / truth - 1)).toBeLessThan(0.1);
    expect(Math.abs(marked / truth - 1)).toBeLessThan(Math.abs(plain / truth - 1) + 0.01);
  });

  it("takes a saturated stretch for a lower bound", async () => {
    const isCapped = (time: number): boolean => Math.floor((NOW - time) / DAY) < 4;
    await remember("web", 21, loads(1_000, 5, (value, time) => (isCapped(time) ? Math.min(value, 1_100) : value)));
    const capped = medianAt(await fitted(outlookOf(policy("web"))), 6 * 3_600);
    const random = loads(1_000, 5);
    for (let time = NOW - 4 * DAY; time < NOW; time += STEP) if (random(time) > 1_100) desk.marks.found({ target: "web", kind: "saturated", fromSeconds: time, toSeconds: time + STEP, reason: "all replicas ran" }, NOW);
    const told = medianAt(await fitted(outlookOf(policy("web"))), 6 * 3_600);
    expect(told).toBeGreaterThan(1.05 * capped);
  });

  it("knows an event's uplift, the given one and the one that earlier events had", async () => {
    const event = (name: string, startSeconds: number, uplift?: number): EventSpec => ({ name, startSeconds, endSeconds: startSeconds + 4 * 3_600, minReplicas: undefined, maxReplicas: undefined, priority: 0, ...(uplift !== undefined && { uplift }) });
    const past = [NOW - 14 * DAY, NOW - 10 * DAY, NOW - 4 * DAY].map((day) => event("sale", day + 10 * 3_600));
    const load = loads(1_000, 6, (value, time) => (past.some(({ startSeconds, endSeconds }) => time >= startSeconds && time < endSeconds) ? 3 * value : value));
    await remember("web", 21, load);
    const at = 12 * 3_600;
    const ordinary = medianAt(await fitted(outlookOf(policy("web", past))), at);
    const learned = medianAt(await fitted(outlookOf(policy("web", [...past, event("sale", NOW + 10 * 3_600)]))), at);
    expect(learned / ordinary).toBeGreaterThan(1.8);
    const given = medianAt(await fitted(outlookOf(policy("web", [...past, event("launch", NOW + 10 * 3_600, 2.5)]))), at);
    expect(given / ordinary).toBeCloseTo(2.5, 1);
  });
});

describe("a target that is new", () => {
  it("borrows the past of the most alike one, says so, and gives it up when its own suffices", async () => {
    await remember("old", 28, loads(2_000, 7));
    await remember("flat", 28, (() => { const random = seeded(8); return () => 100 + 900 * random(); })());
    await remember("new", 0.5, loads(500, 9));
    await fitted(outlookOf(policy("old")));
    await fitted(outlookOf(policy("flat")));
    const young = await fitted(outlookOf(policy("new")));
    expect(young.note).toMatch(/144 rows of its own: \d+ rows before them are those of "old" times 0\.25/u);
    const truth = loads(500, 10);
    for (const hours of [3, 9, 15, 21]) expect(Math.abs(medianAt(young, hours * 3_600) / truth(NOW + hours * 3_600) - 1)).toBeLessThan(0.15);
    await remember("new", 28, loads(500, 9));
    const grown = await fitted(outlookOf(policy("new")));
    expect(grown.note).not.toContain("old");
    expect(grown.ownRows).toBe(28 * 288);
  });

  it("borrows also after a fit alone, whatever rhythm its few rows seemed to have", async () => {
    await remember("old", 28, loads(2_000, 7));
    const wave = (load: number, time: number): number => load * (1 + 0.1 * Math.sin((2 * Math.PI * time) / 1_200));
    await remember("new", 0.125, loads(500, 9, wave));
    const young = await fitted(outlookOf(policy("new")));
    expect(young.note).toContain("36 rows");
    expect(young.quality().seasonsSeconds).toEqual([DAY, 7 * DAY]);
    await fitted(outlookOf(policy("old")));
    now += 1;
    young.refit("asked");
    for (let attempt = 0; attempt < 2_000 && !young.note.includes("those of"); attempt += 1) await wait(5);
    expect(young.note).toContain('those of "old"');
  });

  it("borrows nothing where nobody is alike", async () => {
    await remember("flat", 28, (() => { const random = seeded(8); return () => 100 + 900 * random(); })());
    await remember("new", 0.5, loads(500, 9));
    await fitted(outlookOf(policy("flat")));
    expect((await fitted(outlookOf(policy("new")))).note).not.toContain("flat");
  });
});

describe("a season that the policy does not tell", () => {
  it("is found where it stands out, and scored against", async () => {
    await remember("web", 14, (time) => 1_000 * (1 + 0.7 * Math.sin((2 * Math.PI * time) / (5 * 3_600))));
    const outlook = await fitted(outlookOf(policy("web")));
    expect(outlook.quality().seasonsSeconds[0]).toBe(5 * 3_600);
    for (const hours of [1, 4, 7]) expect(Math.abs(medianAt(outlook, hours * 3_600) / (1_000 * (1 + 0.7 * Math.sin((2 * Math.PI * (NOW + hours * 3_600)) / (5 * 3_600)))) - 1)).toBeLessThan(0.12);
  });
});

describe("rows that come", () => {
  it("mature the forecasts, which keep their coverage over a restart of the daemon", async () => {
    const load = loads(1_000, 11);
    await remember("web", 21, load);
    const outlook = await fitted(outlookOf(policy("web")));
    for (let row = 1; row <= 3 * 288; row += 1) {
      now = NOW + row * STEP;
      outlook.observe({ value: load(now), endSeconds: now });
    }
    const scores = outlook.quality().horizons;
    expect(scores.map(({ horizonSeconds, matured }) => [horizonSeconds, matured > 500])).toEqual([[300, true], [900, true], [3_600, true], [86_400, true]]);
    for (const { coverage } of scores.slice(0, 3)) for (const { level, share } of coverage) expect(Math.abs(share - level)).toBeLessThan(level === 0.5 ? 0.08 : 0.05);
    expect(scores[0]?.overSeasonalNaive).toBeLessThan(1);
    await desk.saveScores({ web: outlook.saveScores() });
    const again = await openForecastDesk(folder, () => undefined);
    expect(again.ok && again.value.scores["web"]?.["300"]?.length).toBeGreaterThan(2);
    if (again.ok) await again.value.close();
  });

  it("that were half seen are gaps, marked as such, and teach nothing", async () => {
    await remember("web", 14, loads(1_000, 12));
    const outlook = await fitted(outlookOf(policy("web")));
    const expected = medianAt(outlook, STEP);
    for (let row = 1; row <= 6; row += 1) outlook.observe({ value: 20, endSeconds: NOW + row * STEP, coverage: 0.1 });
    expect(desk.marks.marks("web")).toMatchObject([{ kind: "scrape-gap", fromSeconds: NOW, toSeconds: NOW + 6 * STEP }]);
    expect(medianAt(outlook, STEP)).toBeGreaterThan(0.8 * expected);
    expect(outlook.quality().horizons[0]?.matured).toBe(0);
  });

  it("on a finer step are put together to rows of five minutes, a day ahead", async () => {
    const minutes = { ...policy("web"), forecast: { ...policy("web").forecast, stepSeconds: 60, horizonSeconds: 7_200 } };
    const load = loads(1_000, 13);
    const points = Array.from({ length: 14 * 1_440 }, (_, row) => ({ timeSeconds: NOW - (14 * 1_440 - row) * 60, mean: load(NOW - (14 * 1_440 - row) * 60), min: 0, max: 0, count: 1, coverage: 1 }));
    await store.importPoints({ target: "web", signal: "demand", stepSeconds: 60 }, points);
    const outlook = new Outlook(minutes, {
      fits: desk.fits, schedule: desk.schedule, marks: desk.marks, nowSeconds: () => now,
      readHistory: (wanted, from, to) => store.read({ target: wanted.name, signal: "demand", stepSeconds: 60 }, from, to),
      lenders: () => [], onFitFailed: (_, reason) => { failures.push(reason); },
    });
    await fitted(outlook);
    expect(outlook.forecast?.horizonsSeconds.at(0)).toBe(300);
    expect(outlook.forecast?.horizonsSeconds.at(-1)).toBe(86_400);
    for (let minute = 1; minute < 5; minute += 1) expect(outlook.observe({ value: 1_000, endSeconds: NOW + minute * 60 })).toBeUndefined();
    expect(outlook.observe({ value: 1_000, endSeconds: NOW + 300 })).toMatchObject({ absoluteError: expect.any(Number) as number });
    expect(outlook.forecast?.originSeconds).toBe(NOW);
  });

  it("that throw are told of, and the daemon goes on", () => {
    const outlook = outlookOf(policy("web"));
    vi.spyOn(desk.marks, "marks").mockImplementationOnce(() => { throw new Error("no book"); });
    expect(outlook.observe({ value: 1, endSeconds: NOW + STEP })).toBeUndefined();
    expect(failures.splice(0)).toEqual(["web: a row threw: this is a bug: Error: no book"]);
    expect(outlook.observe({ value: 1, endSeconds: NOW + 2 * STEP })).toBeUndefined();
  });

  it("a fit that throws is told of, and the daemon goes on", async () => {
    const outlook = outlookOf(policy("web"), () => Promise.reject(new Error("no such row")));
    outlook.refit("no-model");
    while (failures.length === 0) await wait(5);
    expect(failures.splice(0)).toEqual(["web: a fit threw: this is a bug: Error: no such row"]);
    expect(outlook.note).toContain("no such row");
    expect(outlook.forecast).toBeUndefined();
  });
});
