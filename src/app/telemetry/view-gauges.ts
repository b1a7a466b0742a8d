import type { BatchObservableResult, Meter } from "@opentelemetry/api";
import type { DaemonView, TargetStatus } from "../status/daemon-view.ts";
import { OTHER, type LabelCap } from "./label-cap.ts";

/** A label's values are bounded: of more budgets the first are told, the API tells all. */
const MOST_BUDGETS = 500;

/** Gauges read from the daemon's view when they are scraped: they never go stale, and a target that is gone is gone here too. */
export function registerViewGauges(meter: Meter, targets: LabelCap, viewOf: () => DaemonView | undefined): void {
  const gauge = (name: string, description: string, unit = "") => meter.createObservableGauge(name, { description, unit });
  const ready = gauge("foretide_ready", "1 when every readiness check holds");
  const killSwitch = gauge("foretide_kill_switch_engaged", "1 while every write is stopped");
  const generation = gauge("foretide_policy_generation", "Generation of the policies in force");
  const policyOk = gauge("foretide_policy_last_reload_successful", "1 when the newest reload was taken");
  const overrides = gauge("foretide_overrides", "Overrides in force, by kind");
  const dataAge = gauge("foretide_data_age_seconds", "Age of the newest value of a signal", "s");
  const replicas = gauge("foretide_replicas", "Replicas of a target, by state");
  const relativeError = gauge("foretide_forecast_relative_error_ratio", "Matured mean absolute error over that of seasonal naive");
  const coverage = gauge("foretide_forecast_coverage_ratio", "Share of values at or under the path of the level");
  const budget = gauge("foretide_error_budget_used_ratio", "Share of the error budget used");
  const cost = gauge("foretide_cost_usd_per_hour", "Money per hour, of the target or of what the HPA would run");
  const carbon = gauge("foretide_carbon_grams_per_hour", "gCO2e per hour, of the target or of what the HPA would run");
  const budgetUsed = gauge("foretide_budget_spent_ratio", "Share of a budget's limit that its period has spent");
  const budgetExpected = gauge("foretide_budget_expected_ratio", "What a budget's period will come to, over its limit: above 1 it will not hold");
  const budgetBreach = gauge("foretide_budget_breach_probability_ratio", "Chance that a budget's period passes its limit");
  const gate = gauge("foretide_gate_open", "1 when an effect would be let through now");

  const each = [ready, killSwitch, generation, policyOk, overrides, dataAge, replicas, relativeError, coverage, budget, cost, carbon, budgetUsed, budgetExpected, budgetBreach, gate];
  meter.addBatchObservableCallback((result) => {
    const view = viewOf();
    if (view === undefined) return;
    observeDaemon(result, view);
    for (const status of view.targets()) {
      const target = targets.of(status.target);
      if (target !== OTHER) observeTarget(result, view.now(), { status, target });
    }
  }, each);

  function observeDaemon(result: BatchObservableResult, view: DaemonView): void {
    result.observe(ready, view.health().every((check) => check.ok) ? 1 : 0);
    result.observe(killSwitch, view.killSwitch().engaged ? 1 : 0);
    result.observe(generation, view.policies().generation);
    result.observe(policyOk, view.policies().problems.length === 0 ? 1 : 0);
    for (const kind of ["pause", "pause-scale-in", "pin", "floor"]) {
      result.observe(overrides, view.overrides().filter((override) => override.kind === kind).length, { kind });
    }
    for (const { name, spentShare, forecast, limit, breachProbability } of view.money.budgets().filter(({ unknown }) => unknown === undefined).slice(0, MOST_BUDGETS)) {
      result.observe(budgetUsed, spentShare, { budget: name });
      result.observe(budgetExpected, forecast / limit, { budget: name });
      if (breachProbability !== undefined) result.observe(budgetBreach, breachProbability, { budget: name });
    }
  }

  function observeTarget(result: BatchObservableResult, now: number, { status, target }: { status: TargetStatus; target: string }): void {
    const tell = (metric: typeof ready, value: number | undefined, labels: Record<string, string> = {}): void => {
      if (value !== undefined && Number.isFinite(value)) result.observe(metric, value, { target, ...labels });
    };
    for (const [signal, { observation }] of Object.entries(status.signals)) {
      if (observation.kind === "value") tell(dataAge, Math.max(0, now - observation.timeSeconds), { signal });
    }
    for (const state of ["ready", "desired", "pending", "min", "max", "baseline"] as const) tell(replicas, status.replicas[state], { state });
    tell(relativeError, status.forecast.relativeError);
    tell(coverage, status.forecast.coverage, { level: String(status.forecast.coverageLevel) });
    tell(budget, status.errorBudgetUsedShare);
    tell(cost, status.spend.costPerHourUsd, { of: "target" });
    tell(cost, status.spend.baselineCostPerHourUsd, { of: "baseline" });
    tell(carbon, status.spend.carbonGramsPerHour, { of: "target" });
    tell(carbon, status.spend.baselineCarbonGramsPerHour, { of: "baseline" });
    tell(gate, status.gate.open ? 1 : 0, { code: status.gate.code });
  }
}
