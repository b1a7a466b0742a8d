import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";

import { FitPool } from "../../../src/app/forecasts/fit-pool.ts";
import { FitSchedule, nextFitSeconds } from "../../../src/app/forecasts/fit-schedule.ts";
import { SliceQueue } from "../../../src/app/forecasts/slice-queue.ts";

const NAMES = Array.from({ length: 300 }, (_, index) => `service-${String(index)}`);

describe("when fits are due", () => {
  it("spreads three hundred targets over the hour: no minute has more than three times its share", () => {
    const minutes = new Map<number, number>();
    for (const name of NAMES) {
      const due = nextFitSeconds(name, 3_600, 1_700_000_000);
      expect(due).toBeGreaterThan(1_700_000_000);
      expect(due).toBeLessThanOrEqual(1_700_003_600);
      const minute = Math.floor((due % 3_600) / 60);
      minutes.set(minute, (minutes.get(minute) ?? 0) + 1);
    }
    expect(Math.max(...minutes.values())).toBeLessThanOrEqual(15);
    expect(minutes.size).toBeGreaterThan(50);
  });

  it("keeps each target at its minute", () => {
    const first = nextFitSeconds("web", 3_600, 1_700_000_000);
    expect(nextFitSeconds("web", 3_600, first)).toBe(first + 3_600);
    expect(nextFitSeconds("web", 3_600, first - 1)).toBe(first);
  });
});

describe("the turns of fits", () => {
  it("lets a few be under way, those without a model first, and each target wait once", async () => {
    const schedule = new FitSchedule(2);
    const order: string[] = [];
    let running = 0;
    let most = 0;
    const work = (name: string) => async (): Promise<void> => {
      order.push(name);
      most = Math.max(most, (running += 1));
      await wait(2);
      running -= 1;
    };
    for (const name of ["a", "b", "c", "d", "e"]) schedule.ask(name, "refit", work(name));
    schedule.ask("d", "refit", work("d again"));
    schedule.ask("e", "asked", work("e again"));
    schedule.ask("new", "no-model", work("new"));
    expect(schedule.waiting).toBe(4);
    while (schedule.waiting > 0 || running > 0) await wait(2);
    expect(order).toEqual(["a", "b", "new", "e again", "c", "d again"]);
    expect(most).toBe(2);
  });
});

describe("the threads that fit", () => {
  const values = Float64Array.from({ length: 600 }, (_, row) => 100 + 40 * Math.sin((2 * Math.PI * row) / 48));
  const job = { forecasterId: "auto", input: { series: { startSeconds: 0, stepSeconds: 300, values }, seasons: [48], horizon: 12, seed: 1 } };

  it("take control fits first, answer each, and refuse when the daemon stops", async () => {
    const pool = new FitPool({ threads: 1 });
    const order: string[] = [];
    const asked = [pool.fit(job, "outlook"), pool.fit(job, "outlook"), pool.fit({ ...job, forecasterId: "none" }, "control")];
    void asked[1]?.then(() => order.push("outlook"));
    void asked[2]?.then(() => order.push("control"));
    const answers = await Promise.all(asked);
    expect(answers.map(({ ok }) => ok)).toEqual([true, true, false]);
    expect(order).toEqual(["control", "outlook"]);
    const last = pool.fit(job);
    await pool.close();
    expect(await last).toMatchObject({ ok: false, reason: "the daemon is stopping" });
    expect((await pool.fit(job)).ok).toBe(false);
  });

  it("replace a thread that dies, and end one that has nothing to do", async () => {
    const pool = new FitPool({ threads: 1, idleSeconds: 0.05 });
    // A series that cannot be copied to a model: the thread throws.
    const broken = await pool.fit({ forecasterId: "auto", input: { ...job.input, series: null as never } });
    expect(broken).toMatchObject({ ok: false });
    expect((await pool.fit(job)).ok).toBe(true);
    await wait(150);
    expect((await pool.fit(job)).ok).toBe(true);
    await pool.close();
  });
});

describe("work in slices", () => {
  it("is done in order, and the event loop turns between slices", async () => {
    const slices = new SliceQueue();
    const done: number[] = [];
    for (let index = 0; index < 30; index += 1) slices.push(() => { const end = performance.now() + 1; while (performance.now() < end); done.push(index); });
    let turns = 0;
    while (slices.waiting > 0) {
      await wait(0);
      turns += 1;
    }
    expect(done).toEqual(Array.from({ length: 30 }, (_, index) => index));
    expect(turns).toBeGreaterThan(3);
  });
});
