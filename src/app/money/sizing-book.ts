import { addUsage, adviseSize, EMPTY_USAGE, usageQuantile, type SizeAdvice, type SizeOption, type UsageHistogram } from "../../account/right-size.ts";
import type { HistoryPoint, HistoryStore } from "../../history/history-store.ts";
import type { Policy, SignalSpec } from "../../model/policy.ts";
import { success, type Result } from "../../model/result.ts";
import type { MetricSource } from "../../observe/metrics/sources/metric-source.ts";

/** The rhythm of the use per replica in the history. */
const USAGE_STEP_SECONDS = 300;
/** Samples halve in weight each day: after eight days nothing is left to see. */
const REMEMBERED_SECONDS = 8 * 86_400;
const GIB = 1024 ** 3;
/** Widths of the histograms' first buckets, as the VPA has them: 0.01 cores and 10 MB. */
const FIRST = { cpu: 0.01, memory: 0.01 } as const;
/** Advice on a day or less of use is marked as such. */
const ENOUGH_SAMPLES = 86_400 / USAGE_STEP_SECONDS;
/** CPU may run short for a while, memory may not (VPA: target at .9; memory by the peaks). */
const LEVEL = { cpu: 0.9, memory: 0.99 } as const;

type Resource = keyof typeof FIRST;
const RESOURCES = ["cpu", "memory"] as const;

interface Usage {
  readonly histograms: Record<Resource, UsageHistogram>;
  samples: number;
  fromSeconds: number | undefined;
  toSeconds: number | undefined;
}

/** What is measured of a target's replicas, and the machines that would carry them for less. */
export interface TargetSizing {
  readonly target: string;
  readonly samples: number;
  readonly fromSeconds: number | undefined;
  readonly toSeconds: number | undefined;
  /** Whether a whole day of use is known. */
  readonly isEnough: boolean;
  /** Cores and GiB that one replica needs; undefined until measured. */
  readonly cpuCores: number | undefined;
  readonly memoryGib: number | undefined;
  /** What a replica costs now, on demand; undefined where no price is known. */
  readonly perReplicaUsdNow: number | undefined;
  readonly advice: readonly SizeAdvice[];
}

/**
 * The use of CPU and memory per replica in decaying histograms, fed from the metrics and kept in the history, from which it is built
 * again after a restart. Two histograms of 180 buckets a target: it does not grow.
 */
export class SizingBook {
  readonly #history: HistoryStore;
  readonly #usage = new Map<string, Usage>();
  readonly #onFailure: (target: string, message: string) => void;

  constructor(parts: { readonly history: HistoryStore; onFailure(target: string, message: string): void }) {
    this.#history = parts.history;
    this.#onFailure = (target, message) => { parts.onFailure(target, message); };
  }

  async open(policies: readonly Policy[], nowSeconds: number): Promise<Result<void>> {
    const wanted = new Set(policies.filter((policy) => policy.usage !== undefined).map(({ name }) => name));
    for (const name of this.#usage.keys()) if (!wanted.has(name)) this.#usage.delete(name);
    for (const name of wanted) {
      if (this.#usage.has(name)) continue;
      const usage: Usage = { histograms: { cpu: EMPTY_USAGE, memory: EMPTY_USAGE }, samples: 0, fromSeconds: undefined, toSeconds: undefined };
      this.#usage.set(name, usage);
      for (const resource of RESOURCES) {
        const read = await this.#history.readPoints({ target: name, signal: signalOf(resource), stepSeconds: USAGE_STEP_SECONDS }, nowSeconds - REMEMBERED_SECONDS, nowSeconds);
        if (!read.ok) return read;
        for (const point of read.value) take(usage, resource, point);
      }
    }
    return success(undefined);
  }

  /** Takes the steps of use that have been completed. A sum over replicas needs the ready count; without it the steps are left out. */
  async feed(policy: Policy, { reader, readyReplicas, nowSeconds }: { readonly reader: Pick<MetricSource, "takeSteps">; readonly readyReplicas: number | undefined; readonly nowSeconds: number }): Promise<void> {
    const usage = this.#usage.get(policy.name);
    if (usage === undefined) return;
    for (const resource of RESOURCES) {
      const spec = policy.usage?.[resource];
      if (spec === undefined) continue;
      const points = reader.takeSteps(spec, USAGE_STEP_SECONDS, nowSeconds).flatMap((point) => perReplica(point, spec, { resource, readyReplicas }));
      if (points.length === 0) continue;
      for (const point of points) take(usage, resource, point);
      const stored = await this.#history.append({ target: policy.name, signal: signalOf(resource), stepSeconds: USAGE_STEP_SECONDS }, points);
      if (!stored.ok) this.#onFailure(policy.name, stored.message);
    }
  }

  sizing(target: string, options: readonly SizeOption[], perReplicaUsdNow: number | undefined): TargetSizing | undefined {
    const usage = this.#usage.get(target);
    if (usage === undefined) return undefined;
    const { histograms: { cpu, memory }, samples, fromSeconds, toSeconds } = usage;
    const terms = { level: LEVEL.cpu, memoryLevel: LEVEL.memory, cpuFirst: FIRST.cpu, memoryFirst: FIRST.memory };
    return {
      target, samples, fromSeconds, toSeconds, isEnough: samples >= ENOUGH_SAMPLES,
      cpuCores: usageQuantile(cpu, LEVEL.cpu, FIRST.cpu), memoryGib: usageQuantile(memory, LEVEL.memory, FIRST.memory), perReplicaUsdNow,
      advice: perReplicaUsdNow === undefined ? [] : adviseSize(cpu, memory, options, { ...terms, perReplicaUsdNow }),
    };
  }
}

function signalOf(resource: Resource): string {
  return `replica-${resource}`;
}

function perReplica(point: HistoryPoint, spec: SignalSpec, { resource, readyReplicas }: { readonly resource: Resource; readonly readyReplicas: number | undefined }): readonly HistoryPoint[] {
  if (spec.aggregate === "sum" && (readyReplicas === undefined || readyReplicas <= 0)) return [];
  const scale = (resource === "memory" ? 1 / GIB : 1) / (spec.aggregate === "sum" ? (readyReplicas ?? 1) : 1);
  return [{ ...point, mean: point.mean * scale, min: point.min * scale, max: point.max * scale }];
}

/** CPU by the mean of a step (it may queue for a moment), memory by its highest (it may not). */
function take(usage: Usage, resource: Resource, point: HistoryPoint): void {
  usage.histograms[resource] = addUsage(usage.histograms[resource], resource === "cpu" ? point.mean : point.max, point.timeSeconds, FIRST[resource]);
  if (resource === "cpu") usage.samples += 1;
  usage.fromSeconds = Math.min(usage.fromSeconds ?? Infinity, point.timeSeconds);
  usage.toSeconds = Math.max(usage.toSeconds ?? -Infinity, point.timeSeconds + USAGE_STEP_SECONDS);
}
