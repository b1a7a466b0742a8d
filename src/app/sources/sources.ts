import type { Policy, SignalSpec } from "../../model/policy.ts";
import type { MetricSource } from "../../observe/metrics/sources/metric-source.ts";
import type { InterruptionWatch } from "./interruption-watch.ts";
import type { MarketWatch } from "./market-watch.ts";
import type { MoneyDesk } from "../money/money-desk.ts";
import type { TargetSources } from "../loop/target-runtime.ts";

export interface SourceParts {
  readonly market: MarketWatch;
  readonly interruptions: InterruptionWatch;
  readonly money: MoneyDesk;
}

/** Where the loop's questions are answered: metrics from their sources, offerings and grid intensity from what was last looked up. */
export function createSources(reader: Pick<MetricSource, "read">, { market, interruptions, money }: SourceParts): TargetSources {
  return {
    readSignal: (_target, spec, nowSeconds) => reader.read(spec, nowSeconds),
    offerings: (policy) => market.offerings(policy),
    carbon: (policy) => market.carbon(policy),
    budgets: (policy, nowSeconds) => money.readings(policy, nowSeconds),
    takeNotices: (target) => interruptions.takeNotices(target),
  };
}

/** All signals that policies read. */
export function signalsOf(policies: readonly Policy[]): readonly SignalSpec[] {
  return policies.flatMap((policy) => [
    ...Object.values(policy.signals),
    ...(policy.extraSignals ?? []).flatMap(({ spec }) => (spec === undefined ? [] : [spec])),
    ...Object.values(policy.usage ?? {}),
  ]);
}
