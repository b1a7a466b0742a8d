import type { Override } from "../model/override.ts";
import type { Policy } from "../model/policy.ts";
import type { Rule } from "./rule.ts";
import { unchanged } from "./rule.ts";

/** A person's count stands over everything but the guard. */
export const pin: Rule = {
  code: "pin",
  apply(count, { overrides, policy, timeSeconds }) {
    const found = pinOf(overrides, policy, timeSeconds);
    return found?.replicas === undefined ? unchanged(count) : { count: found.replicas, text: `pinned by ${found.author}: ${found.reason}` };
  },
};

/** The pin that holds a target at a time: its own, its group's or everyone's. */
export function pinOf(overrides: readonly Override[], { name, group }: Pick<Policy, "name" | "group">, timeSeconds: number): Override | undefined {
  return overrides.find(({ kind, target, replicas, expiresAtSeconds }) => kind === "pin" && [name, group, "*"].includes(target) && timeSeconds < expiresAtSeconds && replicas !== undefined);
}
