import { describe, expect, it } from "vitest";

import { parsePolicies } from "../../../src/policy/parse-policies.ts";
import { builtInPresets } from "../../../src/policy/preset.ts";
import { defaultPolicy } from "../../../src/replay/default-policy.ts";

const YAML = `apiVersion: foretide.dev/v1
kind: Policy
metadata: { name: web }
spec:
  mode: full
  target: { simulated: {} }
  replicas: { min: 1, max: 200 }
  demand: { preset: http-rate, service: web }
  scaling: { by: objective, requestsPerSecondPerReplica: 100 }
  leadTime: 120s
`;

describe("the policy of the scoreboard", () => {
  it("decides as a file with nothing but the facts of the service does: no field is tuned", () => {
    const parsed = parsePolicies([{ path: "web.yaml", text: YAML }], { presets: builtInPresets() });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
    const [policy] = parsed.policies;
    const scoreboard = defaultPolicy({ leadTimeSeconds: 120, requestsPerSecondPerReplica: 100, errorBudget: 0.001 });
    for (const field of ["replicas", "scaling", "objective", "leadTimeSeconds", "evaluationIntervalSeconds", "forecast", "behavior", "fallback"] as const) {
      expect(policy?.[field], field).toEqual(scoreboard[field]);
    }
    expect(policy?.signals.demand.windowSeconds).toBe(scoreboard.signals.demand.windowSeconds);
  });
});
