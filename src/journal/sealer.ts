import type { JournalFiles } from "./journal-files.ts";
import { SealedFile, sealedBytes } from "./sealed-file.ts";
import type { Segment } from "./segment.ts";
import { segmentName, UNFINISHED } from "./segment-format.ts";

/** Seals full segments in the background, one after the other. One that cannot be sealed stays as it is until the next try. */
export class Sealer {
  readonly #files: JournalFiles;
  readonly #segments: readonly Segment[];
  #work: Promise<void> = Promise.resolve();
  #asked = false;

  constructor(files: JournalFiles, segments: readonly Segment[]) {
    this.#files = files;
    this.#segments = segments;
  }

  /** Asks for all segments but the newest to be sealed. */
  kick(): void {
    if (this.#asked || !this.#segments.some((segment) => this.#isFull(segment))) return;
    this.#asked = true;
    void this.exclusive(() => {
      this.#asked = false;
      return this.#sealAll();
    }).catch(() => undefined);
  }

  /** Runs work while nothing is being sealed. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#work.then(work);
    this.#work = result.then(() => undefined, () => undefined);
    return result;
  }

  /** Resolves when nothing is being sealed. */
  idle(): Promise<void> {
    return this.#work;
  }

  #isFull(segment: Segment): boolean {
    return segment.growing !== undefined && segment !== this.#segments.at(-1);
  }

  async #sealAll(): Promise<void> {
    for (const segment of [...this.#segments]) if (this.#isFull(segment)) await this.#seal(segment);
  }

  async #seal(segment: Segment): Promise<void> {
    const { growing } = segment;
    if (growing === undefined) return;
    const raw = await segment.read(0, segment.size);
    const bytes = await sealedBytes({ index: growing.view, oldestSeconds: growing.oldestSeconds, newestSeconds: growing.newestSeconds, raw });
    const name = segmentName(segment.firstSequence, "sealed");
    const before = segment.name;
    await this.#files.remove(name + UNFINISHED);
    await this.#files.append(name + UNFINISHED, bytes);
    await this.#files.sync(name + UNFINISHED);
    await this.#files.rename(name + UNFINISHED, name);
    await this.#files.syncFolder();
    segment.replaceBy(await SealedFile.open(this.#files, name));
    await this.#files.remove(before);
  }
}
