import { setImmediate as nextTurn } from "node:timers/promises";
import { crc32, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { parseCanonicalJson, toJsonData } from "../model/canonical-json.ts";
import type { Intent, Outcome } from "../model/intent.ts";
import type { JournalFiles } from "./journal-files.ts";
import { DamagedSegment, HEADER } from "./segment-format.ts";
import { type IndexColumns, SegmentIndex } from "./segment-index.ts";

/** Small enough that one decision costs one or two blocks, large enough to find what repeats. */
const BLOCK_BYTES = 64 * 2 ** 10;
/** Blocks of a file that stay in memory: neighbouring reads overlap. */
const KNOWN_BLOCKS = 4;
const MAGIC = Buffer.from("ftsealed");
/** Length and CRC-32 of the summary, then the magic. */
const FOOTER_BYTES = 16;

/** A compressed part of the file. */
interface Section {
  readonly at: number;
  readonly length: number;
  readonly crc: number;
}

/** The last part of a sealed file: all that is kept in memory of it. */
export interface SealedSummary {
  readonly firstSequence: number;
  readonly records: number;
  /** Bytes of the segment before it was sealed: offsets count in them. */
  readonly size: number;
  readonly oldestSeconds: number;
  readonly newestSeconds: number;
  readonly blocks: readonly Section[];
  readonly columns: Readonly<Record<keyof IndexColumns, Section>>;
  readonly texts: Section;
  readonly effects: Section;
}

/** What a journal must know of all its segments when it opens. */
export interface Effects {
  readonly intents: readonly Intent[];
  readonly outcomes: readonly Outcome[];
  readonly checkpoints: readonly (readonly [string, number])[];
}

interface Texts {
  readonly groups: readonly string[];
  readonly targets: readonly string[];
  readonly kinds: readonly string[];
  readonly contents: readonly (readonly [string, number])[];
}

const COLUMN_TYPES = {
  offset: Uint32Array, previous: Uint32Array, group: Uint32Array, record: Uint32Array, ordinal: Uint32Array,
  target: Uint32Array, kind: Uint8Array, time: Float64Array, hash: Uint32Array,
} as const;
const COLUMN_NAMES = Object.keys(COLUMN_TYPES) as (keyof IndexColumns)[];

export interface SealInput {
  readonly index: SegmentIndex;
  readonly oldestSeconds: number;
  readonly newestSeconds: number;
  /** The segment's bytes. */
  readonly raw: Buffer;
}

/** The bytes of a sealed file: header, blocks of the segment, its index, a summary. Lets others have their turn between blocks. */
export async function sealedBytes({ index, oldestSeconds, newestSeconds, raw }: SealInput): Promise<Buffer> {
  const parts: Buffer[] = [HEADER];
  let at = HEADER.length;
  const put = (bytes: Uint8Array): Section => {
    const packed = zstdCompressSync(bytes);
    const section = { at, length: packed.length, crc: crc32(packed) };
    parts.push(packed);
    at += packed.length;
    return section;
  };
  const putJson = (value: unknown): Section => put(Buffer.from(JSON.stringify(toJsonData(value))));
  const blocks: Section[] = [];
  for (let from = 0; from < raw.length; from += BLOCK_BYTES) {
    blocks.push(put(raw.subarray(from, from + BLOCK_BYTES)));
    await nextTurn();
  }
  const { groups, targets, kinds, contents, intents, outcomes, checkpoints } = index.texts;
  const columns = Object.fromEntries(COLUMN_NAMES.map((name) => [name, put(new Uint8Array(COLUMN_TYPES[name].from(index.columns[name]).buffer))]));
  const texts = putJson({ groups, targets, kinds, contents: [...contents] } satisfies Texts);
  const effects = putJson({ intents, outcomes, checkpoints: [...checkpoints] } satisfies Effects);
  const summary = Buffer.from(JSON.stringify(toJsonData({ firstSequence: index.firstSequence, records: index.records, size: raw.length, oldestSeconds, newestSeconds, blocks, columns, texts, effects })));
  const footer = Buffer.alloc(FOOTER_BYTES);
  footer.writeUInt32LE(summary.length, 0);
  footer.writeUInt32LE(crc32(summary), 4);
  MAGIC.copy(footer, 8);
  return Buffer.concat([...parts, summary, footer]);
}

/** A sealed segment's file. Reading throws DamagedSegment where its bytes are not what was written. */
export class SealedFile {
  readonly name: string;
  readonly bytes: number;
  readonly summary: SealedSummary;
  readonly #files: JournalFiles;
  readonly #blocks = new Map<number, Buffer>();

  private constructor(files: JournalFiles, name: string, known: { readonly bytes: number; readonly summary: SealedSummary }) {
    this.#files = files;
    this.name = name;
    this.bytes = known.bytes;
    this.summary = known.summary;
  }

  static async open(files: JournalFiles, name: string): Promise<SealedFile> {
    const bytes = await files.size(name);
    const footer = await files.read(name, Math.max(0, bytes - FOOTER_BYTES), FOOTER_BYTES);
    if (footer.length < FOOTER_BYTES || !footer.subarray(8).equals(MAGIC)) throw new DamagedSegment(`${name} has no end that tells what is in it`);
    const length = footer.readUInt32LE(0);
    const summary = await files.read(name, Math.max(0, bytes - FOOTER_BYTES - length), length);
    if (summary.length !== length || crc32(summary) !== footer.readUInt32LE(4)) throw new DamagedSegment(`${name}: its summary is damaged`);
    return new SealedFile(files, name, { bytes, summary: parseCanonicalJson(summary.toString()) as SealedSummary });
  }

  /** Bytes of the segment as it was before it was sealed. */
  async read(offset: number, length: number): Promise<Buffer> {
    const end = Math.min(offset + length, this.summary.size);
    const parts: Buffer[] = [];
    for (let number = Math.floor(offset / BLOCK_BYTES); number * BLOCK_BYTES < end; number++) {
      const block = await this.#block(number);
      const start = number * BLOCK_BYTES;
      parts.push(block.subarray(Math.max(0, offset - start), Math.min(block.length, end - start)));
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  }

  async index(): Promise<SegmentIndex> {
    const columns = {} as Record<keyof IndexColumns, ArrayLike<number>>;
    for (const name of COLUMN_NAMES) columns[name] = await this.#column(name);
    const texts = (await this.#json(this.summary.texts)) as Texts;
    const effects = await this.effects();
    return new SegmentIndex(this.summary.firstSequence, columns, {
      ...texts, ...effects, checkpoints: new Map(effects.checkpoints), contents: new Map(texts.contents),
    });
  }

  /** Whether a decision whose id has this CRC-32 may be here: reads one column. */
  async mayHold(hash: number): Promise<boolean> {
    return (await this.#column("hash")).includes(hash);
  }

  async effects(): Promise<Effects> {
    return (await this.#json(this.summary.effects)) as Effects;
  }

  async #column(name: keyof IndexColumns): Promise<Float64Array | Uint32Array | Uint8Array> {
    const bytes = Uint8Array.from(await this.#section(this.summary.columns[name]));
    return new COLUMN_TYPES[name](bytes.buffer);
  }

  async #json(section: Section): Promise<unknown> {
    return parseCanonicalJson((await this.#section(section)).toString());
  }

  async #block(number: number): Promise<Buffer> {
    let bytes = this.#blocks.get(number);
    if (bytes !== undefined) return bytes;
    const section = this.summary.blocks[number];
    if (section === undefined) throw new DamagedSegment(`${this.name} has no block ${String(number)}`);
    bytes = await this.#section(section);
    this.#blocks.set(number, bytes);
    const [oldest] = this.#blocks.keys();
    if (this.#blocks.size > KNOWN_BLOCKS && oldest !== undefined) this.#blocks.delete(oldest);
    return bytes;
  }

  async #section({ at, length, crc }: Section): Promise<Buffer> {
    const packed = await this.#files.read(this.name, at, length);
    if (packed.length !== length || crc32(packed) !== crc) throw new DamagedSegment(`${this.name} is damaged at byte ${String(at)}`);
    return zstdDecompressSync(packed);
  }
}
