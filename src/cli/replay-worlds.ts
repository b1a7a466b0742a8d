import type { Policy } from "../model/policy.ts";
import { failure, success } from "../model/result.ts";
import type { Result } from "../model/result.ts";
import type { ReplayGroup } from "../replay/replay-job.ts";
import type { ReplayWorld } from "../replay/simulate.ts";
import { readDemandHistory } from "./demand-history.ts";
import type { DemandHistory } from "./demand-history.ts";
import { commonStep, readWorld, spanOf } from "./replay-input.ts";
import type { PolicyInGroup, ReplayInput, WorldOptions } from "./replay-input.ts";

export interface WorldsQuestion {
  /** Whose target is replayed; its belief is the truth where no option says otherwise. */
  readonly base: PolicyInGroup;
  /** What else runs in the same worlds. */
  readonly others: readonly PolicyInGroup[];
  readonly fromSeconds: number | undefined;
  readonly toSeconds: number;
  readonly query: string | undefined;
  readonly bearerToken: string | undefined;
  readonly options: WorldOptions;
  /** Rows that are further before the newest are left out. */
  readonly keepSeconds?: number;
}

export interface ReplayWorlds {
  readonly input: ReplayInput;
  /** Worlds of the other targets of the group, by name. */
  readonly mates: Readonly<Record<string, ReplayWorld>>;
  /** The newest row of the base's history. */
  readonly lastSeconds: number;
  /** What is stepped together with a policy; undefined where it stands alone. */
  groupOf(member: PolicyInGroup): ReplayGroup | undefined;
}

/** The world of a target, and those of the targets that are decided with it, over the time that all their histories cover. */
export async function readWorlds(place: string, question: WorldsQuestion): Promise<Result<ReplayWorlds>> {
  const { base, others, options, keepSeconds = Infinity, ...asked } = question;
  const policies = [base, ...others].flatMap(({ policy, group }) => [policy, ...group]);
  const members = [base.policy, ...policies.filter(({ name }, at) => name !== base.policy.name && policies.findIndex((other) => other.name === name) === at)];
  const histories = new Map<string, DemandHistory>();
  for (const policy of members) {
    const read = await readDemandHistory(place, { ...asked, policy, group: members, query: policy === base.policy ? asked.query : undefined });
    if (!read.ok) return read;
    histories.set(policy.name, newestOf(read.value, keepSeconds));
  }
  const step = commonStep(policies);
  const spans = [...histories.values()].map((history) => spanOf(history, step));
  const span = { from: Math.max(...spans.map(({ from }) => from)), to: Math.min(...spans.map(({ to }) => to)) };
  if (span.to <= span.from) return failure("missing", `${place}: there is no time that the histories of ${members.map(({ name }) => name).join(", ")} have in common`);
  const worldOf = (policy: Policy): Result<ReplayInput> => {
    const { trueRate: _rate, trueLeadSeconds: _lead, ...ofMate } = options;
    return readWorld(histories.get(policy.name) ?? NO_HISTORY, policy, { ...(policy === base.policy ? options : ofMate), step, span });
  };
  const input = worldOf(base.policy);
  if (!input.ok) return input;
  const mates: Record<string, ReplayWorld> = {};
  for (const policy of members.slice(1)) {
    const world = worldOf(policy);
    if (!world.ok) return world;
    mates[policy.name] = world.value.world;
  }
  return success({
    input: input.value, mates, lastSeconds: histories.get(base.policy.name)?.timesSeconds.at(-1) ?? 0,
    groupOf: ({ policy, group }) => (group.length === 1 ? undefined : {
      at: group.findIndex(({ name }) => name === policy.name),
      others: group.flatMap((mate) => { const world = mates[mate.name]; return mate.name === policy.name || world === undefined ? [] : [{ policy: mate, world }]; }),
    }),
  });
}

const NO_HISTORY: DemandHistory = { timesSeconds: new Float64Array(), perSecond: new Float64Array(), signals: {} };

function newestOf({ timesSeconds, perSecond, signals }: DemandHistory, keepSeconds: number): DemandHistory {
  const first = Math.max(0, timesSeconds.findIndex((time) => time >= (timesSeconds.at(-1) ?? 0) - keepSeconds));
  return { timesSeconds: timesSeconds.subarray(first), perSecond: perSecond.subarray(first), signals: Object.fromEntries(Object.entries(signals).map(([name, values]) => [name, values.subarray(first)])) };
}
