import { expect, it } from "vitest";
import type { Actuator } from "../../../src/act/actuator.ts";
import { TargetRuntime, type TargetSources } from "../../../src/app/loop/target-runtime.ts";
import { missing } from "../../../src/model/observation.ts";
import { success, type Result } from "../../../src/model/result.ts";
import type { Workload } from "../../../src/model/workload.ts";
import { policyOf } from "../../fixtures/policy.ts";

const sources = { readSignal: () => missing("absent", "none"), offerings: () => undefined, carbon: () => undefined, takeNotices: () => [] } as unknown as TargetSources;
const reading: Workload = { kind: "value", timeSeconds: 100, desiredReplicas: 4, readyReplicas: 4, pendingReplicas: 0 };

it("goes on without a reading that hangs (a credentials program, a name server), begins no second one beside it, and reads again after it", async () => {
  let asked = 0;
  let answer: (read: Result<Workload>) => void = () => undefined;
  const actuator: Actuator = {
    type: "hanging",
    read: () => new Promise((resolve) => { asked += 1; answer = resolve; }),
    write: () => Promise.reject(new Error("not asked")),
    close: () => Promise.resolve(),
  };
  const runtime = new TargetRuntime(policyOf(), actuator, { nowSeconds: () => 100, earlierWrites: [], readTimeoutMilliseconds: 30 });
  const observe = async (): Promise<unknown> => (await runtime.observe(policyOf(), sources, 100)).workload;
  expect(await observe()).toMatchObject({ kind: "absent", cause: "stale", detail: "no reading within 0.03 s" });
  expect(await observe()).toMatchObject({ kind: "absent", cause: "stale", detail: "an earlier reading is still under way" });
  expect(asked).toBe(1);
  answer(success(reading));
  await new Promise((resolve) => setTimeout(resolve, 0));
  const next = observe();
  await new Promise((resolve) => setTimeout(resolve, 0));
  answer(success(reading));
  expect(await next).toMatchObject({ kind: "value", readyReplicas: 4 });
  expect(asked).toBe(2);
});

it("goes as far as a person lets it, and never further than the policy that holds now", () => {
  const actuator = { type: "none", read: () => Promise.reject(new Error("not asked")), write: () => Promise.reject(new Error("not asked")), close: () => Promise.resolve() } satisfies Actuator;
  const runtime = new TargetRuntime(policyOf({ mode: "full" }), actuator, { nowSeconds: () => 100, earlierWrites: [] });
  runtime.modeLimit = "scale-out-only";
  expect(runtime.mode).toBe("scale-out-only");
  runtime.policy = policyOf({ mode: "observe" });
  expect(runtime.mode).toBe("observe");
  runtime.policy = policyOf({ mode: "full" });
  expect(runtime.mode).toBe("scale-out-only");
});
