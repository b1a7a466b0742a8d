/* eslint-disable max-params -- called for every point: an object a call would be made for each */
import { randomInt } from "node:crypto";

/** Keeps a sender from choosing bytes that collide in this process. */
const SEED = randomInt(2 ** 31);
const INITIAL_SLOTS = 1024;
const INITIAL_ARENA_BYTES = 1 << 16;

/**
 * Interns byte strings under a parent number: equal (parent, bytes) have equal ids. A look-up makes no string.
 * Open addressing with linear probing; the bytes lie end to end in one arena. Ids are handed out from 0 and reused after
 * `undo` or `keepOnly`.
 */
export class ByteKeyTable {
  #slots = new Int32Array(INITIAL_SLOTS).fill(-1);
  #arena = new Uint8Array(INITIAL_ARENA_BYTES);
  #arenaView = new DataView(this.#arena.buffer);
  #arenaUsed = 0;
  #offsets = new Int32Array(INITIAL_SLOTS);
  #lengths = new Int32Array(INITIAL_SLOTS).fill(-1);
  #parents = new Int32Array(INITIAL_SLOTS);
  #hashes = new Int32Array(INITIAL_SLOTS);
  #values = new Int32Array(INITIAL_SLOTS);
  #followers = new Int32Array(INITIAL_SLOTS).fill(-1);
  #used = 0;
  #size = 0;
  #lastEntry = -1;

  get size(): number {
    return this.#size;
  }

  get arenaBytes(): number {
    return this.#arenaUsed;
  }

  /** Forget where the last look-up ended: the next one belongs to another sender's sequence. */
  startSequence(): void {
    this.#lastEntry = -1;
  }

  /**
   * The value stored for the bytes [start, end) under `parent`, or -1. Exporters repeat their order, so the entry that
   * followed the last one found is compared first, without hashing.
   */
  find(parent: number, view: DataView, start: number, end: number): number {
    const last = this.#lastEntry;
    if (last >= 0) {
      const guess = this.#followers[last] as number;
      if (guess >= 0 && this.#matches(guess, parent, view, start, end)) {
        this.#lastEntry = guess;
        return this.#values[guess] as number;
      }
    }
    const entry = this.#lookUp(hashBytes(parent, view, start, end), parent, view, start, end);
    if (last >= 0) this.#followers[last] = entry;
    this.#lastEntry = entry;
    return entry < 0 ? -1 : (this.#values[entry] as number);
  }

  /** Store `value` for bytes that `find` did not know. Returns the entry, which `undo` takes back. */
  add(key: { readonly parent: number; readonly view: DataView; readonly start: number; readonly end: number }, value: number): number {
    if ((this.#used + 1) * 2 > this.#slots.length) this.#grow();
    const length = key.end - key.start;
    this.#reserve(length);
    const entry = this.#used++;
    this.#size++;
    const offset = this.#arenaUsed;
    this.#arena.set(new Uint8Array(key.view.buffer, key.view.byteOffset + key.start, length), offset);
    this.#arenaUsed += length;
    this.#offsets[entry] = offset;
    this.#lengths[entry] = length;
    this.#parents[entry] = key.parent;
    this.#values[entry] = value;
    this.#followers[entry] = -1;
    const hash = hashBytes(key.parent, key.view, key.start, key.end);
    this.#hashes[entry] = hash;
    this.#slots[this.#freeSlot(hash)] = entry;
    if (this.#lastEntry >= 0) this.#followers[this.#lastEntry] = entry;
    this.#lastEntry = entry;
    return entry;
  }

  /** Take back every entry from `entry` on. The newest entries end their probe chains, so clearing their slots breaks none. */
  undo(entry: number): void {
    if (this.#used === entry) return;
    while (this.#used > entry) {
      const newest = --this.#used;
      this.#size--;
      this.#arenaUsed = this.#offsets[newest] as number;
      const mask = this.#slots.length - 1;
      let slot = (this.#hashes[newest] as number) & mask;
      while (this.#slots[slot] !== newest) slot = (slot + 1) & mask;
      this.#slots[slot] = -1;
    }
    for (let i = 0; i < this.#used; i++) if ((this.#followers[i] as number) >= entry) this.#followers[i] = -1;
    this.#lastEntry = -1;
  }

  /** The number to hand to `undo` to return to the present state. */
  mark(): number {
    return this.#used;
  }

  /** Rebuild with only those entries whose value `keep` accepts; the arena is packed anew. */
  keepOnly(keep: (value: number, parent: number) => boolean): void {
    const arena = this.#arena;
    const kept: { readonly parent: number; readonly value: number; readonly offset: number; readonly length: number }[] = [];
    for (let i = 0; i < this.#used; i++) {
      const [parent, value, offset, length] = [this.#parents[i], this.#values[i], this.#offsets[i], this.#lengths[i]] as [number, number, number, number];
      if (keep(value, parent)) kept.push({ parent, value, offset, length });
    }
    this.#slots.fill(-1);
    this.#arena = new Uint8Array(arena.length);
    this.#arenaView = new DataView(this.#arena.buffer);
    this.#arenaUsed = 0;
    this.#used = 0;
    this.#size = 0;
    this.#lastEntry = -1;
    const view = new DataView(arena.buffer);
    for (const entry of kept) this.add({ parent: entry.parent, view, start: entry.offset, end: entry.offset + entry.length }, entry.value);
    this.#lastEntry = -1;
  }

  #lookUp(hash: number, parent: number, view: DataView, start: number, end: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot] as number;
      if (entry < 0) return -1;
      if (this.#hashes[entry] === hash && this.#matches(entry, parent, view, start, end)) return entry;
    }
  }

  #matches(entry: number, parent: number, view: DataView, start: number, end: number): boolean {
    if (this.#lengths[entry] !== end - start || this.#parents[entry] !== parent) return false;
    const arena = this.#arenaView;
    let mine = this.#offsets[entry] as number;
    let theirs = start;
    for (; theirs + 4 <= end; theirs += 4, mine += 4) {
      if (arena.getInt32(mine, true) !== view.getInt32(theirs, true)) return false;
    }
    for (; theirs < end; theirs++, mine++) if (arena.getUint8(mine) !== view.getUint8(theirs)) return false;
    return true;
  }

  #freeSlot(hash: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while ((this.#slots[slot] as number) >= 0) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const length = this.#slots.length * 2;
    this.#slots = new Int32Array(length).fill(-1);
    this.#offsets = grown(this.#offsets, length);
    this.#lengths = grown(this.#lengths, length);
    this.#parents = grown(this.#parents, length);
    this.#hashes = grown(this.#hashes, length);
    this.#values = grown(this.#values, length);
    this.#followers = grown(this.#followers, length);
    for (let i = 0; i < this.#used; i++) this.#slots[this.#freeSlot(this.#hashes[i] as number)] = i;
  }

  #reserve(length: number): void {
    if (this.#arenaUsed + length <= this.#arena.length) return;
    let size = this.#arena.length * 2;
    while (size < this.#arenaUsed + length) size *= 2;
    const arena = new Uint8Array(size);
    arena.set(this.#arena);
    this.#arena = arena;
    this.#arenaView = new DataView(arena.buffer);
  }
}

function grown(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(length);
  larger.set(array);
  return larger;
}

/** A multiplicative hash, four bytes at a time (the constant is 2^32 over the golden ratio). */
function hashBytes(parent: number, view: DataView, start: number, end: number): number {
  let hash = Math.imul(parent ^ SEED, 0x9e3779b1) ^ (end - start);
  let p = start;
  for (; p + 4 <= end; p += 4) {
    hash = Math.imul(hash ^ view.getInt32(p, true), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; p < end; p++) hash = Math.imul(hash ^ view.getUint8(p), 0x01000193);
  return hash ^ (hash >>> 13);
}
