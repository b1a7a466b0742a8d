import type { Policy, SignalSpec } from "../model/policy.ts";
import type { MetricSource } from "../observe/metrics/sources/metric-source.ts";
import type { InterruptionWatch } from "./interruption-watch.ts";
import type { MarketWatch } from "./market-watch.ts";
import type { TargetSources } from "./target-runtime.ts";

/** Where the loop's questions are answered: metrics from their sources, offerings and grid intensity from what was last looked up. */
export function createSources(reader: Pick<MetricSource, "read">, market: MarketWatch, interruptions: InterruptionWatch): TargetSources {
  return {
    readSignal: (_target, spec, nowSeconds) => reader.read(spec, nowSeconds),
    offerings: (policy) => market.offerings(policy),
    carbon: (policy) => market.carbon(policy),
    takeNotices: (target) => interruptions.takeNotices(target),
  };
}

/** All signals that policies read. */
export function signalsOf(policies: readonly Policy[]): readonly SignalSpec[] {
  return policies.flatMap((policy) => Object.values(policy.signals));
}
