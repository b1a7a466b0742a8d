import { CONTROL_MODELS } from "../../forecasts/models/lead-ridge-forecaster.ts";
import { missing, present } from "../model/observation.ts";
import type { Observation } from "../model/observation.ts";
import type { Policy } from "../model/policy.ts";
import type { Decision } from "../model/decision.ts";
import type { ModelInstall, Snapshot, TargetSnapshot } from "../model/snapshot.ts";
import { fitInput, fitRequests, initialGroupState, step } from "../step.ts";
import type { FitRequest, GroupState } from "../step.ts";
import type { Controller, Sighting } from "./controller.ts";

export interface StepControllerOptions {
  onDecision?(decision: Decision): void;
  /** The policy as it holds at a time: schedules and events applied. Absent: as it stands. */
  effective?(policy: Policy, timeSeconds: number): Policy;
  /** `policy`: only the signals that the policy reads are seen, as in the daemon. `all` (the default): whatever was measured. */
  readonly sees?: "policy" | "all";
}

/** The production step as a controller of a replay: fits are made at once and installed when they were asked to be. */
export class StepController implements Controller {
  private readonly policy: Policy;
  private readonly options: StepControllerOptions;
  private readonly fits = new PunctualFits();
  private state: GroupState;

  constructor(policy: Policy, options: StepControllerOptions = {}) {
    this.policy = policy;
    this.options = options;
    this.state = initialGroupState(policy.group, [policy]);
  }

  decide(sighting: Sighting): number {
    const now = sighting.timeSeconds;
    const policy = this.options.effective?.(this.policy, now) ?? this.policy;
    const snapshot: Snapshot = {
      timeSeconds: now, wake: "tick", epoch: 1, targets: { [policy.name]: this.targetOf(sighting, policy) },
      installs: this.fits.due(now), outcomes: [], overrides: [],
    };
    const result = step(this.state, snapshot, [policy]);
    this.state = result.nextState;
    this.fits.make(this.state, [policy]);
    const [decision] = result.decisions;
    if (decision === undefined) return sighting.readyReplicas + sighting.pendingReplicas;
    this.options.onDecision?.(decision);
    return decision.desiredReplicas;
  }

  private targetOf(sighting: Sighting, { signals }: Policy): TargetSnapshot {
    const { timeSeconds, readyReplicas, pendingReplicas } = sighting;
    const isSeen = (name: "utilization" | "missRatio"): boolean => this.options.sees !== "policy" || signals[name] !== undefined;
    return {
      demand: observed(sighting.load, timeSeconds),
      utilization: isSeen("utilization") ? observed(sighting.utilization, timeSeconds) : NOT_MEASURED,
      missRatio: isSeen("missRatio") ? observed(sighting.missRatio, timeSeconds) : NOT_MEASURED,
      backlog: NOT_MEASURED, notices: [],
      workload: { kind: "value", timeSeconds, desiredReplicas: readyReplicas + pendingReplicas, readyReplicas, pendingReplicas },
    };
  }
}

/** Makes the fits that a state asks for as soon as it asks, and hands each out at its time: what a punctual worker would do. */
export class PunctualFits {
  private waiting: { readonly install: ModelInstall; readonly atSeconds: number }[] = [];

  make(state: GroupState, policies: readonly Policy[]): void {
    for (const request of fitRequests(state, policies)) {
      const install = fitNow(state, policies, request);
      if (install !== undefined) this.waiting.push({ install, atSeconds: request.installAtSeconds });
    }
  }

  due(nowSeconds: number): readonly ModelInstall[] {
    if (this.waiting.length === 0) return NONE;
    const due = this.waiting.filter(({ atSeconds }) => atSeconds <= nowSeconds);
    if (due.length > 0) this.waiting = this.waiting.filter(({ atSeconds }) => atSeconds > nowSeconds);
    return due.map(({ install }) => install);
  }
}

const NONE: readonly ModelInstall[] = [];

function fitNow(state: GroupState, policies: readonly Policy[], request: FitRequest): ModelInstall | undefined {
  const input = fitInput(state, request, policies);
  const result = input === undefined ? undefined : CONTROL_MODELS[request.modelId]?.fit(input);
  if (result?.ok !== true) return undefined;
  return { target: request.target, ...(request.signal !== undefined && { signal: request.signal }), modelId: request.modelId, digest: `${request.modelId}@${String(request.upToSeconds)}`, fittedToSeconds: request.upToSeconds, fit: result.fit };
}

const NOT_MEASURED = missing("absent", "not measured");

function observed(value: number, timeSeconds: number): Observation {
  return Number.isNaN(value) ? NOT_MEASURED : present(value, timeSeconds);
}
