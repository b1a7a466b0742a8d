import { failure, success, type Result } from "../model/result.ts";
import { type Entry, parseEntry, type StoredPass } from "./entry.ts";
import { frameAt, resumeAfterDamage } from "./frame.ts";
import type { JournalDamage } from "./journal.ts";
import type { JournalFiles } from "./journal-files.ts";
import { FORMAT, nextPass, type Segment, sequenceOfName } from "./segment.ts";
import { SegmentIndex } from "./segment-index.ts";

const HEADER_LINE = /^foretide-journal (\d{1,4})\n/;
const HEADLESS = { problem: "head" } as const;

export interface Recovered {
  readonly segments: Segment[];
  readonly damage: JournalDamage[];
}

/**
 * Reads a journal's folder. What no sync finished at the end of the newest segment is cut off, kept beside it in a `.cut` file, and
 * reported; damage further in is reported and left as it is, and what follows it is kept.
 */
export async function recoverSegments(files: JournalFiles, readOnly: boolean): Promise<Result<Recovered>> {
  const names = (await files.list()).filter((name) => sequenceOfName(name) !== undefined);
  const segments: Segment[] = [];
  const damage: JournalDamage[] = [];
  for (const [at, name] of names.entries()) {
    const bytes = await files.read(name, 0, await files.size(name));
    const isNewest = at === names.length - 1;
    const newer = newerFormat(bytes);
    if (newer !== undefined) return failure("permanent", `${name} was written by a newer Foretide (format ${newer}; this one reads up to ${String(FORMAT)}); it was left as it is`);
    const segment = { name, index: new SegmentIndex(sequenceOfName(name) ?? 0), size: 0 };
    const scanned = scan(bytes, segment);
    segment.size = scanned.end;
    damage.push(...scanned.damage);
    if (scanned.end < bytes.length) {
      damage.push({ file: name, offset: scanned.end, bytes: bytes.length - scanned.end, detail: isNewest ? "torn or damaged end, cut off" : "damaged end" });
      if (isNewest && !readOnly) await cutOff(files, segment, bytes.subarray(scanned.end));
    }
    if (segment.size > 0) segments.push(segment);
  }
  return success({ segments, damage });
}

function newerFormat(bytes: Buffer): string | undefined {
  const format = HEADER_LINE.exec(bytes.subarray(0, 32).toString("latin1"))?.[1];
  return format !== undefined && Number(format) > FORMAT ? format : undefined;
}

async function cutOff(files: JournalFiles, segment: Segment, cut: Buffer): Promise<void> {
  const keep = `${segment.name}.cut-${String(segment.size)}`;
  await files.remove(keep);
  await files.append(keep, cut);
  await files.sync(keep);
  if (segment.size === 0) await files.remove(segment.name);
  else await files.truncate(segment.name, segment.size);
  await files.syncFolder();
}

/** Indexes the frames; returns where the last whole one ends (0 where there is none), and the damage before it. */
function scan(bytes: Buffer, segment: Segment): { end: number; damage: JournalDamage[] } {
  const damage: JournalDamage[] = [];
  const passes = new Map<string, StoredPass>();
  const headed = HEADER_LINE.test(bytes.subarray(0, 32).toString("latin1"));
  let end = headed ? bytes.indexOf("\n") + 1 : 0;
  while (end < bytes.length) {
    const frame = end === 0 ? HEADLESS : frameAt(bytes, end);
    if (!("problem" in frame)) {
      take(parseEntry(frame.text), frame.offset, { segment, passes });
      end = frame.end;
      continue;
    }
    const next = resumeAfterDamage(bytes, end);
    if (next === undefined) break;
    damage.push({ file: segment.name, offset: end, bytes: next - end, detail: `damaged ${frame.problem === "head" ? "head" : "record"}` });
    // Whose record was lost is not known: deltas wait for their group's next whole pass.
    passes.clear();
    end = next;
  }
  // A head alone was never acknowledged.
  return { end: segment.index.nextSequence === segment.index.firstSequence && segment.index.contents.size === 0 ? 0 : end, damage };
}

function take(entry: Entry, offset: number, into: { readonly segment: Segment; readonly passes: Map<string, StoredPass> }): void {
  const { index } = into.segment;
  while (index.nextSequence < entry.q) index.addDamaged();
  if (entry.t !== "p" && entry.t !== "d") {
    index.add(entry, offset, undefined);
    return;
  }
  const stored = nextPass(into.passes.get(entry.g), entry);
  if (stored === undefined) {
    index.addDamaged();
    return;
  }
  into.passes.set(entry.g, stored);
  index.add(entry, offset, stored);
}
