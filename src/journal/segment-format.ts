/**
 * Format 1: segments of frames. Format 2: the same, and full segments are sealed into compressed files, which a reader of format 1
 * would not see. This version reads both and writes 2.
 */
export const FORMAT = 2;
export const HEADER = Buffer.from(`foretide-journal ${String(FORMAT)}\n`);
const HEADER_LINE = /^foretide-journal (\d{1,4})\n/;
const NAME = /^(\d{15})\.(journal|sealed)$/;
/** A sealed file while it is written. */
export const UNFINISHED = ".unfinished";

/** Records of a segment that could not be read where its index says they are. */
export class DamagedSegment extends Error {}

export function segmentName(firstSequence: number, kind: "journal" | "sealed"): string {
  return `${String(firstSequence).padStart(15, "0")}.${kind}`;
}

/** The first sequence and the kind that a segment's name tells; undefined for another file. */
export function parseSegmentName(name: string): { readonly firstSequence: number; readonly kind: "journal" | "sealed" } | undefined {
  const match = NAME.exec(name);
  return match === null ? undefined : { firstSequence: Number(match[1]), kind: match[2] === "sealed" ? "sealed" : "journal" };
}

/** The format that a file's first bytes tell, and where its frames start; undefined without a whole header. */
export function parseHeader(bytes: Buffer): { readonly format: number; readonly end: number } | undefined {
  const match = HEADER_LINE.exec(bytes.subarray(0, 32).toString("latin1"));
  return match === null ? undefined : { format: Number(match[1]), end: match[0].length };
}
