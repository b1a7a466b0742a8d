import { readFileSync } from "node:fs";
import { contentDigest } from "../model/content-digest.ts";
import { failure, success } from "../model/result.ts";
import type { Result } from "../model/result.ts";
import type { PlanReport } from "../replay/plan-report.ts";
import type { ReplayWorld } from "../replay/simulate.ts";
import type { ReplayWorlds } from "./replay-worlds.ts";

/** A plan in a file: what it said, and digests of what it was made from, so that it is not taken for one of other inputs. */
export interface SavedPlan {
  readonly format: 1;
  readonly policy: Source;
  readonly against: Source | undefined;
  readonly history: { readonly place: string; readonly query: string | undefined; readonly fromSeconds: number; readonly toSeconds: number; readonly digest: string };
  readonly days: number;
  readonly plan: PlanReport;
}

export interface Source {
  readonly place: string;
  readonly name: string;
  readonly digest: string;
}

/** Of the load on its grid, the scored part and the terms: equal worlds have equal digests. */
export function worldDigest({ input: { world, leadTimeSeconds }, mates }: Pick<ReplayWorlds, "input" | "mates">): string {
  const others = Object.entries(mates).map(([name, mate]) => [name, plain(mate)] as const);
  return contentDigest({ ...plain(world), leadTimeSeconds, ...(others.length > 0 && { mates: Object.fromEntries(others) }) });
}

function plain(world: ReplayWorld): Readonly<Record<string, unknown>> {
  const recorded: NonNullable<ReplayWorld["signals"]> = world.signals ?? {};
  const signals = Object.entries(recorded).map(([name, { kind, values }]) => [name, { kind, values: Array.from(values, (value): number | null => (Number.isNaN(value) ? null : value)) }] as const);
  return { ...world, load: Array.from(world.load), ...(signals.length > 0 && { signals: Object.fromEntries(signals) }) };
}

/** A saved plan, or why the file is none. */
export function readSavedPlan(path: string): Result<SavedPlan> {
  try {
    const value = JSON.parse(readFileSync(path, "utf8")) as Partial<SavedPlan> | null;
    if (value?.format !== 1 || value.plan === undefined || value.policy === undefined || value.history === undefined) return failure("permanent", `${path}: expected a plan that foretide plan --out has written`);
    return success(value as SavedPlan);
  } catch (error) {
    return failure("permanent", `${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** What has changed since a plan was saved, in words; empty where it still holds. */
export function staleness(saved: SavedPlan, fresh: Pick<SavedPlan, "policy" | "against" | "history">): readonly string[] {
  const changed: string[] = [];
  if (fresh.policy.digest !== saved.policy.digest) changed.push(`the policy in ${saved.policy.place} has changed`);
  if (fresh.against?.digest !== saved.against?.digest) changed.push(`the policy that holds (${saved.against?.place ?? "none"}) has changed`);
  if (fresh.history.digest !== saved.history.digest) changed.push(`the history in ${saved.history.place} says otherwise of the same days`);
  return changed;
}
