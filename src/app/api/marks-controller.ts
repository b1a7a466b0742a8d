import { createHash } from "node:crypto";
import { Controller, Inject } from "@nestjs/common";
import type { DaemonView } from "../status/daemon-view.ts";
import type { TargetMark } from "../forecasts/mark-book.ts";
import { requireMatch } from "./entity-tag.ts";
import { Serves, Validated, type Input } from "./operation.ts";
import * as operations from "./operations.ts";
import { ProblemError } from "./problem.ts";
import { DAEMON_VIEW } from "./tokens.ts";
import { targetOrProblem, valueOrProblem } from "./wire.ts";

/** How good forecasts have been, and what they do not learn from. */
@Controller()
export class MarksController {
  readonly #view: DaemonView;

  constructor(@Inject(DAEMON_VIEW) view: DaemonView) {
    this.#view = view;
  }

  @Serves(operations.getForecastQuality)
  quality(@Validated() { params }: Input<typeof operations.getForecastQuality>) {
    const quality = this.#view.forecastQuality(params.target);
    if (quality === undefined) throw new ProblemError("not-found", `there is no target "${params.target}"`);
    return { target: params.target, ...quality };
  }

  @Serves(operations.listMarks)
  list(@Validated() { params }: Input<typeof operations.listMarks>) {
    return { items: this.#view.marks(targetOrProblem(this.#view, params.target).target) };
  }

  @Serves(operations.addMark)
  async add(@Validated() { params, body, header }: Input<typeof operations.addMark>) {
    const { target } = targetOrProblem(this.#view, params.target);
    const id = `m-${createHash("sha256").update(header("idempotency-key") ?? "").digest("hex").slice(0, 16)}`;
    const mark: TargetMark = { id, target, ...body, createdAtSeconds: this.#view.now(), automatic: false };
    const stored = valueOrProblem(await this.#view.addMark(mark));
    if (stored.target !== target || stored.fromSeconds !== body.fromSeconds || stored.kind !== body.kind) throw new ProblemError("key-reused", "the key belongs to another mark; take a new one");
    return stored;
  }

  @Serves(operations.getMark)
  get(@Validated() { params }: Input<typeof operations.getMark>) {
    return this.#markOrProblem(params.mark);
  }

  @Serves(operations.undoMark)
  async undo(@Validated() { params, query, header }: Input<typeof operations.undoMark>) {
    requireMatch(header("if-match"), this.#markOrProblem(params.mark));
    return valueOrProblem(await this.#view.undoMark(params.mark, query));
  }

  #markOrProblem(id: string): TargetMark {
    const mark = this.#view.mark(id);
    if (mark === undefined) throw new ProblemError("not-found", `there is no mark "${id}" in force`);
    return mark;
  }
}
