import { failure, success, type Result } from "../model/result.ts";
import { type Entry, parseEntry, type StoredPass } from "./entry.ts";
import { frameAt } from "./frame.ts";
import type { JournalDamage } from "./journal.ts";
import type { JournalFiles } from "./journal-files.ts";
import { FORMAT, HEADER, nextPass, type Segment, sequenceOfName } from "./segment.ts";
import { SegmentIndex } from "./segment-index.ts";

const HEADER_LINE = /^foretide-journal (\d{1,4})\n/;
/** Every payload starts so: after damage, the next whole frame is looked for here. */
const PAYLOAD_START = Buffer.from('{"t":"');
const FRAME_HEADER_BYTES = 8;

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
    const problem = headerProblem(bytes, isNewest);
    if (problem !== undefined) return failure("permanent", `${name} ${problem}; it was left as it is`);
    const segment = { name, index: new SegmentIndex(sequenceOfName(name) ?? 0), size: 0 };
    const scanned = bytes.length < HEADER.length ? { end: 0, damage: [] } : scan(bytes, segment);
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

function headerProblem(bytes: Buffer, isNewest: boolean): string | undefined {
  const match = HEADER_LINE.exec(bytes.subarray(0, 32).toString("latin1"));
  if (match === null) return isNewest && HEADER.subarray(0, bytes.length).equals(bytes) ? undefined : "is not a segment of a journal, or its head is damaged";
  return Number(match[1]) > FORMAT ? `was written by a newer Foretide (format ${String(match[1])}; this one reads up to ${String(FORMAT)})` : undefined;
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

/** Indexes the frames; returns where the last whole one ends, and the damage before it. */
function scan(bytes: Buffer, segment: Segment): { end: number; damage: JournalDamage[] } {
  const damage: JournalDamage[] = [];
  const passes = new Map<string, StoredPass>();
  let end = HEADER.length;
  while (end < bytes.length) {
    const frame = frameAt(bytes, end);
    if (!("problem" in frame)) {
      take(parseEntry(frame.text), frame.offset, { segment, passes });
      end = frame.end;
      continue;
    }
    const next = nextWholeFrame(bytes, end + 1);
    if (next === undefined) break;
    damage.push({ file: segment.name, offset: end, bytes: next - end, detail: frame.problem === "torn" ? "damaged length" : "checksum" });
    // Whose record was lost is not known: deltas wait for their group's next whole pass.
    passes.clear();
    end = next;
  }
  return { end, damage };
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

function nextWholeFrame(bytes: Buffer, from: number): number | undefined {
  for (let at = bytes.indexOf(PAYLOAD_START, from + FRAME_HEADER_BYTES); at >= 0; at = bytes.indexOf(PAYLOAD_START, at + 1)) {
    if (!("problem" in frameAt(bytes, at - FRAME_HEADER_BYTES))) return at - FRAME_HEADER_BYTES;
  }
  return undefined;
}
