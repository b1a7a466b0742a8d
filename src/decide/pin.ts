import type { Rule } from "./rule.ts";
import { unchanged } from "./rule.ts";

/** A person's count stands over everything but the guard. */
export const pin: Rule = {
  code: "pin",
  apply(count, { overrides, policy, timeSeconds }) {
    for (const override of overrides) {
      const named = override.target === policy.name || override.target === policy.group || override.target === "*";
      if (override.kind !== "pin" || !named || timeSeconds >= override.expiresAtSeconds || override.replicas === undefined) continue;
      return { count: override.replicas, text: `pinned by ${override.author}: ${override.reason}` };
    }
    return unchanged(count);
  },
};
