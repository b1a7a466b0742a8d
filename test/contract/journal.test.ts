import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { openMemoryJournal } from "../../src/journal/memory-journal.ts";
import { openSegmentJournal } from "../../src/journal/segment-journal.ts";
import { unwrap } from "./history-store.contract.ts";
import { journalContract } from "./journal.contract.ts";

const folder = mkdtempSync(join(tmpdir(), "foretide-journal-"));
let journals = 0;
const next = (): string => join(folder, String(journals++));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

journalContract("memory", () => Promise.resolve(openMemoryJournal()));
journalContract("segments", async () => unwrap(await openSegmentJournal(next())));
journalContract("many small segments", async () => unwrap(await openSegmentJournal(next(), { segmentBytes: 20_000 })));
