import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import type { Journal, JournalRecord } from "../../src/journal/journal.ts";
import { type JournalFiles, NodeJournalFiles } from "../../src/journal/journal-files.ts";
import { openSegmentJournal, type SegmentJournalOptions } from "../../src/journal/segment-journal.ts";
import { canonicalJson } from "../../src/model/canonical-json.ts";
import { unwrap } from "../contract/history-store.contract.ts";
import { recordsOf } from "../contract/journal.contract.ts";
import { appendRecord, recordAt } from "../fixtures/journal-work.ts";

const FORMAT_1 = fileURLToPath(new URL("../fixtures/journal-format-1", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "foretide-damage-"));
let journals = 0;
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

const next = (): string => join(folder, String(journals++));
const open = async (at: string, options: SegmentJournalOptions = {}): Promise<Journal> => unwrap(await openSegmentJournal(at, options));

async function written(at: string, records: number, options: SegmentJournalOptions = {}): Promise<void> {
  const journal = await open(at, options);
  for (let sequence = 1; sequence <= records; sequence++) unwrap(await appendRecord(journal, recordAt(sequence)));
  await journal.close();
}

const filesOf = (at: string, end: string): string[] => readdirSync(at).filter((name) => name.endsWith(end)).sort();

function flip(path: string, offset: number): void {
  const bytes = readFileSync(path);
  bytes[offset] = (bytes[offset] ?? 0) ^ 4;
  writeFileSync(path, bytes);
}

/** The records that are read, as they must be; the others as the ranges that are said to be damaged. */
function checked(records: readonly JournalRecord[]): { whole: number[]; damaged: [number, number][] } {
  const whole: number[] = [];
  const damaged: [number, number][] = [];
  for (const record of records) {
    if (record.type === "damaged") damaged.push([record.sequence, record.throughSequence]);
    else {
      expect(canonicalJson(record)).toBe(canonicalJson(recordAt(record.sequence)));
      whole.push(record.sequence);
    }
  }
  return { whole, damaged };
}

describe("a damaged journal", () => {
  it("cuts a torn end, keeps the cut bytes, tells it, and goes on with the next number", async () => {
    const at = next();
    await written(at, 30);
    const file = join(at, filesOf(at, ".journal")[0] ?? "");
    const whole = readFileSync(file);
    writeFileSync(file, whole.subarray(0, whole.length - 5));
    const journal = await open(at);
    expect(journal.damage).toEqual([{ file: "000000000000001.journal", offset: expect.any(Number) as number, bytes: expect.any(Number) as number, detail: "torn or damaged end, cut off" }]);
    const [damage] = journal.damage;
    expect(readFileSync(`${file}.cut-${String(damage?.offset)}`).equals(whole.subarray(damage?.offset, whole.length - 5))).toBe(true);
    expect(checked(await recordsOf(journal))).toEqual({ whole: Array.from({ length: 29 }, (_, i) => i + 1), damaged: [] });
    expect(await appendRecord(journal, recordAt(30))).toEqual({ ok: true, value: 30 });
    await journal.close();
    const again = await open(at);
    expect(again.damage).toEqual([]);
    expect(checked(await recordsOf(again)).whole).toHaveLength(30);
    await again.close();
  });

  it("cuts a bit-flipped last record", async () => {
    const at = next();
    await written(at, 12);
    const file = join(at, filesOf(at, ".journal")[0] ?? "");
    flip(file, readFileSync(file).length - 3);
    const journal = await open(at);
    expect(journal.damage).toHaveLength(1);
    expect(checked(await recordsOf(journal)).whole).toHaveLength(11);
    await journal.close();
  });

  it("reads on after damage in the middle, and says which records are lost with it", async () => {
    const origin = next();
    await written(origin, 150);
    for (let trial = 0; trial < 25; trial++) {
      const at = next();
      cpSync(origin, at, { recursive: true });
      const file = join(at, filesOf(at, ".journal")[0] ?? "");
      const length = readFileSync(file).length;
      flip(file, 25 + Math.floor((length - 5_000) * (trial / 25)));
      const journal = await open(at);
      expect(journal.damage).toMatchObject([{ file: "000000000000001.journal", detail: "damaged record" }]);
      const { whole, damaged } = checked(await recordsOf(journal));
      const told = damaged.reduce((sum, [from, through]) => sum + through - from + 1, 0);
      expect(whole.length + told).toBe(150);
      expect(whole).toContain(150);
      expect(told).toBeGreaterThan(0);
      await journal.close();
    }
  });

  it("gives the right records or says that they are damaged, wherever a sealed file has a flipped bit", async () => {
    const origin = next();
    await written(origin, 120, { segmentBytes: 12_000 });
    const [first = ""] = filesOf(origin, ".sealed");
    const length = readFileSync(join(origin, first)).length;
    let damages = 0;
    for (let offset = 20; offset < length; offset += 97) {
      const at = next();
      cpSync(origin, at, { recursive: true });
      flip(join(at, first), offset);
      const journal = await open(at);
      const { whole, damaged } = checked(await recordsOf(journal));
      expect(whole.length + damaged.reduce((sum, [from, through]) => sum + through - from + 1, 0)).toBe(120);
      if (damaged.length > 0) damages++;
      const page = await journal.decisions({ limit: 1000 });
      if (!page.ok) expect(page.failure).toBe("permanent");
      await journal.close();
    }
    expect(damages).toBeGreaterThan(20);
  });

  it("does not take a file of a newer format for its own, and leaves it as it is", async () => {
    const at = next();
    await written(at, 3);
    const file = join(at, "000000000000001.journal");
    const bytes = Buffer.concat([Buffer.from("foretide-journal 99\n"), readFileSync(file).subarray(19)]);
    writeFileSync(file, bytes);
    expect(await openSegmentJournal(at)).toMatchObject({ ok: false, failure: "permanent", message: expect.stringContaining("newer Foretide (format 99") as string });
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });

  it("finishes a sealing that was interrupted at any of its steps", async () => {
    const at = next();
    await written(at, 60, { segmentBytes: 12_000 });
    const [sealed = ""] = filesOf(at, ".sealed");
    const raw = sealed.replace(".sealed", ".journal");
    const copy = next();
    await written(copy, 60, { segmentBytes: 1e9 });
    // Both the sealed file and the segment it was made of: the latter was not removed yet.
    writeFileSync(join(at, raw), readFileSync(join(copy, "000000000000001.journal")));
    writeFileSync(join(at, `${sealed}.unfinished`), "half");
    const journal = await open(at);
    expect(checked(await recordsOf(journal))).toEqual({ whole: Array.from({ length: 60 }, (_, i) => i + 1), damaged: [] });
    expect(readdirSync(at)).not.toContain(raw);
    expect(readdirSync(at)).not.toContain(`${sealed}.unfinished`);
    await journal.close();
  });
});

describe("a journal of the format before", () => {
  it("is read, continued and sealed", async () => {
    const at = next();
    cpSync(FORMAT_1, at, { recursive: true });
    expect(readFileSync(join(at, "000000000000001.journal")).subarray(0, 19).toString()).toBe("foretide-journal 1\n");
    const journal = await open(at, { segmentBytes: 15_000 });
    expect(journal.damage).toEqual([]);
    for (let sequence = 46; sequence <= 90; sequence++) unwrap(await appendRecord(journal, recordAt(sequence)));
    expect(checked(await recordsOf(journal))).toEqual({ whole: Array.from({ length: 90 }, (_, i) => i + 1), damaged: [] });
    await journal.close();
    expect(filesOf(at, ".sealed").length).toBeGreaterThan(2);
    const again = await open(at);
    expect(checked(await recordsOf(again)).whole).toHaveLength(90);
    await again.close();
  });
});

describe("a journal and its owner", () => {
  it("is refused to a second writer, but not to a reader, who changes nothing", async () => {
    const at = next();
    await written(at, 10);
    const writer = await open(at);
    expect(await openSegmentJournal(at)).toMatchObject({ ok: false, failure: "transient", message: expect.stringContaining("in use by another process") as string });
    const file = join(at, "000000000000001.journal");
    writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.from([1, 2, 3])]));
    const reader = await open(at, { readOnly: true });
    expect(reader.damage).toEqual([]);
    expect(checked(await recordsOf(reader)).whole).toHaveLength(10);
    expect(await appendRecord(reader, recordAt(11))).toMatchObject({ ok: false, failure: "permanent" });
    await reader.close();
    expect(readFileSync(file).subarray(-3)).toEqual(Buffer.from([1, 2, 3]));
    await writer.close();
    await (await open(at)).close();
  });
});

describe("a journal on a full disk", () => {
  /** Fails like the system does when `room` bytes are written, until there is more. */
  function filling(files: JournalFiles, disk: { room: number }): JournalFiles {
    const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    return {
      list: () => files.list(), size: (name) => files.size(name), read: (name, offset, length) => files.read(name, offset, length),
      append: async (name, bytes) => {
        const part = Math.min(bytes.length, Math.max(0, disk.room));
        disk.room -= part;
        if (part > 0) await files.append(name, bytes.subarray(0, part));
        if (part < bytes.length) throw full;
      },
      sync: (name) => files.sync(name), truncate: (name, size) => files.truncate(name, size),
      rename: (from, to) => files.rename(from, to), remove: (name) => files.remove(name), syncFolder: () => files.syncFolder(), close: () => files.close(),
    };
  }

  it("fails the append and all that waited behind it, keeps what was acknowledged, and goes on when there is room", async () => {
    const at = next();
    const disk = { room: 40_000 };
    const journal = await open(at, { files: filling(new NodeJournalFiles(at), disk), segmentBytes: 9_000 });
    let acknowledged = 0;
    for (let failed = false; !failed;) {
      const results = await Promise.all([1, 2, 3].map((i) => appendRecord(journal, recordAt(acknowledged + i))));
      for (const result of results) {
        if (result.ok && !failed) acknowledged = result.value;
        else {
          expect(result).toMatchObject({ ok: false, failure: "transient", message: expect.stringContaining("the disk is full; nothing of this commit was kept") as string });
          failed = true;
        }
      }
    }
    expect(acknowledged).toBeGreaterThan(20);
    expect(checked(await recordsOf(journal)).whole).toHaveLength(acknowledged);
    disk.room = 1e9;
    for (let sequence = acknowledged + 1; sequence <= acknowledged + 80; sequence++) expect(await appendRecord(journal, recordAt(sequence))).toEqual({ ok: true, value: sequence });
    await journal.close();
    const again = await open(at);
    expect(again.damage).toEqual([]);
    expect(checked(await recordsOf(again))).toEqual({ whole: Array.from({ length: acknowledged + 80 }, (_, i) => i + 1), damaged: [] });
    await again.close();
  });
});

describe("retention of a journal", () => {
  it("drops whole segments by age, then by bytes, never the newest, and says what is gone", async () => {
    const at = next();
    await written(at, 200, { segmentBytes: 12_000 });
    const journal = await open(at, { segmentBytes: 12_000 });
    const before = readdirSync(at).length;
    const recent = recordAt(120);
    const cutoff = recent.type === "checkpoint" ? recent.timeSeconds + 120 * 14 : 0;
    expect(unwrap(await journal.prune(cutoff, 1e9))).toBeGreaterThan(0);
    const { whole, damaged } = checked(await recordsOf(journal));
    expect(damaged).toEqual([[1, (whole[0] ?? 0) - 1]]);
    expect(whole[0]).toBeLessThanOrEqual(120);
    expect(whole.at(-1)).toBe(200);
    expect(readdirSync(at).length).toBeLessThan(before);
    unwrap(await journal.prune(0, 0));
    expect(checked(await recordsOf(journal)).whole.at(-1)).toBe(200);
    unwrap(await appendRecord(journal, recordAt(201)));
    await journal.close();
    renameSync(at, `${at}-moved`);
    const moved = await open(`${at}-moved`);
    expect(checked(await recordsOf(moved)).whole.at(-1)).toBe(201);
    await moved.close();
  });
});
