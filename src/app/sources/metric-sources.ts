import type { HistoryPoint } from "../../history/history-store.ts";
import { missing, type Observation } from "../../model/observation.ts";
import type { SignalSpec } from "../../model/policy.ts";
import { success, type Result } from "../../model/result.ts";
import type { SignalReader } from "../../observe/metrics/signals/signal-reader.ts";
import type { MetricSource } from "../../observe/metrics/sources/metric-source.ts";
import { createMetricSource } from "../../observe/metrics/sources/registry.ts";
import { contentDigest } from "../../model/content-digest.ts";
import { BUILT_IN_SOURCE } from "../../policy/compile-signals.ts";
import { Secret } from "../../policy/secret.ts";
import type { Clock } from "../clock.ts";
import type { Log } from "../telemetry/log.ts";

/** After failures a source is asked ever less often, down to this: what has come back is seen soon. */
const MAX_BACK_OFF_SECONDS = 120;
/** A failure that goes on is logged once in so many. */
const LOG_EVERY_FAILURES = 40;

export interface MetricSourcesParts {
  readonly clock: Clock;
  readonly log: Log;
  /** What is pushed to the daemon. */
  readonly otlp: SignalReader;
  /** As foretide.yaml has it beneath sources.metrics. */
  readonly configured: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  onRefreshed(source: string, ok: boolean, durationSeconds: number): void;
}

/**
 * Answers for every signal from the source that its policy names. Sources that must be asked are asked beside the loop; a step
 * reads what was last known. What fails is told by the absence that it leads to, and never turns into a value.
 */
export class MetricSources {
  readonly #parts: Omit<MetricSourcesParts, "configured">;
  readonly #otlp: SignalReader;
  #polled: ReadonlyMap<string, PolledSource> = new Map();

  private constructor(parts: Omit<MetricSourcesParts, "configured">) {
    this.#parts = parts;
    this.#otlp = parts.otlp;
  }

  /** Makes every configured source; a configuration that one refuses is a failure that names it. */
  static async open({ configured, ...parts }: MetricSourcesParts): Promise<Result<MetricSources>> {
    const sources = new MetricSources(parts);
    const made = await sources.replace(configured);
    return made.ok ? success(sources) : made;
  }

  /**
   * The sources from now on, all of them or none: what stands as before goes on with what it has read, what is new or says otherwise is
   * made, and what is gone stays open until the change is kept. Call `retain` after it, and after an undo.
   */
  async replace(configured: MetricSourcesParts["configured"]): Promise<Result<Replacement>> {
    const before = this.#polled;
    const next = new Map<string, PolledSource>();
    const closeAllBut = (kept: ReadonlyMap<string, PolledSource>, of: ReadonlyMap<string, PolledSource>) => Promise.all([...of].filter(([name, one]) => kept.get(name) !== one).map(([, one]) => one.close()));
    for (const [name, provider] of Object.entries(configured)) {
      const running = before.get(name);
      const [type = "", settings] = Object.entries(provider)[0] ?? [];
      if (running?.fingerprint === fingerprintOf(provider)) next.set(name, running);
      else {
        const made = await createMetricSource(type, settings ?? {}, { now: () => this.#parts.clock.nowSeconds() });
        if (!made.ok) {
          await closeAllBut(before, next);
          return { ...made, message: `sources.metrics.${name}: ${made.message}` };
        }
        next.set(name, new PolledSource({ name, provider, source: made.value }, this.#parts));
      }
    }
    this.#polled = next;
    return success({
      keep: async () => { await closeAllBut(next, before); },
      undo: async () => {
        this.#polled = before;
        await closeAllBut(before, next);
      },
    });
  }

  /** Reads these signals from now on, each from its source. */
  retain(specs: readonly SignalSpec[]): void {
    const bySource = Map.groupBy(specs, (spec) => spec.source);
    this.#otlp.retain(bySource.get(BUILT_IN_SOURCE) ?? []);
    for (const [name, polled] of this.#polled) polled.retain(bySource.get(name) ?? []);
  }

  read(spec: SignalSpec, nowSeconds: number): Observation {
    if (spec.source === BUILT_IN_SOURCE) return this.#otlp.read(spec, nowSeconds);
    const polled = this.#polled.get(spec.source);
    return polled === undefined ? missing("invalid", `the metric source ${spec.source} does not run`) : polled.read(spec, nowSeconds);
  }

  takeSteps(spec: SignalSpec, stepSeconds: number, nowSeconds: number): readonly HistoryPoint[] {
    if (spec.source === BUILT_IN_SOURCE) return this.#otlp.takeSteps(spec, stepSeconds, nowSeconds);
    return this.#polled.get(spec.source)?.source.takeSteps(spec, stepSeconds, nowSeconds) ?? [];
  }

  async close(): Promise<void> {
    await Promise.all([...this.#polled.values()].map((polled) => polled.close()));
  }
}

/** A change of the sources that may still be taken back. */
export interface Replacement {
  keep(): Promise<void>;
  undo(): Promise<void>;
}

/** A secret that was changed counts, and is not shown. */
function fingerprintOf(provider: Readonly<Record<string, unknown>>): string {
  const plain = (value: unknown): unknown => {
    if (value instanceof Secret) return contentDigest(value.reveal());
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
  };
  return contentDigest(plain(provider));
}

/** One source, asked again and again while a policy reads from it. */
class PolledSource {
  readonly source: MetricSource;
  /** As foretide.yaml has it: what differs is another source. */
  readonly fingerprint: string;
  readonly #name: string;
  readonly #parts: Omit<MetricSourcesParts, "configured">;
  #wanted = 0;
  #failures = 0;
  #problem = "";
  #asking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor({ name, provider, source }: { readonly name: string; readonly provider: Readonly<Record<string, unknown>>; readonly source: MetricSource }, parts: Omit<MetricSourcesParts, "configured">) {
    this.#name = name;
    this.fingerprint = fingerprintOf(provider);
    this.source = source;
    this.#parts = parts;
  }

  /** New signals are asked for at once. */
  retain(specs: readonly SignalSpec[]): void {
    this.#wanted = specs.length;
    this.source.retain(specs);
    clearTimeout(this.#timer);
    if (this.#asking === undefined) this.#ask();
  }

  /** An absence that a failing source led to says why it fails. */
  read(spec: SignalSpec, nowSeconds: number): Observation {
    const observation = this.source.read(spec, nowSeconds);
    if (observation.kind === "value" || this.#failures === 0) return observation;
    return { ...observation, detail: `${observation.detail}; ${this.#name} fails: ${this.#problem}` };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#asking;
    await this.source.close();
  }

  #ask(): void {
    if (this.#closed || this.#wanted === 0) return;
    this.#asking = this.#refresh().finally(() => {
      this.#asking = undefined;
      if (this.#closed || this.#wanted === 0) return;
      this.#timer = setTimeout(() => { this.#ask(); }, this.#waitSeconds() * 1000);
      this.#timer.unref();
    });
  }

  #waitSeconds(): number {
    const every = this.source.refreshEverySeconds;
    return this.#failures === 0 ? every : Math.max(every, Math.min(MAX_BACK_OFF_SECONDS, every * 2 ** (this.#failures - 1)));
  }

  async #refresh(): Promise<void> {
    const startedAt = performance.now();
    const result = await this.source.refresh(this.#parts.clock.nowSeconds());
    this.#parts.onRefreshed(this.#name, result.ok, (performance.now() - startedAt) / 1000);
    if (result.ok) {
      if (this.#failures > 0) this.#parts.log.info({ source: this.#name, failures: this.#failures }, "the metric source answers again");
      this.#failures = 0;
      return;
    }
    if (this.#failures % LOG_EVERY_FAILURES === 0) this.#parts.log.warn({ source: this.#name, reason: result.message }, "the metric source cannot be read: its signals grow old");
    this.#failures++;
    this.#problem = result.message;
  }
}
