import { inspect } from "node:util";

const REDACTED = "[REDACTED]";

/** A text that no log, error, dump or JSON shows; `reveal()` is the only way to it. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
