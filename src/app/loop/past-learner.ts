import { setImmediate as turn } from "node:timers/promises";

import { CONTROL_MODELS } from "../../../forecasts/models/lead-ridge-forecaster.ts";
import type { FitResult } from "../../../forecasts/forecaster.ts";
import type { Policy } from "../../model/policy.ts";
import type { Series } from "../../model/series.ts";
import { warmUpTicks, type WarmUpFit } from "../../replay/warm-up.ts";
import { initialGroupState } from "../../step.ts";
import type { FitJob } from "../forecasts/fit-pool.ts";
import type { GroupRuntime } from "./group-runtime.ts";

export interface PastLearnerParts {
  nowSeconds(): number;
  /** Demand of the past, up to a time; undefined where it cannot be read. */
  history(policy: Policy, upToSeconds: number): Promise<Series | undefined>;
  fit(job: FitJob): Promise<FitResult>;
  onLearned(group: string, learned: { readonly days: number }): void;
  /** An exception: a bug. The group goes on with what it sees. */
  onError(group: string, error: unknown): void;
}

/** On the loop's own thread at most so long at a stretch: requests and passes come between. */
const SLICE_MILLISECONDS = 4;
/** A fit of so few takes some 20 ms, less than the start of a thread. */
const FEW_ROWS = 4_096;
/** A past is learned where it holds so many times more than the state has watched. */
const WORTH_LEARNING = 2;

/**
 * Lets groups that have watched for little learn from the demand of the past, one after the other, beside the loop: they decide
 * from what is measured meanwhile, as a young target does. The state that has learned is then shown what came meanwhile; what it knows of the demand is taken over.
 */
export class PastLearner {
  readonly #parts: PastLearnerParts;
  readonly #waiting: GroupRuntime[] = [];
  #seenShare = 0;
  #current: GroupRuntime | undefined;
  #isRunning = false;
  #closed = false;

  constructor(parts: PastLearnerParts) {
    this.#parts = parts;
  }

  add(group: GroupRuntime): void {
    this.#waiting.push(group);
    if (!this.#isRunning) void this.#run();
  }

  /** A group that runs no more has nothing to learn. */
  remove(group: GroupRuntime): void {
    group.nothingLearned();
    const at = this.#waiting.indexOf(group);
    if (at >= 0) this.#waiting.splice(at, 1);
    if (this.#current === group) this.#current = undefined;
  }

  /** The group that is learning, how much of its past it has seen, and how many wait; undefined where none is. */
  get progress(): { readonly group: string; readonly seenShare: number; readonly waiting: number } | undefined {
    return this.#current && { group: this.#current.group, seenShare: this.#seenShare, waiting: this.#waiting.length };
  }

  /** What is being learned is dropped: the next start learns it. */
  close(): void {
    this.#closed = true;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let group = this.#waiting.shift(); group !== undefined && !this.#closed; group = this.#waiting.shift()) {
      this.#current = group;
      this.#seenShare = 0;
      try {
        await this.#learn(group);
      } catch (error) {
        group.nothingLearned();
        this.#parts.onError(group.group, error);
      }
    }
    this.#current = undefined;
    this.#isRunning = false;
  }

  async #learn(group: GroupRuntime): Promise<void> {
    const { policies } = group;
    // The history tells up to here; from here on the group's own passes do.
    group.rememberPasses();
    const histories = await this.#worthLearning(group, this.#parts.nowSeconds());
    if (histories.size === 0) {
      group.nothingLearned();
      return;
    }
    const ticks = warmUpTicks(initialGroupState(group.group, policies), policies, histories);
    let tick = ticks.next([]);
    let sliceEnds = performance.now() + SLICE_MILLISECONDS;
    while (tick.done !== true) {
      const { fits, seenShare } = tick.value;
      this.#seenShare = seenShare;
      const made = fits.length === 0 ? [] : await Promise.all(fits.map((fit) => this.#make(fit)));
      if (performance.now() >= sliceEnds) {
        await turn();
        sliceEnds = performance.now() + SLICE_MILLISECONDS;
      }
      if (this.#closed || this.#current !== group) return;
      tick = ticks.next(made);
    }
    group.learned(tick.value);
    this.#parts.onLearned(group.group, { days: Math.max(...[...histories.values()].map(({ stepSeconds, values }) => (stepSeconds * values.length) / 86_400)) });
  }

  async #make({ modelId, input }: WarmUpFit): Promise<FitResult> {
    if (input.series.values.length > FEW_ROWS) return await this.#parts.fit({ forecasterId: modelId, input });
    return CONTROL_MODELS[modelId]?.fit(input) ?? { ok: false, reason: `no model is named ${modelId}` };
  }

  /** The histories of the targets for which the past knows more than the state has watched. */
  async #worthLearning({ policies, state }: GroupRuntime, upToSeconds: number): Promise<ReadonlyMap<string, Series>> {
    const histories = new Map<string, Series>();
    for (const policy of policies) {
      const series = await this.#parts.history(policy, upToSeconds);
      if (series === undefined) continue;
      const model = state.targets[policy.name]?.model;
      const watchedSeconds = model === undefined ? 0 : model.rows * model.spec.rowSeconds;
      const knownRows = series.values.reduce((rows, value) => (Number.isNaN(value) ? rows : rows + 1), 0);
      if (knownRows * series.stepSeconds > WORTH_LEARNING * watchedSeconds) histories.set(policy.name, series);
    }
    return histories;
  }
}
