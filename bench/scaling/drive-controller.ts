import type { Controller, Sighting } from "../../src/replay/controller.ts";
import { defaultPolicy } from "../../src/replay/default-policy.ts";
import { DriveSession } from "../../src/replay/drive-session.ts";

export interface DriveFacts {
  readonly leadTimeSeconds: number;
  readonly requestsPerSecondPerReplica: number;
  readonly errorBudget: number;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly intervalSeconds: number;
  /** Signals that the harness never sends. */
  readonly without?: readonly ("missRatio" | "utilization")[];
}

/** The shipped default as an outside harness sees it: JSON lines into `foretide drive`'s own session, and its answers back. */
export class DriveController implements Controller {
  private readonly session: DriveSession;
  private readonly without: readonly string[];

  constructor(facts: DriveFacts, startSeconds: number) {
    this.without = facts.without ?? [];
    this.session = new DriveSession({ policy: defaultPolicy(facts), history: [], effective: (policy) => policy });
    const { minReplicas: min, maxReplicas: max, requestsPerSecondPerReplica, leadTimeSeconds, intervalSeconds, errorBudget } = facts;
    const start = { type: "start", time: startSeconds - intervalSeconds, intervalSeconds, target: { min, max, requestsPerSecondPerReplica, leadTimeSeconds }, objective: { latencySeconds: 0.25, errorBudget } };
    this.ask(start);
  }

  decide({ timeSeconds, load, utilization, missRatio, readyReplicas, pendingReplicas }: Sighting): number {
    const signals = { demand: known(load), utilization: known(utilization), missRatio: known(missRatio) };
    const sent = Object.fromEntries(Object.entries(signals).filter(([name, value]) => value !== undefined && !this.without.includes(name)));
    return Number(this.ask({ type: "observation", time: timeSeconds, ...sent, readyReplicas, pendingReplicas })["desiredReplicas"]);
  }

  private ask(line: object): Readonly<Record<string, unknown>> {
    const answer = JSON.parse(JSON.stringify(this.session.answer(JSON.stringify(line)))) as Readonly<Record<string, unknown>>;
    if (answer["type"] === "error") throw new Error(String(answer["message"]));
    return answer;
  }
}

function known(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value;
}
