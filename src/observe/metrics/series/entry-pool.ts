/** Numbered entries with a unique text key. Ids are small integers, reused after a removal. Additions since `begin` can be rolled back. */
export class EntryPool<Entry> {
  readonly #ids = new Map<string, number>();
  readonly #entries: (Entry | undefined)[] = [];
  readonly #keys: string[] = [];
  readonly #free: number[] = [];
  #added: number[] = [];

  get size(): number {
    return this.#ids.size;
  }

  /** One more than the highest id in use. */
  get capacity(): number {
    return this.#entries.length;
  }

  begin(): void {
    this.#added = [];
  }

  /** Ids added since `begin`, oldest first. */
  added(): readonly number[] {
    return this.#added;
  }

  find(key: string): number {
    return this.#ids.get(key) ?? -1;
  }

  get(id: number): Entry | undefined {
    return this.#entries[id];
  }

  add(key: string, entry: Entry): number {
    const id = this.#free.pop() ?? this.#entries.length;
    this.#entries[id] = entry;
    this.#keys[id] = key;
    this.#ids.set(key, id);
    this.#added.push(id);
    return id;
  }

  remove(id: number): void {
    if (this.#entries[id] === undefined) return;
    this.#entries[id] = undefined;
    this.#ids.delete(this.#keys[id] as string);
    this.#keys[id] = "";
    this.#free.push(id);
  }

  rollback(): void {
    for (const id of this.#added.reverse()) this.remove(id);
    this.#added = [];
  }
}
