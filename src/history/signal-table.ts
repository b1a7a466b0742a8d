import type { Series } from "../model/series.ts";
import { Chunk, chunkRows } from "./chunk.ts";
import { type AppendSummary, HOUR_SECONDS, type HistoryPoint, LATE_INTERVALS, type SignalKey } from "./history-store.ts";

/** What the table must know of a stored signal. `newestSlot`: grid steps since the epoch, -1 before the first. */
export interface SignalState {
  readonly id: number;
  readonly key: SignalKey;
  newestSlot: number;
  /** Made by the store from a finer rhythm. */
  derived: boolean;
}

export interface DirtyChunk {
  readonly signal: SignalState;
  readonly index: number;
  readonly chunk: Chunk;
}

/** Where chunks come from that are not in memory; undefined where there is none. */
export type LoadChunk = (signal: SignalState, index: number) => Chunk | undefined;

interface HeldChunk {
  readonly chunk: Chunk;
  dirty: boolean;
}

/**
 * The rules of the history, apart from where it is kept: the grid, late points, folding, hourly values. Chunks that changed are
 * held in memory until `takeDirty` hands them to whoever stores them.
 */
export class SignalTable {
  readonly #signals = new Map<string, SignalState>();
  readonly #held = new Map<number, Map<number, HeldChunk>>();
  readonly #load: LoadChunk;
  /** Hours whose steps changed, by the finer signal; they are made when they are asked for or stored. */
  readonly #staleHours = new Map<SignalState, Set<number>>();
  #nextId = 1;

  constructor(load: LoadChunk) {
    this.#load = load;
  }

  /** Takes up a signal that was stored before. */
  adopt(state: SignalState): void {
    this.#signals.set(keyText(state.key), state);
    this.#nextId = Math.max(this.#nextId, state.id + 1);
  }

  signals(): IterableIterator<SignalState> {
    return this.#signals.values();
  }

  /** Identifiers count up from 1 and are not given twice. */
  get lastId(): number {
    return this.#nextId - 1;
  }

  find(key: SignalKey): SignalState | undefined {
    return this.#signals.get(keyText(key));
  }

  /** The signal of a key, made where it is new; `derived` ones become plain when someone appends to them. */
  open(key: SignalKey, derived: boolean): SignalState {
    let state = this.find(key);
    if (state === undefined) {
      state = { id: this.#nextId++, key, newestSlot: -1, derived };
      this.#signals.set(keyText(key), state);
    } else if (!derived) state.derived = false;
    return state;
  }

  append(key: SignalKey, points: readonly HistoryPoint[]): AppendSummary {
    const signal = this.open(key, false);
    const oldest = signal.newestSlot < 0 ? -1 : signal.newestSlot - LATE_INTERVALS;
    const hours = this.#hoursOf(signal);
    let stored = 0;
    for (const point of points) {
      const slot = Math.floor(point.timeSeconds / key.stepSeconds);
      if (slot < oldest) continue;
      this.#at(signal, slot, (chunk, row) => { chunk.fold(row, point); });
      hours?.add(Math.floor((slot * key.stepSeconds) / HOUR_SECONDS));
      if (slot > signal.newestSlot) signal.newestSlot = slot;
      stored++;
    }
    return { stored, droppedLate: points.length - stored, droppedInvalid: 0 };
  }

  importPoints(key: SignalKey, points: readonly HistoryPoint[]): AppendSummary {
    const signal = this.open(key, false);
    const hours = this.#hoursOf(signal);
    const replaced = new Set<number>();
    for (const point of points) {
      const slot = Math.floor(point.timeSeconds / key.stepSeconds);
      const again = replaced.has(slot);
      this.#at(signal, slot, (chunk, row) => {
        if (again) chunk.fold(row, point);
        else chunk.set(row, point);
      });
      replaced.add(slot);
      hours?.add(Math.floor((slot * key.stepSeconds) / HOUR_SECONDS));
      if (slot > signal.newestSlot) signal.newestSlot = slot;
    }
    return { stored: points.length, droppedLate: 0, droppedInvalid: 0 };
  }

  read(key: SignalKey, fromSeconds: number, toSeconds: number): Series {
    const step = key.stepSeconds;
    const first = Math.ceil(fromSeconds / step);
    const end = Math.max(first, Math.ceil(toSeconds / step));
    const values = new Float64Array(end - first).fill(NaN);
    for (const { chunk, chunkStart, from, to } of this.#chunks(key, first, end)) {
      values.set(chunk.means.subarray(from - chunkStart, to - chunkStart), from - first);
    }
    return { startSeconds: first * step, stepSeconds: step, values };
  }

  readPoints(key: SignalKey, fromSeconds: number, toSeconds: number): HistoryPoint[] {
    const step = key.stepSeconds;
    const points: HistoryPoint[] = [];
    for (const { chunk, chunkStart, from, to } of this.#chunks(key, Math.ceil(fromSeconds / step), Math.ceil(toSeconds / step))) {
      for (let slot = from; slot < to; slot++) {
        if (chunk.has(slot - chunkStart)) points.push(chunk.pointAt(slot - chunkStart, slot * step));
      }
    }
    return points;
  }

  /** Chunks that changed since the last call; only each signal's newest chunk stays in memory. */
  takeDirty(): DirtyChunk[] {
    this.#makeHours();
    const dirty: DirtyChunk[] = [];
    for (const signal of this.#signals.values()) {
      const held = this.#held.get(signal.id);
      if (held === undefined) continue;
      const newest = chunkOf(signal, signal.newestSlot);
      for (const [index, entry] of held) {
        if (entry.dirty) dirty.push({ signal, index, chunk: entry.chunk });
        entry.dirty = false;
        if (index !== newest) held.delete(index);
      }
    }
    return dirty;
  }

  /** Forgets chunks below an index, and the signal with its last one; returns how many were in memory. */
  dropBelow(signal: SignalState, index: number): number {
    this.#makeHours();
    const held = this.#held.get(signal.id);
    let dropped = 0;
    for (const at of held?.keys() ?? []) if (at < index && held?.delete(at) === true) dropped++;
    if (chunkOf(signal, signal.newestSlot) < index) {
      this.#signals.delete(keyText(signal.key));
      this.#held.delete(signal.id);
    }
    return dropped;
  }

  #hoursOf(signal: SignalState): Set<number> | undefined {
    if (signal.key.stepSeconds >= HOUR_SECONDS) return undefined;
    let hours = this.#staleHours.get(signal);
    if (hours === undefined) {
      this.open({ ...signal.key, stepSeconds: HOUR_SECONDS }, true);
      this.#staleHours.set(signal, (hours = new Set()));
    }
    return hours;
  }

  /** Each hour that changed is made anew from its steps: mean by coverage, so that a gap weighs nothing. */
  #makeHours(): void {
    for (const [signal, hours] of this.#staleHours) {
      this.#staleHours.delete(signal);
      const hourly = this.open({ ...signal.key, stepSeconds: HOUR_SECONDS }, true);
      if (!hourly.derived) continue;
      for (const hour of hours) {
        const steps = this.readPoints(signal.key, hour * HOUR_SECONDS, (hour + 1) * HOUR_SECONDS);
        if (steps.length === 0) continue;
        const point = summarize(steps, signal.key.stepSeconds, hour * HOUR_SECONDS);
        this.#at(hourly, hour, (chunk, row) => { chunk.set(row, point); });
        if (hour > hourly.newestSlot) hourly.newestSlot = hour;
      }
    }
  }

  #at(signal: SignalState, slot: number, change: (chunk: Chunk, row: number) => void): void {
    const rows = chunkRows(signal.key.stepSeconds);
    const index = Math.floor(slot / rows);
    const held = this.#hold(signal, index) ?? this.#keep(signal, index, new Chunk(rows));
    held.dirty = true;
    change(held.chunk, slot - index * rows);
  }

  #hold(signal: SignalState, index: number): HeldChunk | undefined {
    const held = this.#held.get(signal.id)?.get(index);
    if (held !== undefined) return held;
    const stored = this.#load(signal, index);
    return stored === undefined ? undefined : this.#keep(signal, index, stored);
  }

  #keep(signal: SignalState, index: number, chunk: Chunk): HeldChunk {
    const entry = { chunk, dirty: false };
    const held = this.#held.get(signal.id);
    if (held === undefined) this.#held.set(signal.id, new Map([[index, entry]]));
    else held.set(index, entry);
    return entry;
  }

  /** The chunks that hold slots of [first, end), each with the part of the span in it. */
  *#chunks(key: SignalKey, first: number, end: number): Generator<{ chunk: Chunk; chunkStart: number; from: number; to: number }> {
    if (key.stepSeconds === HOUR_SECONDS && this.#staleHours.size > 0) this.#makeHours();
    const signal = this.find(key);
    if (signal === undefined) return;
    const rows = chunkRows(key.stepSeconds);
    const last = Math.min(end, signal.newestSlot + 1);
    for (let index = Math.floor(first / rows); index * rows < last; index++) {
      const chunk = this.#held.get(signal.id)?.get(index)?.chunk ?? this.#load(signal, index);
      if (chunk !== undefined) yield { chunk, chunkStart: index * rows, from: Math.max(first, index * rows), to: Math.min(last, (index + 1) * rows) };
    }
  }
}

function summarize(points: readonly HistoryPoint[], stepSeconds: number, timeSeconds: number): HistoryPoint {
  let [weighted, covered, count, plain, min, max] = [0, 0, 0, 0, Infinity, -Infinity];
  for (const point of points) {
    weighted += point.mean * point.coverage;
    covered += point.coverage;
    plain += point.mean;
    count += point.count;
    min = Math.min(min, point.min);
    max = Math.max(max, point.max);
  }
  const mean = covered > 0 ? weighted / covered : plain / points.length;
  return { timeSeconds, mean, min, max, count, coverage: Math.min(1, (covered * stepSeconds) / HOUR_SECONDS) };
}

function chunkOf(signal: SignalState, slot: number): number {
  return Math.floor(slot / chunkRows(signal.key.stepSeconds));
}

/** The first chunk of a signal that a retention keeps. */
export function firstKeptChunk(signal: SignalState, beforeSeconds: number, hourlyBeforeSeconds: number): number {
  const cut = signal.key.stepSeconds < HOUR_SECONDS ? beforeSeconds : hourlyBeforeSeconds;
  return chunkOf(signal, Math.floor(cut / signal.key.stepSeconds));
}

/** A text that two keys share only when they are equal. */
export function keyText(key: SignalKey): string {
  return `${key.target}\u0000${key.signal}\u0000${String(key.stepSeconds)}`;
}

/** Why a key cannot be stored under, or undefined. */
export function keyProblem(key: SignalKey): string | undefined {
  if (key.target === "" || key.signal === "") return "a signal needs a target and a name";
  if (`${key.target}${key.signal}`.includes("\u0000")) return "a signal's names may not hold a NUL";
  if (!Number.isSafeInteger(key.stepSeconds) || key.stepSeconds < 1) return `stepSeconds must be whole seconds of 1 or more, not ${String(key.stepSeconds)}`;
  return undefined;
}

/** The newest time that a point of a key may have: two steps and a minute after now, so that senders' clocks may differ a little. */
export function latestSeconds(key: SignalKey, now: (() => number) | undefined): number {
  return now === undefined ? Infinity : now() + LATE_INTERVALS * key.stepSeconds + 60;
}

/** The points that can be stored, oldest first: finite, min ≤ max, not after `latest` (epoch seconds). */
export function validPoints(points: readonly HistoryPoint[], latest: number): HistoryPoint[] {
  const valid = points.filter((point) =>
    Number.isFinite(point.timeSeconds) && point.timeSeconds >= 0 && point.timeSeconds <= latest &&
    Number.isFinite(point.mean) && Number.isFinite(point.min) && Number.isFinite(point.max) && point.min <= point.max &&
    Number.isFinite(point.count) && point.count >= 0 && point.coverage >= 0 && point.coverage <= 1);
  return valid.sort((a, b) => a.timeSeconds - b.timeSeconds);
}
