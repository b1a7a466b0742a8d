import { canonicalJson, parseCanonicalJson } from "../model/canonical-json.ts";
import { failure, success, type Result } from "../model/result.ts";
import type { Journal, JournalRecord } from "./journal.ts";

/** A journal as text: one record a line, canonical JSON, so that equal journals are equal texts. */
export async function* exportJournal(journal: Journal, fromSequence = 1): AsyncGenerator<string> {
  for await (const record of journal.read(fromSequence)) yield `${canonicalJson(record)}\n`;
}

/**
 * Appends exported lines to a journal, which numbers them anew; resolves to how many. Stops at the first line that is no record,
 * with its number; lines before it stay. A `damaged` line becomes a note: what was lost is part of the story.
 */
export async function importJournal(lines: AsyncIterable<string>, journal: Journal): Promise<Result<number>> {
  let count = 0;
  let number = 0;
  for await (const line of lines) {
    number++;
    if (line.trim() === "") continue;
    const record = parseRecord(line);
    if (record === undefined) return failure("permanent", `line ${String(number)} is no record of a journal`);
    const appended = await append(journal, record);
    if (!appended.ok) return appended;
    count++;
  }
  return success(count);
}

const MEMBERS: Readonly<Record<JournalRecord["type"], readonly string[]>> = {
  pass: ["pass"], outcome: ["outcome"], checkpoint: ["group", "timeSeconds"], note: ["timeSeconds", "kind"], damaged: ["throughSequence", "detail"],
};

function parseRecord(line: string): JournalRecord | undefined {
  try {
    const value = parseCanonicalJson(line);
    if (typeof value !== "object" || value === null || !("type" in value) || !Object.hasOwn(MEMBERS, String(value.type))) return undefined;
    const record = value as JournalRecord;
    return MEMBERS[record.type].every((member) => member in record) ? record : undefined;
  } catch {
    return undefined;
  }
}

function append(journal: Journal, record: JournalRecord): Promise<Result<number>> {
  switch (record.type) {
    case "pass": return journal.appendPass(record.pass);
    case "outcome": return journal.appendOutcome(record.outcome);
    case "checkpoint": return journal.appendCheckpoint(record.group, record.timeSeconds, record.state);
    case "note": return journal.appendNote(record.timeSeconds, record.kind, record.detail);
    case "damaged": return journal.appendNote(0, "damaged", { throughSequence: record.throughSequence, detail: record.detail });
  }
}
