import { Controller, Inject } from "@nestjs/common";
import type { DaemonView } from "../status/daemon-view.ts";
import { Serves, Validated, type Input } from "./operation.ts";
import * as operations from "./operations.ts";
import { ProblemError } from "./problem.ts";
import { DAEMON_VIEW } from "./tokens.ts";
import { forecastOnWire, historyOnWire, targetOrProblem, valueOrProblem } from "./wire.ts";

const DEFAULT_HISTORY_SECONDS = 3_600;

/** What the targets are and were, and what is forecast for them. */
@Controller()
export class TargetsController {
  readonly #view: DaemonView;

  constructor(@Inject(DAEMON_VIEW) view: DaemonView) {
    this.#view = view;
  }

  @Serves(operations.listTargets)
  list(@Validated() { query }: Input<typeof operations.listTargets>) {
    const items = this.#view.targets().filter((status) => query.group === undefined || status.group === query.group);
    return { items };
  }

  @Serves(operations.getTarget)
  get(@Validated() { params }: Input<typeof operations.getTarget>) {
    return targetOrProblem(this.#view, params.target);
  }

  @Serves(operations.getHistory)
  async history(@Validated() { params, query }: Input<typeof operations.getHistory>) {
    targetOrProblem(this.#view, params.target);
    const to = query.to ?? this.#view.now();
    const from = query.from ?? to - DEFAULT_HISTORY_SECONDS;
    return historyOnWire(params.target, valueOrProblem(await this.#view.history(params.target, from, to)));
  }

  @Serves(operations.getForecast)
  forecast(@Validated() { params }: Input<typeof operations.getForecast>) {
    const { target } = targetOrProblem(this.#view, params.target);
    const forecast = this.#view.forecast(target);
    if (forecast === undefined) throw new ProblemError("not-found", `"${target}" has no forecast yet`);
    return forecastOnWire(target, forecast);
  }

  @Serves(operations.listComparisons)
  comparisons(@Validated() { query }: Input<typeof operations.listComparisons>) {
    const names = query.target ?? this.#view.targets().map((status) => status.target);
    return { items: names.flatMap((name) => this.#view.comparison(name) ?? []) };
  }

  @Serves(operations.listForecasts)
  forecasts(@Validated() { query }: Input<typeof operations.listForecasts>) {
    const names = query.target ?? this.#view.targets().map((status) => status.target);
    const items = names.flatMap((name) => {
      const forecast = this.#view.forecast(name);
      return forecast === undefined ? [] : [forecastOnWire(name, forecast)];
    });
    return { items };
  }
}
