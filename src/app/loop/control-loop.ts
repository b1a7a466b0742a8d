import type { Clock } from "../clock.ts";
import type { GroupRuntime, PassResult } from "./group-runtime.ts";

export interface ControlLoopOptions {
  readonly clock: Clock;
  /** Called after each pass, in order; an exception of a pass is a bug: it is told here and the loop goes on. */
  onPass(group: GroupRuntime, result: PassResult, latencySeconds: number): void;
  onError(group: GroupRuntime, error: unknown): void;
}

/**
 * Wakes each group at the multiples of its evaluation interval, and at once when a notice comes. A pass that is still under
 * way is never overtaken: the tick that it covers is left out.
 */
export class ControlLoop {
  readonly #options: ControlLoopOptions;
  readonly #timers = new Map<GroupRuntime, NodeJS.Timeout>();
  readonly #busy = new Map<GroupRuntime, Promise<void>>();
  #stopped = false;

  constructor(options: ControlLoopOptions) {
    this.#options = options;
  }

  add(group: GroupRuntime): void {
    this.#schedule(group);
  }

  async remove(group: GroupRuntime): Promise<void> {
    clearTimeout(this.#timers.get(group));
    this.#timers.delete(group);
    await this.#busy.get(group);
  }

  /** A pass out of turn, for a notice; resolves when it is done. */
  wake(group: GroupRuntime): Promise<void> {
    return this.#run(group, this.#options.clock.nowSeconds(), "notice");
  }

  /** Ends the ticking; resolves when no pass is under way any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    await Promise.all(this.#busy.values());
  }

  #schedule(group: GroupRuntime): void {
    if (this.#stopped) return;
    const interval = intervalOf(group);
    const now = this.#options.clock.nowSeconds();
    const next = (Math.floor(now / interval) + 1) * interval;
    this.#timers.set(group, setTimeout(() => {
      this.#schedule(group);
      // A clock that was set meanwhile, or a host that was suspended: the tick is that of the time that it is now.
      const late = this.#options.clock.nowSeconds() - next;
      const at = Math.abs(late) < interval ? next : next + Math.floor(late / interval) * interval;
      if (!this.#busy.has(group)) void this.#run(group, at, "tick");
    }, (next - now) * 1000));
  }

  #run(group: GroupRuntime, timeSeconds: number, wake: "tick" | "notice"): Promise<void> {
    const work = (async () => {
      try {
        const result = await group.pass(timeSeconds, wake);
        if (result !== undefined) this.#options.onPass(group, result, Math.max(0, this.#options.clock.nowSeconds() - timeSeconds));
      } catch (error) {
        this.#options.onError(group, error);
      }
    })();
    const done = work.finally(() => {
      if (this.#busy.get(group) === done) this.#busy.delete(group);
    });
    this.#busy.set(group, done);
    return done;
  }
}

/** Targets of one group are decided together, at the shortest of their intervals. */
function intervalOf(group: GroupRuntime): number {
  return Math.min(...group.policies.map((policy) => policy.evaluationIntervalSeconds));
}
