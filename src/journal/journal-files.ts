import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";

/** The few things that a journal does to its folder; each may reject with the error of the system. A test wraps it to fail or die at any of them. */
export interface JournalFiles {
  list(): Promise<string[]>;
  size(name: string): Promise<number>;
  read(name: string, offset: number, length: number): Promise<Buffer>;
  /** Writes at the end. */
  append(name: string, bytes: Uint8Array): Promise<void>;
  /** Makes the file's bytes durable. */
  sync(name: string): Promise<void>;
  truncate(name: string, size: number): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** Makes names that came, changed or went durable. */
  syncFolder(): Promise<void>;
  close(): Promise<void>;
}

export class NodeJournalFiles implements JournalFiles {
  readonly #folder: string;
  readonly #writers = new Map<string, FileHandle>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async list(): Promise<string[]> {
    await mkdir(this.#folder, { recursive: true });
    return (await readdir(this.#folder)).sort();
  }

  async size(name: string): Promise<number> {
    return (await stat(join(this.#folder, name))).size;
  }

  async read(name: string, offset: number, length: number): Promise<Buffer> {
    const handle = await open(join(this.#folder, name), "r");
    try {
      const buffer = Buffer.allocUnsafe(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return buffer.subarray(0, filled);
    } finally {
      await handle.close();
    }
  }

  async append(name: string, bytes: Uint8Array): Promise<void> {
    const handle = await this.#writer(name);
    for (let written = 0; written < bytes.byteLength;) {
      written += (await handle.write(bytes, written)).bytesWritten;
    }
  }

  async sync(name: string): Promise<void> {
    await (await this.#writer(name)).datasync();
  }

  async truncate(name: string, size: number): Promise<void> {
    const handle = await this.#writer(name);
    await handle.truncate(size);
    await handle.datasync();
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#release(from);
    await this.#release(to);
    await rename(join(this.#folder, from), join(this.#folder, to));
  }

  async remove(name: string): Promise<void> {
    await this.#release(name);
    await rm(join(this.#folder, name), { force: true });
  }

  async syncFolder(): Promise<void> {
    // Windows keeps names without this, and cannot open a folder.
    if (process.platform === "win32") return;
    const handle = await open(this.#folder, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  async close(): Promise<void> {
    for (const handle of this.#writers.values()) await handle.close();
    this.#writers.clear();
  }

  async #writer(name: string): Promise<FileHandle> {
    const known = this.#writers.get(name);
    if (known !== undefined) return known;
    const handle = await open(join(this.#folder, name), "a");
    this.#writers.set(name, handle);
    return handle;
  }

  async #release(name: string): Promise<void> {
    await this.#writers.get(name)?.close();
    this.#writers.delete(name);
  }
}
