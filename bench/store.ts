import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { HistoryPoint, SignalKey } from "../src/history/history-store.ts";
import { openSqliteHistory } from "../src/history/sqlite-history.ts";
import type { Journal, JournalPass } from "../src/journal/journal.ts";
import { openSegmentJournal } from "../src/journal/segment-journal.ts";
import type { Result } from "../src/model/result.ts";
import { outcomeOf, passAt, T0 } from "../test/fixtures/journal-values.ts";
import type { BenchRow } from "./bench-row.ts";

export const name = "store";

const SERIES = 1_000;
const MINUTES = 360;
const FORTNIGHT_MINUTES = 14 * 1_440;
const DECISIONS = 100_000;
/** One target a group, as in a sidecar; a group a policy. */
const GROUPS = 20;

export async function run(): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), "foretide-bench-"));
  try {
    return [...(await benchHistory(folder)), ...(await benchJournal(join(folder, "journal")))];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function benchHistory(folder: string): Promise<BenchRow[]> {
  const path = join(folder, "history.sqlite");
  const history = unwrap(await openSqliteHistory(path));
  const keys = Array.from({ length: SERIES }, (_, i): SignalKey => ({ target: `service-${String(i)}`, signal: "demand", stepSeconds: 60 }));
  const cpu = stopwatch();
  for (let minute = 0; minute < MINUTES; minute++) {
    for (const result of await Promise.all(keys.map((key, i) => history.append(key, [pointAt(minute, i)])))) unwrap(result);
  }
  const insert = cpu();
  const key = { ...(keys[0] as SignalKey), target: "fortnight" };
  unwrap(await history.importPoints(key, Array.from({ length: FORTNIGHT_MINUTES }, (_, minute) => pointAt(minute, 1))));
  const readCpu = stopwatch();
  const reads = 200;
  for (let i = 0; i < reads; i++) unwrap(await history.read(key, 0, FORTNIGHT_MINUTES * 60));
  const read = readCpu();
  await history.close();
  const points = SERIES * MINUTES;
  return [
    { what: "history: points appended, 1,000 series a synced commit", value: points / insert.cpuSeconds, unit: "points per core-second", note: "with min, max, count, coverage and the hourly rhythm" },
    { what: "history: a synced commit of 1,000 series", value: (insert.wallSeconds / MINUTES) * 1_000, unit: "ms" },
    { what: "history: read 14 days of minutes", value: (read.cpuSeconds / reads) * 1_000, unit: "CPU ms" },
    { what: "history: bytes on disk", value: statSync(path).size / (points + FORTNIGHT_MINUTES), unit: "bytes per point", note: "free pages of the write-ahead records included" },
    { what: "for comparison, a row a point in SQLite: read 14 days of minutes", value: rowPerPointReadMs(join(folder, "rows.db")), unit: "CPU ms" },
  ];
}

function rowPerPointReadMs(path: string): number {
  const database = new DatabaseSync(path);
  database.exec("CREATE TABLE point (signal INTEGER, time INTEGER, mean REAL, min REAL, max REAL, count INTEGER, coverage REAL, PRIMARY KEY (signal, time)) WITHOUT ROWID; BEGIN");
  const insert = database.prepare("INSERT INTO point VALUES (1, ?, ?, ?, ?, ?, ?)");
  for (let minute = 0; minute < FORTNIGHT_MINUTES; minute++) {
    const { timeSeconds, mean, min, max, count, coverage } = pointAt(minute, 1);
    insert.run(timeSeconds, mean, min, max, count, coverage);
  }
  database.exec("COMMIT");
  const select = database.prepare("SELECT time, mean FROM point WHERE signal = 1 AND time >= ? AND time < ?");
  const cpu = stopwatch();
  for (let i = 0; i < 10; i++) if (select.all(0, FORTNIGHT_MINUTES * 60).length !== FORTNIGHT_MINUTES) throw new Error("rows are missing");
  const readMs = cpu().cpuSeconds * 100;
  database.close();
  return readMs;
}

function pointAt(minute: number, series: number): HistoryPoint {
  const mean = 500 + 300 * Math.sin(minute / 229 + series) + ((minute * 7_919 + series * 104_729) % 97);
  return { timeSeconds: minute * 60, mean, min: mean * 0.9, max: mean * 1.1, count: 4, coverage: 1 };
}

async function benchJournal(folder: string): Promise<BenchRow[]> {
  const journal = unwrap(await openSegmentJournal(folder));
  const append = await fill(journal);
  const bytes = readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
  const openWatch = stopwatch();
  const opened = unwrap(await openSegmentJournal(folder));
  const open = openWatch();
  const explain = await percentile(200, (i) => opened.decision(`service-${String(i % GROUPS)}@${String(T0 + ((i * 2_477) % (DECISIONS / GROUPS)) * 15)}`));
  const page = await percentile(400, (i) => opened.decisions({ limit: 50, ...(i % 2 === 0 ? {} : { target: `service-${String(i % GROUPS)}` }) }));
  const rare = await percentile(50, (i) => opened.decisions({ limit: 50, kind: "scale-out", target: `service-${String(i % GROUPS)}` }));
  const walkWatch = stopwatch();
  let decisions = 0;
  for await (const record of opened.read(1)) if (record.type === "pass") decisions += record.pass.decisions.length;
  const walk = walkWatch();
  if (decisions !== DECISIONS) throw new Error(`read ${String(decisions)} decisions`);
  await opened.close();
  return [
    { what: "journal: decisions appended, 20 passes a synced commit", value: DECISIONS / append.cpuSeconds, unit: "decisions per core-second" },
    { what: "journal: bytes on disk", value: bytes / DECISIONS, unit: "bytes per decision" },
    { what: "journal: open with 100,000 decisions", value: open.wallSeconds * 1_000, unit: "ms", goal: { atMost: 2_000 } },
    { what: "journal: read 100,000 decisions in order", value: walk.cpuSeconds, unit: "CPU s", goal: { atMost: 5 } },
    { what: "journal: one decision with its inputs, p99", value: explain, unit: "CPU ms", goal: { atMost: 200 } },
    { what: "journal: page of the newest 50, p99", value: page, unit: "CPU ms", goal: { atMost: 20 } },
    { what: "journal: page of 50 scale-outs of one target, p99", value: rare, unit: "CPU ms", goal: { atMost: 200 } },
  ];
}

/** Ticks of all groups, each with an intent now and then, its outcome a tick later, and a forecast every minute. */
async function fill(journal: Journal): Promise<Spent> {
  const passes = Array.from({ length: DECISIONS / GROUPS }, (_, tick) => Array.from({ length: GROUPS }, (_, i) =>
    withFit(passAt({ tick, group: `g${String(i)}`, targets: [`service-${String(i)}`], intents: tick % 40 === 39, forecast: tick % 4 === 0 }), tick)));
  const cpu = stopwatch();
  for (const tick of passes) {
    for (const result of await Promise.all(tick.map((pass) => journal.appendPass(pass)))) unwrap(result);
    const outcomes = tick.flatMap((pass) => pass.intents.map((intent) => journal.appendOutcome(outcomeOf(intent))));
    for (const result of await Promise.all(outcomes)) unwrap(result);
  }
  await journal.close();
  return cpu();
}

/** As the step writes them: each decision tells the newest row of its fit, a new one each hour, and for half an hour of the day why the fit is not used. */
function withFit(pass: JournalPass, tick: number): JournalPass {
  const seconds = tick * 15;
  const told = { fittedToSeconds: T0 + Math.floor(seconds / 3_600) * 3_600, ...(seconds % 86_400 < 1_800 && { demotion: { sinceSeconds: T0, reason: "the fit's squared error of the last day was 1.42 times that of the newest load, held: that one is used until the fit wins again" } }) };
  return { ...pass, decisions: pass.decisions.map((decision) => (decision.forecast === undefined ? decision : { ...decision, forecast: { ...decision.forecast, ...told } })) };
}

interface Spent {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
}

function stopwatch(): () => Spent {
  const before = process.cpuUsage();
  const start = performance.now();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { cpuSeconds: (user + system) / 1e6, wallSeconds: (performance.now() - start) / 1_000 };
  };
}

/** The 99th percentile of a call's CPU time on all threads, in milliseconds: on a shared machine wall time measures the neighbours. */
async function percentile(calls: number, call: (index: number) => Promise<Result<unknown>>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < calls; i++) {
    const cpu = stopwatch();
    unwrap(await call(i));
    times.push(cpu().cpuSeconds * 1_000);
  }
  times.sort((a, b) => a - b);
  return times[Math.ceil(calls * 0.99) - 1] ?? NaN;
}

function unwrap<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.message);
  return result.value;
}
