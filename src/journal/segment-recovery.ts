import { failure, success, type Result } from "../model/result.ts";
import type { JournalDamage } from "./journal.ts";
import type { JournalFiles } from "./journal-files.ts";
import { SealedFile } from "./sealed-file.ts";
import { Segment } from "./segment.ts";
import { DamagedSegment, FORMAT, parseHeader, parseSegmentName, segmentName, UNFINISHED } from "./segment-format.ts";
import { scanFrames } from "./segment-scan.ts";

export interface Recovered {
  readonly segments: Segment[];
  readonly damage: JournalDamage[];
}

/**
 * Reads a journal's folder. What no sync finished at the end of the newest segment is cut off, kept beside it in a `.cut` file, and
 * reported; damage further in is reported and left as it is, and what follows it is kept.
 */
export async function recoverSegments(files: JournalFiles, readOnly: boolean): Promise<Result<Recovered>> {
  const names = await files.list();
  const sequences = [...new Set(names.flatMap((name) => parseSegmentName(name)?.firstSequence ?? []))].sort((a, b) => a - b);
  const segments: Segment[] = [];
  const damage: JournalDamage[] = [];
  for (const name of readOnly ? [] : names.filter((one) => one.endsWith(UNFINISHED))) await files.remove(name);
  for (const firstSequence of sequences) {
    const [raw, sealed] = [segmentName(firstSequence, "journal"), segmentName(firstSequence, "sealed")];
    for (const name of [raw, sealed].filter((one) => names.includes(one))) {
      const newer = await newerFormat(files, name);
      if (newer !== undefined) return failure("permanent", `${name} was written by a newer Foretide (format ${String(newer)}; this one reads up to ${String(FORMAT)}); it was left as it is`);
    }
    const finished = names.includes(sealed) ? await openSealed(files, sealed, damage) : undefined;
    if (finished !== undefined) {
      segments.push(finished);
      if (names.includes(raw) && !readOnly) await files.remove(raw);
    } else if (names.includes(raw)) {
      const isNewest = firstSequence === sequences.at(-1);
      const segment = await scanRaw(files, Segment.growing(files, raw, firstSequence), { isNewest, readOnly, damage });
      if (segment.size > 0) segments.push(segment);
    }
  }
  return success({ segments, damage });
}

async function newerFormat(files: JournalFiles, name: string): Promise<number | undefined> {
  const format = parseHeader(await files.read(name, 0, 32))?.format;
  return format !== undefined && format > FORMAT ? format : undefined;
}

async function openSealed(files: JournalFiles, name: string, damage: JournalDamage[]): Promise<Segment | undefined> {
  try {
    return Segment.sealed(files, await SealedFile.open(files, name));
  } catch (error) {
    if (!(error instanceof DamagedSegment)) throw error;
    const bytes = await files.size(name);
    damage.push({ file: name, offset: 0, bytes, detail: `${error.message}; it was left as it is` });
    return undefined;
  }
}

async function scanRaw(files: JournalFiles, segment: Segment, how: { readonly isNewest: boolean; readonly readOnly: boolean; readonly damage: JournalDamage[] }): Promise<Segment> {
  const { growing, name } = segment;
  if (growing === undefined) return segment;
  const bytes = await files.read(name, 0, await files.size(name));
  const scanned = scanFrames(bytes, growing);
  segment.size = scanned.end;
  how.damage.push(...scanned.damage.map((one) => ({ file: name, ...one })));
  // To a reader beside the daemon, what follows the newest whole record is a commit under way.
  if (scanned.end < bytes.length && !(how.isNewest && how.readOnly)) {
    how.damage.push({ file: name, offset: scanned.end, bytes: bytes.length - scanned.end, detail: how.isNewest ? "torn or damaged end, cut off" : "damaged end" });
    if (how.isNewest) await cutOff(files, segment, bytes.subarray(scanned.end));
  }
  return segment;
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
