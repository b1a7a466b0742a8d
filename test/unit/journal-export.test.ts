import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Journal } from "../../src/journal/journal.ts";
import { exportJournal, importJournal } from "../../src/journal/journal-export.ts";
import { openMemoryJournal } from "../../src/journal/memory-journal.ts";
import { openSegmentJournal } from "../../src/journal/segment-journal.ts";
import { unwrap } from "../contract/history-store.contract.ts";
import { appendRecord, recordAt } from "../fixtures/journal-work.ts";

const folder = mkdtempSync(join(tmpdir(), "foretide-export-"));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

async function textOf(journal: Journal): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of exportJournal(journal)) lines.push(line);
  return lines;
}

async function* from(lines: readonly string[]): AsyncGenerator<string> {
  for (const line of lines) yield await Promise.resolve(line);
}

describe("export and import of a journal", () => {
  it("carries a journal from one store to another, byte for byte", async () => {
    const memory = openMemoryJournal();
    for (let sequence = 1; sequence <= 120; sequence++) unwrap(await appendRecord(memory, recordAt(sequence)));
    const lines = await textOf(memory);
    expect(lines).toHaveLength(120);
    const segments = unwrap(await openSegmentJournal(join(folder, "a"), { segmentBytes: 20_000 }));
    expect(await importJournal(from(lines), segments)).toEqual({ ok: true, value: 120 });
    expect(await textOf(segments)).toEqual(lines);
    expect(unwrap(await segments.openIntents())).toEqual(unwrap(await memory.openIntents()));
    await segments.close();
  });

  it.each(["no json", "[]", "{}", '{"type":"pass"}', '{"type":"constructor"}', '{"type":"note","timeSeconds":1}'])("stops at %s with the line's number", async (line) => {
    const journal = openMemoryJournal();
    const first = (await textOf(await oneRecord()))[0] ?? "";
    expect(await importJournal(from([first, "", line, first]), journal)).toEqual({ ok: false, failure: "permanent", message: "line 3 is no record of a journal" });
    expect(await textOf(journal)).toHaveLength(1);
  });
});

async function oneRecord(): Promise<Journal> {
  const journal = openMemoryJournal();
  unwrap(await appendRecord(journal, recordAt(1)));
  return journal;
}
