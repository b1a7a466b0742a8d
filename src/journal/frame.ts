import { crc32 } from "node:zlib";

/** Before each payload: its length in bytes and its CRC-32, both little-endian. */
const FRAME_HEADER_BYTES = 8;
/** A larger length is damage, not a record. */
const MAX_PAYLOAD_BYTES = 256 * 2 ** 20;

export interface Frame {
  readonly offset: number;
  readonly end: number;
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

/** The frame at an offset of a buffer that starts at `base` of its file; what is wrong where there is no whole one. */
export function frameAt(buffer: Buffer, offset: number, base = 0): Frame | { readonly problem: "end" | "torn" | "checksum"; readonly end: number } {
  const at = offset - base;
  if (at === buffer.length) return { problem: "end", end: offset };
  if (at + FRAME_HEADER_BYTES > buffer.length) return { problem: "torn", end: base + buffer.length };
  const length = buffer.readUInt32LE(at);
  const start = at + FRAME_HEADER_BYTES;
  if (length > MAX_PAYLOAD_BYTES || start + length > buffer.length) return { problem: "torn", end: base + buffer.length };
  const payload = buffer.subarray(start, start + length);
  const end = offset + FRAME_HEADER_BYTES + length;
  if (length === 0 || crc32(payload) !== buffer.readUInt32LE(at + 4)) return { problem: "checksum", end };
  return { offset, end, text: payload.toString("utf8") };
}
