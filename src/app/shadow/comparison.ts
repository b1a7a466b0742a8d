import type { JournalRecord } from "../../journal/journal.ts";
import type { Decision } from "../../model/decision.ts";
import { valueOf } from "../../model/observation.ts";
import type { Policy } from "../../model/policy.ts";
import type { TargetSnapshot } from "../../model/snapshot.ts";
import { serviceOf } from "../../replay/run-replay.ts";
import type { GroupState } from "../../step.ts";
import { Contestant, NOTHING_RUN, type ContestantAccount } from "./contestant.ts";
import { ShadowChallenger, type ChallengerPorts } from "./shadow-challenger.ts";

export const CONTESTANTS = ["champion", "challenger", "hpa"] as const;
export type ContestantRole = (typeof CONTESTANTS)[number];

/** Note of the journal, written after each checkpoint of the group: a restart goes on with these sums. */
export const COMPARISON_NOTE = "comparison";

export interface SavedComparison {
  readonly target: string;
  /** Digest of the champion with its challenger: where either changes, the comparison begins anew. */
  readonly digest: string;
  readonly sinceSeconds: number;
  /** For so long all three were measured. */
  readonly seconds: number;
  readonly accounts: Readonly<Record<ContestantRole, ContestantAccount>>;
}

/** The champion, its challenger and the HPA over the same load since `sinceSeconds`. */
export interface TargetComparison {
  readonly target: string;
  readonly sinceSeconds: number;
  /** For so long all three were measured: a restart's pause does not count. */
  readonly seconds: number;
  readonly challengerDigest: string;
  /** What the challenger says otherwise: `objective.errorBudget: 0.001 → 0.005`. */
  readonly differences: readonly string[];
  readonly contestants: readonly ContestantStatus[];
  readonly readout: string;
}

export interface ContestantStatus {
  readonly role: ContestantRole;
  /** Ready now; undefined until the first tick. */
  readonly readyReplicas: number | undefined;
  readonly replicaHours: number;
  readonly costUsd: number | undefined;
  readonly carbonGrams: number | undefined;
  readonly missedRequests: number;
  readonly missShare: number;
  readonly changesPerDay: number | undefined;
}

export interface ComparisonTick {
  readonly timeSeconds: number;
  readonly seen: TargetSnapshot;
  readonly decision: Decision;
  readonly requestsPerSecondPerReplica: number | undefined;
  /** The HPA's, in its own shadow. */
  readonly baseline: { readonly readyReplicas: number; readonly totalReplicas: number } | undefined;
  /** The champion's group, to read only: a challenger begins with what it knows. */
  readonly state: GroupState | undefined;
}

/** A comparison that has not ticked for so many intervals counts no time in between: nothing was measured. */
const LONGEST_INTERVALS = 4;

/** Runs a target's challenger beside it, where its policy names one. What goes wrong in the shadow stops the shadow alone. */
export class Comparison {
  readonly #ports: ChallengerPorts;
  #policy: Policy;
  #saved: SavedComparison | undefined;
  #running: Running | undefined;
  #problem: string | undefined;

  /** `saved`: what a note of the journal holds; taken where its digest is the policy's. */
  constructor(policy: Policy, ports: ChallengerPorts) {
    this.#policy = policy;
    this.#ports = ports;
  }

  restore(saved: SavedComparison): void {
    if (this.#running === undefined) this.#saved = saved;
  }

  /** A policy that says otherwise, or whose challenger does, begins anew. */
  setPolicy(policy: Policy): void {
    if (policy.digest !== this.#policy.digest) {
      this.#running = undefined;
      this.#saved = undefined;
      this.#problem = undefined;
    }
    this.#policy = policy;
  }

  tick(tick: ComparisonTick): void {
    const { challenger } = this.#policy;
    if (challenger === undefined || this.#problem !== undefined) return;
    try {
      this.#tick(challenger, tick);
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error);
      this.#running = undefined;
    }
  }

  save(): SavedComparison | undefined {
    const running = this.#running;
    if (running === undefined) return this.#saved?.digest === this.#policy.digest ? this.#saved : undefined;
    const { champion, challenger, hpa } = running.contestants;
    return { target: this.#policy.name, digest: this.#policy.digest, sinceSeconds: running.sinceSeconds, seconds: running.seconds, accounts: { champion: champion.account, challenger: challenger.account, hpa: hpa.account } };
  }

  /** Undefined where the policy names no challenger. */
  view(): TargetComparison | undefined {
    const { challenger, name } = this.#policy;
    if (challenger === undefined) return undefined;
    const saved = this.save();
    const seconds = saved?.seconds ?? 0;
    const statuses = CONTESTANTS.map((role) => statusOf(role, saved?.accounts[role] ?? NOTHING_RUN, { ready: this.#running?.ready[role], seconds, priced: this.#running?.priced ?? false, weighed: this.#running?.weighed ?? false }));
    return {
      target: name, sinceSeconds: saved?.sinceSeconds ?? 0, seconds, challengerDigest: challenger.digest,
      differences: differencesOf(this.#policy, challenger), contestants: statuses,
      readout: this.#problem === undefined ? readoutOf(statuses, seconds) : `the challenger was stopped: ${this.#problem}`,
    };
  }

  #tick(challenger: Policy, { timeSeconds, seen, decision, requestsPerSecondPerReplica: rate, baseline, state }: ComparisonTick): void {
    const demand = valueOf(seen.demand);
    const { workload } = seen;
    if (rate === undefined || !(rate > 0) || workload.kind !== "value" || state === undefined) return;
    const total = workload.readyReplicas + workload.pendingReplicas;
    const running = (this.#running ??= this.#begin(challenger, { state, replicas: Math.max(1, total), timeSeconds }));
    const shadow = running.challenger.tick({ timeSeconds, seen, requestsPerSecondPerReplica: rate, leadTimeSeconds: decision.forecast?.leadTimeSeconds ?? 0, missRatio: running.contestants.challenger.missRatio });
    const seconds = Math.min(timeSeconds - running.lastSeconds, LONGEST_INTERVALS * this.#policy.evaluationIntervalSeconds);
    running.lastSeconds = timeSeconds;
    running.ready = { champion: workload.readyReplicas, challenger: shadow.readyReplicas, hpa: baseline?.readyReplicas };
    if (demand === undefined || baseline === undefined || !(seconds > 0)) return;
    const replicas = decision.allocation?.replicas ?? decision.desiredReplicas;
    const perReplica = (perHour: number | undefined): number => (perHour === undefined || replicas === 0 ? 0 : perHour / replicas);
    running.priced ||= decision.costPerHourUsd !== undefined;
    running.weighed ||= decision.carbonGramsPerHour !== undefined;
    const common = { seconds, demandPerSecond: demand, pricePerHourUsd: perReplica(decision.costPerHourUsd), gramsPerHour: perReplica(decision.carbonGramsPerHour), service: serviceOf(this.#policy, rate) };
    running.seconds += seconds;
    running.contestants.champion.add({ ...common, readyReplicas: workload.readyReplicas, totalReplicas: total });
    running.contestants.challenger.add({ ...common, readyReplicas: shadow.readyReplicas, totalReplicas: shadow.readyReplicas + shadow.pendingReplicas });
    running.contestants.hpa.add({ ...common, ...baseline });
  }

  #begin(challenger: Policy, from: { readonly state: GroupState; readonly replicas: number; readonly timeSeconds: number }): Running {
    const saved = this.#saved?.digest === this.#policy.digest ? this.#saved : undefined;
    const contestant = (role: ContestantRole): Contestant => new Contestant(saved?.accounts[role] ?? NOTHING_RUN);
    return {
      challenger: new ShadowChallenger(challenger, from, this.#ports), sinceSeconds: saved?.sinceSeconds ?? from.timeSeconds, lastSeconds: from.timeSeconds, seconds: saved?.seconds ?? 0,
      contestants: { champion: contestant("champion"), challenger: contestant("challenger"), hpa: contestant("hpa") },
      ready: { champion: undefined, challenger: undefined, hpa: undefined },
      priced: (saved?.accounts.champion.costUsd ?? 0) > 0, weighed: (saved?.accounts.champion.carbonGrams ?? 0) > 0,
    };
  }
}

interface Running {
  readonly challenger: ShadowChallenger;
  readonly sinceSeconds: number;
  lastSeconds: number;
  seconds: number;
  readonly contestants: Readonly<Record<ContestantRole, Contestant>>;
  ready: Readonly<Record<ContestantRole, number | undefined>>;
  priced: boolean;
  weighed: boolean;
}

/** The newest note of each target among records that begin at a checkpoint. */
export async function savedComparisons(records: AsyncIterable<JournalRecord>): Promise<ReadonlyMap<string, SavedComparison>> {
  const found = new Map<string, SavedComparison>();
  for await (const record of records) {
    if (record.type !== "note" || record.kind !== COMPARISON_NOTE) continue;
    const saved = record.detail as SavedComparison;
    found.set(saved.target, saved);
  }
  return found;
}

interface Shown {
  readonly ready: number | undefined;
  readonly seconds: number;
  readonly priced: boolean;
  readonly weighed: boolean;
}

function statusOf(role: ContestantRole, account: ContestantAccount, { ready, seconds, priced, weighed }: Shown): ContestantStatus {
  const { replicaSeconds, requests, missed, changes, costUsd, carbonGrams } = account;
  return {
    role, readyReplicas: ready, replicaHours: replicaSeconds / 3600, costUsd: priced ? costUsd : undefined, carbonGrams: weighed ? carbonGrams : undefined,
    missedRequests: missed, missShare: requests > 0 ? missed / requests : 0, changesPerDay: seconds > 0 ? (changes * 86_400) / seconds : undefined,
  };
}

/** `would have saved $1.20, 34 more misses` */
function readoutOf([champion, challenger]: readonly ContestantStatus[], seconds: number): string {
  if (champion === undefined || challenger === undefined || !(seconds > 0)) return "nothing to compare yet";
  const money = champion.costUsd === undefined || challenger.costUsd === undefined ? undefined : champion.costUsd - challenger.costUsd;
  const hours = champion.replicaHours - challenger.replicaHours;
  const spent = money === undefined
    ? `${hours >= 0 ? "saved" : "run"} ${Math.abs(hours).toFixed(1)} ${hours >= 0 ? "" : "more "}replica-hours`
    : `${money >= 0 ? "saved" : "cost"} $${Math.abs(money).toFixed(2)}${money >= 0 ? "" : " more"}`;
  const misses = Math.round(challenger.missedRequests) - Math.round(champion.missedRequests);
  return `would have ${spent}, ${Math.abs(misses).toLocaleString("en-US")} ${misses >= 0 ? "more" : "fewer"} misses`;
}

/** Leaves that differ between two policies, by path; what always differs between champion and challenger is left out. */
function differencesOf(champion: Policy, challenger: Policy): readonly string[] {
  const leaves = (policy: Policy): Map<string, string> => {
    const { digest: _digest, mode: _mode, challenger: _challenger, ...said } = policy;
    const found = new Map<string, string>();
    const walk = (value: unknown, path: string): void => {
      if (value === undefined) return;
      if (value === null || typeof value !== "object") found.set(path, JSON.stringify(value));
      else for (const [key, child] of Object.entries(value)) walk(child, path === "" ? key : `${path}.${key}`);
    };
    walk(said, "");
    return found;
  };
  const [ours, theirs] = [leaves(champion), leaves(challenger)];
  const paths = [...new Set([...ours.keys(), ...theirs.keys()])];
  return paths.filter((path) => ours.get(path) !== theirs.get(path)).map((path) => `${path}: ${ours.get(path) ?? "–"} → ${theirs.get(path) ?? "–"}`);
}
