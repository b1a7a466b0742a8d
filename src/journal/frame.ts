import { crc32 } from "node:zlib";

/** Before each payload: its length in bytes, with the mark in the top bit, and its CRC-32; both little-endian. */
const FRAME_HEADER_BYTES = 8;
/** Marks the first frame of a commit: all frames before it were synced before it was written. */
const FIRST_OF_COMMIT = 2 ** 31;
/** Every payload starts so. */
const PAYLOAD_START = Buffer.from('{"t":"');
/** A larger length is damage, not a record. */
const MAX_PAYLOAD_BYTES = 256 * 2 ** 20;

export interface Frame {
  readonly offset: number;
  readonly end: number;
  readonly firstOfCommit: boolean;
  readonly text: string;
}

export function encodeFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + length);
  frame.write(text, FRAME_HEADER_BYTES);
  frame.writeUInt32LE(length, 0);
  frame.writeUInt32LE(crc32(frame.subarray(FRAME_HEADER_BYTES)), 4);
  return frame;
}

export function markFirstOfCommit(frame: Buffer): void {
  frame.writeUInt32LE(frame.readUInt32LE(0) + FIRST_OF_COMMIT, 0);
}

/** The frame at an offset of a buffer that starts at `base` of its file; what is wrong where there is no whole one. */
export function frameAt(buffer: Buffer, offset: number, base = 0): Frame | { readonly problem: "end" | "torn" | "checksum"; readonly end: number } {
  const at = offset - base;
  if (at === buffer.length) return { problem: "end", end: offset };
  if (at + FRAME_HEADER_BYTES > buffer.length) return { problem: "torn", end: base + buffer.length };
  const word = buffer.readUInt32LE(at);
  const firstOfCommit = word >= FIRST_OF_COMMIT;
  const length = firstOfCommit ? word - FIRST_OF_COMMIT : word;
  const start = at + FRAME_HEADER_BYTES;
  if (length > MAX_PAYLOAD_BYTES || start + length > buffer.length) return { problem: "torn", end: base + buffer.length };
  const payload = buffer.subarray(start, start + length);
  const end = offset + FRAME_HEADER_BYTES + length;
  if (length === 0 || crc32(payload) !== buffer.readUInt32LE(at + 4)) return { problem: "checksum", end };
  return { offset, end, firstOfCommit, text: payload.toString("utf8") };
}

/** The offset of the next whole frame after damage; undefined where nothing after it is known to have been synced. */
export function resumeAfterDamage(buffer: Buffer, from: number): number | undefined {
  let next: number | undefined;
  for (let at = buffer.indexOf(PAYLOAD_START, from + FRAME_HEADER_BYTES + 1); at >= 0; at = buffer.indexOf(PAYLOAD_START, at + 1)) {
    const frame = frameAt(buffer, at - FRAME_HEADER_BYTES);
    if ("problem" in frame) continue;
    next ??= frame.offset;
    if (frame.firstOfCommit) return next;
  }
  return undefined;
}
