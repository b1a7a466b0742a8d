import type { Policy, SignalSpec } from "../model/policy.ts";
import type { SignalReader } from "../observe/metrics/signals/signal-reader.ts";
import type { Configuration } from "../policy/load-configuration.ts";
import type { TargetSources } from "./target-runtime.ts";
import type { Log } from "./telemetry/log.ts";

export interface Sources {
  readonly targets: TargetSources;
  /** The policy as it holds at a time. */
  effective(policy: Policy, timeSeconds: number): Policy;
  /** All signals that policies read. */
  specsOf(policies: readonly Policy[]): readonly SignalSpec[];
}

/** Where the loop's questions are answered: metrics from OTLP, offerings and grid intensity from the providers of the configuration. */
export function createSources(reader: SignalReader, _configuration: Configuration, _log: Log): Sources {
  return {
    targets: {
      readSignal: (_target, spec, nowSeconds) => reader.read(spec, nowSeconds),
      offerings: () => undefined,
      carbon: () => undefined,
      takeNotices: () => [],
    },
    effective: (policy) => policy,
    specsOf: (policies) => policies.flatMap((policy) => Object.values(policy.signals).filter((spec): spec is SignalSpec => spec !== undefined)),
  };
}
