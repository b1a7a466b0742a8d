import { Controller, Inject, Res } from "@nestjs/common";
import type { FastifyReply } from "fastify";
import type { DaemonView } from "../status/daemon-view.ts";
import { explain } from "./explain.ts";
import { Serves, Validated, type Input } from "./operation.ts";
import * as operations from "./operations.ts";
import { PageCache } from "./page-cache.ts";
import { ProblemError } from "./problem.ts";
import { DAEMON_VIEW } from "./tokens.ts";
import { targetOrProblem, valueOrProblem } from "./wire.ts";

/** What was decided and why; all of it read from the journal. */
@Controller()
export class DecisionsController {
  readonly #view: DaemonView;
  readonly #pages: PageCache;

  constructor(@Inject(DAEMON_VIEW) view: DaemonView) {
    this.#view = view;
    this.#pages = new PageCache(view);
  }

  @Serves(operations.listDecisions)
  async list(@Validated() { query }: Input<typeof operations.listDecisions>, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const { from, to, target, kind, cursor, limit } = query;
    const text = await this.#pages.text({
      limit,
      ...(target === undefined ? {} : { target }),
      ...(kind === undefined ? {} : { kind }),
      ...(from === undefined ? {} : { fromSeconds: from }),
      ...(to === undefined ? {} : { toSeconds: to }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    void reply.type("application/json; charset=utf-8");
    return text;
  }

  @Serves(operations.getDecision)
  async get(@Validated() { params }: Input<typeof operations.getDecision>) {
    const { decision, outcomes } = valueOrProblem(await this.#view.decisions.decision(params.decision));
    return { decision, outcomes };
  }

  @Serves(operations.explainDecision)
  async explain(@Validated() { params, query }: Input<typeof operations.explainDecision>) {
    return explain(valueOrProblem(await this.#view.decisions.decision(params.decision)), query.whyNot);
  }

  @Serves(operations.explainTarget)
  async explainNewest(@Validated() { params, query }: Input<typeof operations.explainTarget>) {
    const { target } = targetOrProblem(this.#view, params.target);
    const { decisions } = valueOrProblem(await this.#view.decisions.decisions({ target, limit: 1 }));
    const newest = decisions[0];
    if (newest === undefined) throw new ProblemError("not-found", `nothing has been decided for "${target}" yet`);
    return explain(valueOrProblem(await this.#view.decisions.decision(newest.decision.id)), query.whyNot);
  }
}
