/** What stands for every value beyond the cap. */
export const OTHER = "other";

/** Keeps a label's values to a number: the first ones seen keep their name, later ones share `other`, so that series stay bounded. */
export class LabelCap {
  readonly #seen = new Set<string>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  of(value: string): string {
    if (this.#seen.has(value)) return value;
    if (this.#seen.size >= this.#max) return OTHER;
    this.#seen.add(value);
    return value;
  }
}
