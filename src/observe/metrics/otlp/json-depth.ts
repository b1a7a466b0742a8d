/** JSON nests no deeper than this. An attribute of lists of lists takes two levels each; a request without any takes 15. */
export const MAX_JSON_DEPTH = 32;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = new Uint8Array(256);
for (const byte of "[{") OPEN[byte.charCodeAt(0)] = 1;
for (const byte of "]}") OPEN[byte.charCodeAt(0)] = 2;

/**
 * The byte offset where UTF-8 JSON text nests deeper than `limit`, or -1. Looked at before parsing: `JSON.parse` of ten
 * million nested brackets blocks the process for seconds.
 */
export function tooDeepAt(bytes: Uint8Array, limit: number = MAX_JSON_DEPTH): number {
  let depth = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (byte === QUOTE) {
      for (i++; i < bytes.length && bytes[i] !== QUOTE; i++) if (bytes[i] === BACKSLASH) i++;
    } else if (OPEN[byte] === 1) {
      if (++depth > limit) return i;
    } else if (OPEN[byte] === 2) depth--;
  }
  return -1;
}
