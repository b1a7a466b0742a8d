import { type Entry, nextPass, parseEntry, type StoredPass } from "./entry.ts";
import { frameAt, resumeAfterDamage } from "./frame.ts";
import type { JournalDamage } from "./journal.ts";
import { parseHeader } from "./segment-format.ts";
import type { GrowingIndex } from "./segment-index.ts";

const HEADLESS = { problem: "head" } as const;

/** Indexes the frames; returns where the last whole one ends (0 where there is none), and the damage before it. */
export function scanFrames(bytes: Buffer, index: GrowingIndex): { end: number; damage: Omit<JournalDamage, "file">[] } {
  const damage: Omit<JournalDamage, "file">[] = [];
  const passes = new Map<string, StoredPass>();
  let end = parseHeader(bytes)?.end ?? 0;
  while (end < bytes.length) {
    const frame = end === 0 ? HEADLESS : frameAt(bytes, end);
    if (!("problem" in frame)) {
      take(parseEntry(frame.text), frame.offset, { index, passes });
      end = frame.end;
      continue;
    }
    const next = resumeAfterDamage(bytes, end);
    if (next === undefined) break;
    damage.push({ offset: end, bytes: next - end, detail: `damaged ${frame.problem === "head" ? "head" : "record"}` });
    // Whose record was lost is not known: deltas wait for their group's next whole pass.
    passes.clear();
    end = next;
  }
  // A head alone was never acknowledged.
  return { end: index.isEmpty ? 0 : end, damage };
}

function take(entry: Entry, offset: number, into: { readonly index: GrowingIndex; readonly passes: Map<string, StoredPass> }): void {
  const { index, passes } = into;
  while (entry.t !== "b" && index.nextSequence < entry.q) index.addDamaged();
  if (entry.t !== "p" && entry.t !== "d") {
    index.add(entry, offset, undefined);
    return;
  }
  const stored = nextPass(passes.get(entry.g), entry);
  if (stored === undefined) {
    index.addDamaged();
    return;
  }
  passes.set(entry.g, stored);
  index.add(entry, offset, stored);
}
