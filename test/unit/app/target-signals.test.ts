import { describe, expect, it } from "vitest";

import { createSimulated } from "../../../src/act/actuators/simulated.ts";
import { signalsOf } from "../../../src/app/sources/sources.ts";
import { TargetRuntime } from "../../../src/app/loop/target-runtime.ts";
import { missing, present } from "../../../src/model/observation.ts";
import { parsePolicies } from "../../../src/policy/parse-policies.ts";

const NOW_SECONDS = 1_700_000_000;

function policy() {
  const text = `apiVersion: foretide.dev/v1
kind: Policy
metadata: { name: web }
spec:
  target: { simulated: {} }
  replicas: { min: 1, max: 20 }
  demand: { preset: http-rate, service: web }
  signals:
    - { name: connections, metric: http.server.active_requests, extract: gauge, target: 100 }
    - { name: uploads, metric: shop.uploads, extract: rate }
    - { name: work, formula: "demand + uploads", target: 50 }
`;
  const parsed = parsePolicies([{ path: "web.yaml", text }]);
  const [first] = parsed.ok ? parsed.policies : [];
  if (first === undefined) throw new Error(JSON.stringify(parsed));
  return first;
}

describe("a target with several signals", () => {
  it("asks its source for each that is measured, and leaves formulas to the step", async () => {
    const web = policy();
    const actuator = createSimulated({ replicas: 3, startSeconds: 60, startSigma: 0, failedStartShare: 0, drainSeconds: 5, maxReplicas: 20, seed: 1 }, { target: "web", now: () => NOW_SECONDS });
    const runtime = new TargetRuntime(web, actuator, { nowSeconds: () => NOW_SECONDS, earlierWrites: [] });
    const asked: string[] = [];
    const seen = await runtime.observe(web, {
      readSignal: (_target, spec, now) => {
        asked.push(spec.metric);
        return spec.metric === "shop.uploads" ? missing("stale", "no point for 200 s") : present(7, now);
      },
      offerings: () => undefined, carbon: () => undefined, takeNotices: () => [],
    }, NOW_SECONDS);
    expect(asked).toContain("shop.uploads");
    expect(seen.signals).toEqual({ connections: present(7, NOW_SECONDS), uploads: missing("stale", "no point for 200 s") });
  });

  it("has every metric watched", () => {
    expect(signalsOf([policy()]).map(({ metric }) => metric)).toEqual(expect.arrayContaining(["http.server.request.duration", "http.server.active_requests", "shop.uploads"]));
  });
});
