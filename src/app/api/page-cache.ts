import type { DecisionPage, DecisionQuery } from "../../journal/journal.ts";
import type { Result } from "../../model/result.ts";
import type { DaemonView } from "../status/daemon-view.ts";
import { valueOrProblem } from "./wire.ts";

const MAX_PAGES = 500;
/** However quiet the events are, no page is older. */
const MAX_AGE_MILLISECONDS = 2_000;

interface CachedPage {
  readonly target: string | undefined;
  readonly madeAt: number;
  readonly text: Promise<string>;
}

/** Pages of decisions as the JSON that is sent, kept until something is decided, or comes out, that they would show. */
export class PageCache {
  readonly #read: (query: DecisionQuery) => Promise<Result<DecisionPage>>;
  readonly #pages = new Map<string, CachedPage>();

  constructor(view: Pick<DaemonView, "decisions" | "subscribe">) {
    this.#read = (query) => view.decisions.decisions(query);
    view.subscribe((event) => {
      if (event.type === "decision" || event.type === "outcome") this.#forget(event.target);
    });
  }

  /** The JSON of `{ items, nextCursor }`; throws the problem that the journal's failure stands for. */
  text(query: DecisionQuery): Promise<string> {
    const key = JSON.stringify(query);
    const known = this.#pages.get(key);
    if (known !== undefined && performance.now() - known.madeAt < MAX_AGE_MILLISECONDS) return known.text;
    const text = this.#read(query).then((page) => {
      const { decisions, nextCursor } = valueOrProblem(page);
      return JSON.stringify({ items: decisions, nextCursor });
    });
    this.#pages.delete(key);
    this.#pages.set(key, { target: query.target, madeAt: performance.now(), text });
    const [oldest] = this.#pages.keys();
    if (this.#pages.size > MAX_PAGES && oldest !== undefined) this.#pages.delete(oldest);
    text.catch(() => this.#pages.delete(key));
    return text;
  }

  #forget(target: string): void {
    for (const [key, page] of this.#pages) if (page.target === undefined || page.target === target) this.#pages.delete(key);
  }
}
