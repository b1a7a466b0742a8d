import { standingRefusal } from "../../act/standing-checks.ts";
import type { GateContext } from "../../act/gate.ts";
import type { Decision } from "../../model/decision.ts";
import type { Intent } from "../../model/intent.ts";
import type { Policy, SignalSpec } from "../../model/policy.ts";
import type { TargetSnapshot } from "../../model/snapshot.ts";
import type { Condition, ForecastHealth, SignalStatus, TargetStatus } from "./daemon-view.ts";
import type { Outlook } from "../forecasts/outlook.ts";
import type { TargetBoard } from "./target-board.ts";
import type { TargetRuntime } from "../loop/target-runtime.ts";

/** Where the parts of one target's status are kept. */
export interface StatusParts {
  readonly runtime: TargetRuntime;
  readonly board: TargetBoard;
  readonly outlook: Outlook;
  readonly coverage: ForecastScore;
  readonly gate: GateContext;
  readonly conditions: ConditionBook;
}

const COVERAGE_LEVEL = 0.9;
const SCORE_DECAY = 0.995;

/** How well the outlook's next-row forecasts have done lately: exponentially weighted. */
export class ForecastScore {
  #weight = 0;
  #covered = 0;

  add(covered: boolean): void {
    this.#weight = SCORE_DECAY * this.#weight + 1;
    this.#covered = SCORE_DECAY * this.#covered + (covered ? 1 : 0);
  }

  get coverage(): number | undefined {
    return this.#weight > 10 ? this.#covered / this.#weight : undefined;
  }
}

/** Keeps since when each condition of a target has held. */
export class ConditionBook {
  readonly #since = new Map<string, { readonly status: string; readonly sinceSeconds: number }>();

  stamp(condition: Omit<Condition, "sinceSeconds">, nowSeconds: number): Condition {
    const known = this.#since.get(condition.type);
    const sinceSeconds = known?.status === condition.status ? known.sinceSeconds : nowSeconds;
    this.#since.set(condition.type, { status: condition.status, sinceSeconds });
    return { ...condition, sinceSeconds };
  }
}

/** What a person needs to know of one target now. */
export function statusOf(parts: StatusParts, nowSeconds: number): TargetStatus {
  const { runtime, board, gate } = parts;
  const { policy } = runtime;
  const last = board.last;
  const workload = last?.seen.workload.kind === "value" ? last.seen.workload : undefined;
  const refusal = standingRefusal(probeIntent(policy, workload?.desiredReplicas ?? 0, { nowSeconds, epoch: gate.standing.epoch() ?? 0 }), gate.standing, { group: policy.group, nowSeconds });
  return {
    target: policy.name,
    group: policy.group,
    labels: policy.labels,
    mode: runtime.mode,
    policyDigest: policy.digest,
    evaluationIntervalSeconds: policy.evaluationIntervalSeconds,
    replicas: {
      ready: workload?.readyReplicas, desired: workload?.desiredReplicas, pending: workload?.pendingReplicas,
      min: policy.replicas.min, max: policy.replicas.max, baseline: last?.baselineReplicas,
    },
    signals: signalsOf(policy, last?.seen),
    capacity: last?.capacity,
    forecast: healthOf(parts, last?.decision),
    conditions: stampConditions(parts, nowSeconds),
    gate: refusal === undefined ? { open: true, code: "open", detail: "an effect would be let through" } : { open: false, ...refusal },
    spend: board.spend(),
    objective: board.objective(),
    errorBudgetUsedShare: board.errorBudgetUsedShare(),
    lastDecision: last?.decision,
  };
}

/** The conditions now, each with the time since which it has held: call it at every pass, so that no change is missed. */
export function stampConditions(parts: StatusParts, nowSeconds: number): readonly Condition[] {
  return conditionsOf(parts, parts.board.last?.decision).map((condition) => parts.conditions.stamp(condition, nowSeconds));
}

/** An intent that nobody sends: whether the gate would let a scale-out through. */
function probeIntent(policy: Policy, current: number, at: { readonly nowSeconds: number; readonly epoch: number }): Intent {
  return {
    target: policy.name, decisionId: "probe", idempotencyKey: "probe", direction: "out", expectedReplicas: current, desiredReplicas: current + 1,
    expiresAtSeconds: at.nowSeconds + 60, epoch: at.epoch,
  };
}

const UNITS: Readonly<Record<string, string>> = { demand: "requests/s", utilization: "share", missRatio: "share", backlog: "items" };

function signalsOf(policy: Policy, seen: TargetSnapshot | undefined): Readonly<Record<string, SignalStatus>> {
  const specs = Object.entries(policy.signals) as [keyof Policy["signals"], SignalSpec | undefined][];
  const statuses = specs.flatMap(([name, spec]) => (spec === undefined || seen === undefined ? [] : [[name, { observation: seen[name], unit: UNITS[name] ?? "", source: `${spec.source}: ${spec.metric}` }] as const]));
  const extra = (policy.extraSignals ?? []).flatMap(({ name, spec }) => {
    const observation = seen?.signals?.[name];
    return spec === undefined || observation === undefined ? [] : [[name, { observation, unit: spec.unit ?? "", source: `${spec.source}: ${spec.metric}` }] as const];
  });
  return Object.fromEntries([...statuses, ...extra]);
}

function healthOf({ outlook, coverage }: StatusParts, decision: Decision | undefined): ForecastHealth {
  const model = outlook.provenance;
  return {
    model: model?.id ?? "",
    used: decision?.forecast?.used ?? "static",
    relativeError: model === undefined || Number.isNaN(model.relativeError) ? undefined : model.relativeError,
    coverage: coverage.coverage,
    coverageLevel: COVERAGE_LEVEL,
    fittedAtSeconds: outlook.fittedAtSeconds,
    note: model?.note !== undefined && model.note !== "" ? model.note : outlook.note,
  };
}

function conditionsOf({ runtime, board, outlook }: StatusParts, decision: Decision | undefined): readonly Omit<Condition, "sinceSeconds">[] {
  const seen = board.last?.seen;
  const workload = seen?.workload;
  const bad = seen === undefined ? [] : (Object.entries(runtime.policy.signals) as [keyof Policy["signals"], SignalSpec | undefined][]).flatMap(([name, spec]) => {
    const observation = seen[name];
    return spec !== undefined && observation.kind === "absent" ? [`${name}: ${observation.detail}`] : [];
  });
  for (const [name, observation] of Object.entries(seen?.signals ?? {})) if (observation.kind === "absent") bad.push(`${name}: ${observation.detail}`);
  const limited = decision?.reasons.find((reason) => reason.code === "guard-bounds" && reason.before > reason.after);
  const guarded = decision?.reasons.find((reason) => reason.code.startsWith("guard-") && reason.code !== "guard-bounds");
  const backOff = runtime.backOff;
  return [
    condition("AbleToScale", workload?.kind === "value" && backOff === undefined, backOff !== undefined ? ["SecondWriter", `${backOff.writer} changes this target too: left alone for now`] : workload?.kind === "value" ? ["WorkloadRead", "the target was read"] : ["WorkloadUnknown", workload?.kind === "absent" ? workload.detail : "not read yet"]),
    condition("ScalingActive", runtime.mode === "full" || runtime.mode === "scale-out-only", ["Mode", `the mode is ${runtime.mode}`]),
    condition("ScalingLimited", limited !== undefined, limited === undefined ? ["WithinBounds", "the need lies within the bounds"] : ["TooManyReplicas", limited.text]),
    condition("ForecastHealthy", outlook.provenance !== undefined && decision?.forecast?.used !== "hold" && decision?.forecast?.used !== "static", outlook.provenance === undefined ? ["NoFit", outlook.note] : ["Fitted", `model ${outlook.provenance.id}`]),
    condition("DataFresh", seen !== undefined && bad.length === 0, seen === undefined ? ["NotYet", "no pass yet"] : bad.length === 0 ? ["Fresh", "every signal is fresh"] : ["Missing", bad.join("; ")]),
    condition("SafetyLimited", guarded !== undefined, guarded === undefined ? ["Free", "the guard changed nothing"] : [guarded.code, guarded.text]),
  ];
}

function condition(type: Condition["type"], holds: boolean, [reason, message]: readonly [string, string]): Omit<Condition, "sinceSeconds"> {
  return { type, status: holds ? "true" : "false", reason, message };
}
