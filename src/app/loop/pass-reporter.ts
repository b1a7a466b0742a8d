import type { Decision } from "../../model/decision.ts";
import type { JournalPass } from "../../journal/journal.ts";
import { valueOf } from "../../model/observation.ts";
import type { Policy } from "../../model/policy.ts";
import type { TargetSnapshot } from "../../model/snapshot.ts";
import type { Fleet, Target } from "./fleet.ts";
import type { ForecastDesk } from "../forecasts/forecast-desk.ts";
import type { PassResult } from "./group-runtime.ts";
import { saturationOf } from "../forecasts/saturation.ts";
import { neededReplicas, safeRate } from "../status/safe-use.ts";
import { stampConditions } from "../status/target-status.ts";
import type { DemandStep } from "../forecasts/history-feed.ts";
import type { LiveView } from "../status/live-view.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";

export interface ReporterParts {
  readonly fleet: Fleet;
  readonly view: LiveView;
  readonly telemetry: Telemetry;
  readonly desk: ForecastDesk;
}

/** Tells the page, the subscribers and the daemon's own metrics what a pass came to. It changes nothing that is decided. */
export class PassReporter {
  readonly #parts: ReporterParts;

  constructor(parts: ReporterParts) {
    this.#parts = parts;
  }

  passed({ pass, report, stepMilliseconds }: PassResult, latencySeconds: number): void {
    const { fleet, view, telemetry } = this.#parts;
    telemetry.stepped(stepMilliseconds / 1000);
    for (const decision of pass.decisions) {
      const target = fleet.targets.get(decision.target);
      if (target === undefined) continue;
      telemetry.decided(decision, latencySeconds);
      this.#chart(target, decision, pass);
      if (decision.kind !== "hold") view.emit({ type: "decision", target: decision.target, decision });
    }
    for (const outcome of report.outcomes) {
      const intent = pass.intents.find((one) => one.idempotencyKey === outcome.idempotencyKey);
      if (intent === undefined) continue;
      telemetry.actedOn(intent, outcome);
      view.emit({ type: "outcome", target: outcome.target, outcome });
    }
  }

  /** The next row of demand refreshes the outlook and scores what was said of it, in turn: hundreds come at the same second. */
  demandStep(step: DemandStep): void {
    this.#parts.desk.slices.push(() => { this.#observe(step); });
  }

  #observe({ policy, ...row }: DemandStep): void {
    const target = this.#parts.fleet.targets.get(policy.name);
    const matured = target?.outlook.observe(row);
    if (target === undefined || matured === undefined) return;
    target.coverage.add(matured.covered["0.9"] === true);
    this.#parts.telemetry.forecastMatured(policy.name, matured.absoluteError, matured.covered);
  }

  #chart(target: Target, decision: Decision, pass: JournalPass): void {
    const { view, telemetry, fleet } = this.#parts;
    const { timeSeconds } = pass.snapshot;
    const seen = pass.snapshot.targets[decision.target];
    if (seen === undefined) return;
    for (const name of ["demand", "utilization", "missRatio", "backlog"] as const) {
      const observation = seen[name];
      if (target.runtime.policy.signals[name] !== undefined && observation.kind === "absent") telemetry.inputAbsent(decision.target, name, observation.cause);
    }
    this.#markSaturation(target.runtime.policy, seen, timeSeconds);
    const state = fleet.groups.get(target.runtime.policy.group)?.state.targets[decision.target];
    const rate = state?.capacity.requestsPerSecondPerReplica;
    const perReplica = safeRate(rate);
    const demand = valueOf(seen.demand);
    const { workload } = seen;
    const ready = workload.kind === "value" ? workload.readyReplicas : undefined;
    const utilization = valueOf(seen.utilization);
    const baselineReplicas = target.baseline.tick({
      timeSeconds, demand, requestsPerSecondPerReplica: rate, leadTimeSeconds: decision.forecast?.leadTimeSeconds ?? 0,
      runningReplicas: workload.kind === "value" ? workload.readyReplicas + workload.pendingReplicas : undefined,
      measured: utilization === undefined || ready === undefined ? undefined : { utilization, readyReplicas: ready },
    });
    if (pass.snapshot.wake === "tick") {
      target.comparison.tick({ timeSeconds, seen, decision, requestsPerSecondPerReplica: rate, baseline: target.baseline.counts, state: fleet.groups.get(target.runtime.policy.group)?.state });
    }
    const row = target.board.add({
      timeSeconds, seen, decision, baselineReplicas, requestsPerSecondPerReplica: rate,
      baselineTotalReplicas: target.baseline.counts?.totalReplicas ?? baselineReplicas,
      capacity: perReplica !== undefined && ready !== undefined ? perReplica * ready : undefined,
      neededReplicas: neededReplicas(target.runtime.policy, demand, perReplica),
    });
    stampConditions(target, timeSeconds);
    view.emit({ type: "observation", target: decision.target, row });
  }

  #markSaturation(policy: Policy, seen: TargetSnapshot, timeSeconds: number): void {
    const reason = saturationOf(seen, policy);
    if (reason === undefined) return;
    this.#parts.desk.marks.found({ target: policy.name, kind: "saturated", fromSeconds: timeSeconds - policy.evaluationIntervalSeconds, toSeconds: timeSeconds, reason }, timeSeconds);
  }
}
