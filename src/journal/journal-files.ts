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

/** Files that stay open for reading. */
const OPEN_READERS = 16;

export class NodeJournalFiles implements JournalFiles {
  readonly #folder: string;
  readonly #readers = new Map<string, Promise<FileHandle>>();
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
    try {
      return await readFully(await this.#reader(name), offset, length);
    } catch (error) {
      // Another reader's file may have pushed this one out in between.
      if (!(error instanceof Error && "code" in error && error.code === "EBADF")) throw error;
      return readFully(await this.#reader(name), offset, length);
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
    for (const name of new Set([...this.#writers.keys(), ...this.#readers.keys()])) await this.#release(name);
  }

  async #writer(name: string): Promise<FileHandle> {
    const known = this.#writers.get(name);
    if (known !== undefined) return known;
    const handle = await open(join(this.#folder, name), "a");
    this.#writers.set(name, handle);
    return handle;
  }

  #reader(name: string): Promise<FileHandle> {
    const handle = this.#readers.get(name) ?? open(join(this.#folder, name), "r");
    this.#readers.delete(name);
    this.#readers.set(name, handle);
    handle.catch(() => this.#readers.delete(name));
    const [oldest] = this.#readers.keys();
    if (this.#readers.size > OPEN_READERS && oldest !== undefined) void this.#closeReader(oldest);
    return handle;
  }

  /** Reads that are under way are waited for. */
  async #closeReader(name: string): Promise<void> {
    const reader = this.#readers.get(name);
    this.#readers.delete(name);
    await reader?.then((handle) => handle.close(), () => undefined);
  }

  async #release(name: string): Promise<void> {
    await this.#closeReader(name);
    await this.#writers.get(name)?.close();
    this.#writers.delete(name);
  }
}

async function readFully(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
