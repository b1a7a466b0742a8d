import { Controller, Inject, Res } from "@nestjs/common";
import type { FastifyReply } from "fastify";
import { focusCsv, showback, type CostRow } from "../../account/showback.ts";
import type { BudgetStatus } from "../../purchase/budget-watch.ts";
import type { DaemonView } from "../status/daemon-view.ts";
import { Serves, Validated, type Input } from "./operation.ts";
import * as operations from "./operations.ts";
import { ProblemError } from "./problem.ts";
import { DAEMON_VIEW } from "./tokens.ts";
import { targetOrProblem, valueOrProblem } from "./wire.ts";

const DEFAULT_SPAN_SECONDS = 86_400;
const MAX_SPAN_SECONDS = 396 * 86_400;
const MOST_ADVICE = 10;

interface SpanQuery {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly target?: readonly string[] | undefined;
}

/** Budgets, showback and right-sizing. */
@Controller()
export class MoneyController {
  readonly #view: DaemonView;

  constructor(@Inject(DAEMON_VIEW) view: DaemonView) {
    this.#view = view;
  }

  @Serves(operations.listBudgets)
  budgets() {
    return { items: this.#view.money.budgets().map(onWire) };
  }

  @Serves(operations.getShowback)
  async showback(@Validated() { query }: Input<typeof operations.getShowback>) {
    const { rows, fromSeconds, toSeconds } = await this.#rows(query);
    const items = [...showback(rows, query.tag)].map(([value, sums]) => ({ value, ...sums }));
    return { tag: query.tag, fromSeconds, toSeconds, items };
  }

  @Serves(operations.getFocus)
  async focus(@Validated() { query }: Input<typeof operations.getFocus>, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const { rows } = await this.#rows(query);
    void reply.type("text/csv; charset=utf-8").header("content-disposition", 'attachment; filename="focus.csv"');
    return focusCsv(rows);
  }

  @Serves(operations.listRightSizing)
  rightSizing(@Validated() { query }: Input<typeof operations.listRightSizing>) {
    const sizings = this.#view.money.sizings().filter(({ target }) => query.target?.includes(target) !== false);
    return { items: sizings.map((sizing) => ({ ...sizing, advice: sizing.advice.slice(0, MOST_ADVICE) })) };
  }

  async #rows({ from, to, target }: SpanQuery): Promise<{ readonly rows: readonly CostRow[]; readonly fromSeconds: number; readonly toSeconds: number }> {
    for (const name of target ?? []) targetOrProblem(this.#view, name);
    const toSeconds = to ?? this.#view.now();
    const fromSeconds = from ?? toSeconds - DEFAULT_SPAN_SECONDS;
    if (toSeconds - fromSeconds > MAX_SPAN_SECONDS) throw new ProblemError("bad-request", "a span of more than 396 days: the account is not kept longer");
    return { rows: valueOrProblem(await this.#view.money.costs({ fromSeconds, toSeconds, targets: target })), fromSeconds, toSeconds };
  }
}

/** What is not known is null, never a zero. */
function onWire(budget: BudgetStatus) {
  return budget.unknown === undefined ? budget : { ...budget, spent: null, spentShare: null, forecast: null, forecastLow: null, forecastHigh: null };
}
