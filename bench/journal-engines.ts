import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { JournalPass } from "../src/journal/journal.ts";
import { openSegmentJournal } from "../src/journal/segment-journal.ts";
import { passAt } from "../test/fixtures/journal-values.ts";
import type { BenchRow } from "./bench-row.ts";

/** What decided between a database and files of our own for the journal (docs/decisions/0402): the same passes into both. */
export const name = "journal-engines";

const TICKS = 1_500;
const GROUPS = 20;

export async function run(): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), "foretide-engines-"));
  const ticks = Array.from({ length: TICKS }, (_, tick) => Array.from({ length: GROUPS }, (_, i) => passAt({ tick, group: `g${String(i)}`, targets: [`service-${String(i)}`] })));
  try {
    return [...rows("segments of frames", await measure(join(folder, "segments"), ticks, throughSegments)), ...rows("node:sqlite, a row a pass, a row a decision, three indexes", await measure(join(folder, "sqlite"), ticks, throughSqlite))];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Ticks = readonly (readonly JournalPass[])[];

async function throughSegments(folder: string, ticks: Ticks): Promise<void> {
  const opened = await openSegmentJournal(folder);
  if (!opened.ok) throw new Error(opened.message);
  for (const tick of ticks) await Promise.all(tick.map((pass) => opened.value.appendPass(pass)));
  await opened.value.close();
}

function throughSqlite(folder: string, ticks: Ticks): Promise<void> {
  const database = new DatabaseSync(`${folder}.db`);
  database.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE pass (sequence INTEGER PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE decision (sequence INTEGER, ordinal INTEGER, id TEXT, target TEXT, kind TEXT, time INTEGER);
    CREATE INDEX by_id ON decision (id); CREATE INDEX by_target ON decision (target, time); CREATE INDEX by_kind ON decision (kind, time);`);
  const insertPass = database.prepare("INSERT INTO pass VALUES (?, ?)");
  const insertDecision = database.prepare("INSERT INTO decision VALUES (?, ?, ?, ?, ?, ?)");
  let sequence = 0;
  for (const tick of ticks) {
    database.exec("BEGIN");
    for (const pass of tick) {
      insertPass.run(++sequence, JSON.stringify(pass));
      for (const [ordinal, decision] of pass.decisions.entries()) insertDecision.run(sequence, ordinal, decision.id, decision.target, decision.kind, decision.timeSeconds);
    }
    database.exec("COMMIT");
  }
  database.close();
  return Promise.resolve();
}

interface Measured {
  readonly cpuMicroseconds: number;
  readonly bytes: number;
}

async function measure(path: string, ticks: Ticks, write: (path: string, ticks: Ticks) => Promise<void>): Promise<Measured> {
  const before = process.cpuUsage();
  await write(path, ticks);
  const { user, system } = process.cpuUsage(before);
  const parent = join(path, "..");
  const files = readdirSync(parent, { recursive: true, withFileTypes: true }).filter((file) => file.isFile() && join(file.parentPath, file.name).startsWith(path));
  const bytes = files.reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).size, 0);
  return { cpuMicroseconds: (user + system) / (TICKS * GROUPS), bytes: bytes / (TICKS * GROUPS) };
}

function rows(what: string, { cpuMicroseconds, bytes }: Measured): BenchRow[] {
  return [
    { what: `${what}: a decision`, value: cpuMicroseconds, unit: "CPU µs", note: "20 passes a synced commit" },
    { what: `${what}: a decision`, value: bytes, unit: "bytes on disk" },
  ];
}
