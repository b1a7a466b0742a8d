import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as wait } from "node:timers/promises";
import { nextFitSeconds } from "../src/app/forecasts/fit-schedule.ts";
import { openForecastDesk, type ForecastDesk } from "../src/app/forecasts/forecast-desk.ts";
import { Outlook } from "../src/app/forecasts/outlook.ts";
import type { HistoryStore } from "../src/history/history-store.ts";
import { openSqliteHistory } from "../src/history/sqlite-history.ts";
import type { Policy } from "../src/model/policy.ts";
import type { Result } from "../src/model/result.ts";
import { policyOf } from "../test/fixtures/policy.ts";
import { seeded } from "../test/fixtures/seeded.ts";
import type { BenchRow } from "./bench-row.ts";

export const name = "fits";

const SERIES = 300;
const DAYS = 28;
const STEP = 300;
const NOW = 1_700_438_400;
/** The daemon's clock: it moves with the rows. */
let now = NOW;
/** Five-minute rows that come to all series at the same instant. */
const BURSTS = 24;

/** Three hundred targets in one process: the fits of a start, then rows that come to all at once. What the event loop waits meanwhile. */
export async function run(): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), "foretide-fits-"));
  const history = unwrap(await openSqliteHistory(join(folder, "history.sqlite")));
  const desk = unwrap(await openForecastDesk(folder, () => undefined));
  try {
    const policies = Array.from({ length: SERIES }, (_, index) => policy(`service-${String(index)}`));
    for (const [index, one] of policies.entries()) await remember(history, one, index);
    const outlooks = policies.map((one) => outlookOf(one, desk, history));
    return [...(await start(outlooks, desk)), ...(await rows(outlooks, desk)), busiestMinute(policies)];
  } finally {
    await desk.close();
    await history.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function start(outlooks: readonly Outlook[], desk: ForecastDesk): Promise<BenchRow[]> {
  const cpu = process.cpuUsage();
  const main = process.threadCpuUsage();
  const startedAt = performance.now();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  for (const outlook of outlooks) outlook.refit("no-model");
  while (outlooks.some(({ fittedAtSeconds }) => fittedAtSeconds === undefined)) await wait(20);
  delay.disable();
  const seconds = (performance.now() - startedAt) / 1_000;
  return [
    { what: `start: ${String(SERIES)} series of ${String(DAYS)} days fitted on ${String(desk.fits.threads)} thread(s)`, value: seconds, unit: "s" },
    { what: "start: CPU of a fit, its history's reading and its installation included", value: cpuSeconds(cpu) * 1_000 / SERIES, unit: "ms" },
    { what: "start: of that on the main thread", value: threadSeconds(main) * 1_000 / SERIES, unit: "ms" },
    { what: "start: event-loop delay, p99", value: delay.percentile(99) / 1e6, unit: "ms", goal: { atMost: 20 } },
    { what: "start: event-loop delay, longest", value: delay.max / 1e6, unit: "ms" },
  ];
}

/** Bursts in slices, as the daemon does them, and for comparison all in one turn. */
async function rows(outlooks: readonly Outlook[], desk: ForecastDesk): Promise<BenchRow[]> {
  const load = seeded(3);
  const burst = async (row: number, push: (work: () => void) => void): Promise<void> => {
    now = NOW + row * STEP;
    for (const outlook of outlooks) push(() => { outlook.observe({ value: 800 + 100 * load(), endSeconds: now }); });
    while (desk.slices.waiting > 0) await wait(1);
    await wait(20);
  };
  const measured = async (from: number, push: (work: () => void) => void): Promise<{ p99: number; longest: number; cpu: number }> => {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    const cpu = process.threadCpuUsage();
    delay.enable();
    for (let row = from; row < from + BURSTS / 2; row += 1) await burst(row, push);
    delay.disable();
    return { p99: delay.percentile(99) / 1e6, longest: delay.max / 1e6, cpu: threadSeconds(cpu) * 1_000 / (SERIES * BURSTS / 2) };
  };
  const sliced = await measured(1, (work) => { desk.slices.push(work); });
  const atOnce = await measured(1 + BURSTS / 2, (work) => { work(); });
  return [
    { what: `a row to all ${String(SERIES)} at once, in slices: event-loop delay, p99`, value: sliced.p99, unit: "ms", goal: { atMost: 20 } },
    { what: "the same: longest", value: sliced.longest, unit: "ms" },
    { what: "the same, for comparison without slices: longest", value: atOnce.longest, unit: "ms" },
    { what: "a row: update, scores and the next forecasts, main thread", value: sliced.cpu, unit: "CPU ms a series" },
  ];
}

function busiestMinute(policies: readonly Policy[]): BenchRow {
  const minutes = Map.groupBy(policies, ({ name: target }) => Math.floor(nextFitSeconds(target, 3_600, NOW) / 60));
  return { what: `refits in the hour's busiest minute, of ${String(SERIES)}`, value: Math.max(...[...minutes.values()].map((due) => due.length)), unit: "fits", goal: { atMost: 15 } };
}

function policy(target: string): Policy {
  return policyOf({ name: target, group: target, forecast: { enabled: true, stepSeconds: STEP, seasonsSeconds: [86_400, 604_800], horizonSeconds: 86_400, refitSeconds: 3_600, historySeconds: DAYS * 86_400, calendar: undefined } });
}

function outlookOf(of: Policy, desk: ForecastDesk, history: HistoryStore): Outlook {
  return new Outlook(of, {
    fits: desk.fits, schedule: desk.schedule, marks: desk.marks, nowSeconds: () => now, lenders: () => [],
    readHistory: (wanted, from, to) => history.read({ target: wanted.name, signal: "demand", stepSeconds: STEP }, from, to),
    onFitFailed: (failed, reason) => { throw new Error(`${failed.name}: ${reason}`); },
  });
}

async function remember(history: HistoryStore, of: Policy, seed: number): Promise<void> {
  const random = seeded(seed);
  const count = (DAYS * 86_400) / STEP;
  const points = Array.from({ length: count }, (_, row) => {
    const timeSeconds = NOW - (count - row) * STEP;
    const mean = (500 + seed) * (1 + 0.6 * Math.sin((2 * Math.PI * timeSeconds) / 86_400 + seed)) * (0.95 + 0.1 * random());
    return { timeSeconds, mean, min: mean, max: mean, count: 1, coverage: 1 };
  });
  unwrap(await history.importPoints({ target: of.name, signal: "demand", stepSeconds: STEP }, points));
}

function cpuSeconds(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function threadSeconds(before: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1e6;
}

function unwrap<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.message);
  return result.value;
}
