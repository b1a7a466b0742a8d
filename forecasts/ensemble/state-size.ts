import type { SavedEnsemble } from "./running-ensemble.ts";

/** Bytes that an ensemble's state takes in memory or in a binary store: its 32-bit float arrays, 8 bytes for each other number. */
export function stateBytes(saved: SavedEnsemble): number {
  return bytesOf(saved);
}

/** An array is text of base64 (4 characters for 3 bytes); ids and notes are short. */
function bytesOf(value: unknown): number {
  if (typeof value === "number") return 8;
  if (typeof value === "string") return value.length < 64 ? value.length : Math.floor((value.length * 3) / 4);
  if (typeof value !== "object" || value === null) return 1;
  return Object.values(value).reduce<number>((sum, item) => sum + bytesOf(item), 0);
}
