import { missing, present } from "../model/observation.ts";
import type { Observation } from "../model/observation.ts";
import type { Policy } from "../model/policy.ts";
import type { Decision } from "../model/decision.ts";
import type { Snapshot, TargetSnapshot } from "../model/snapshot.ts";
import { initialGroupState, step } from "../step.ts";
import type { GroupState } from "../step.ts";
import type { GroupController, Sighting } from "./controller.ts";
import { hasPeriodBudget, PeriodBudgets } from "./period-budgets.ts";
import { PunctualFits } from "./punctual-fits.ts";

export interface StepperOptions {
  onDecision?(decision: Decision): void;
  /** The policy as it holds at a time: schedules and events applied. Absent: as it stands. */
  effective?(policy: Policy, timeSeconds: number): Policy;
  /** `policy`: only the signals that the policy reads are seen, as in the daemon. `all` (the default): whatever was measured. */
  readonly sees?: "policy" | "all";
}

/** The production step of a group in a replay: fits are made at once and installed when they were asked to be, budgets are kept beside it. */
export class GroupStepper implements GroupController {
  private readonly policies: readonly Policy[];
  private readonly options: StepperOptions;
  private readonly fits = new PunctualFits();
  private readonly budgets: PeriodBudgets | undefined;
  private state: GroupState;

  constructor(policies: readonly Policy[], options: StepperOptions = {}) {
    this.policies = policies;
    this.options = options;
    this.state = initialGroupState(policies[0]?.group ?? "", policies);
    this.budgets = policies.some(hasPeriodBudget) ? new PeriodBudgets(policies) : undefined;
  }

  decide(sightings: Readonly<Record<string, Sighting>>): Readonly<Record<string, number>> {
    const now = Math.max(...Object.values(sightings).map(({ timeSeconds }) => timeSeconds));
    const policies = this.policies.map((policy) => this.options.effective?.(policy, now) ?? policy);
    const targets: Record<string, TargetSnapshot> = {};
    for (const policy of policies) {
      const sighting = sightings[policy.name];
      if (sighting !== undefined) targets[policy.name] = this.targetOf(sighting, policy);
    }
    const snapshot: Snapshot = { timeSeconds: now, wake: "tick", epoch: 1, targets, installs: this.fits.due(now), outcomes: [], overrides: [] };
    const { decisions, nextState } = step(this.state, snapshot, policies);
    this.state = nextState;
    this.fits.make(nextState, policies);
    this.budgets?.passed(snapshot, this.policies, decisions);
    for (const decision of decisions) this.options.onDecision?.(decision);
    return Object.fromEntries(decisions.map(({ target, desiredReplicas }) => [target, desiredReplicas]));
  }

  private targetOf(sighting: Sighting, policy: Policy): TargetSnapshot {
    const { timeSeconds, readyReplicas, pendingReplicas, servedPerSecond, backlog = NaN } = sighting;
    const { signals, extraSignals = [], demandIsServed } = policy;
    const isSeen = (name: "utilization" | "missRatio"): boolean => this.options.sees !== "policy" || signals[name] !== undefined;
    const measured = extraSignals.flatMap(({ name, spec }) => (spec === undefined ? [] : [[name, observed(sighting.signals?.[name] ?? NaN, timeSeconds)] as const]));
    const budgets = this.budgets?.readings(policy, timeSeconds);
    return {
      demand: observed(demandIsServed === true ? (servedPerSecond ?? NaN) : sighting.load, timeSeconds),
      utilization: isSeen("utilization") ? observed(sighting.utilization, timeSeconds) : NOT_MEASURED,
      missRatio: isSeen("missRatio") ? observed(sighting.missRatio, timeSeconds) : NOT_MEASURED,
      backlog: signals.backlog === undefined ? NOT_MEASURED : observed(backlog, timeSeconds), notices: [],
      ...(measured.length > 0 && { signals: Object.fromEntries(measured) }),
      workload: { kind: "value", timeSeconds, desiredReplicas: readyReplicas + pendingReplicas, readyReplicas, pendingReplicas },
      ...(budgets !== undefined && { budgets }),
    };
  }
}

const NOT_MEASURED = missing("absent", "not measured");

function observed(value: number, timeSeconds: number): Observation {
  return Number.isNaN(value) ? NOT_MEASURED : present(value, timeSeconds);
}
