// Heavy parts load when a policy needs them: what a process has resolved is recorded by Node itself.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const REGISTRY = fileURLToPath(new URL("../../../src/act/registry.ts", import.meta.url));

/** The cloud SDKs that a fresh process has loaded after the registry and, where given, one actuator. */
function loadedSdks(create: string): readonly string[] {
  const script = `
    import { registerHooks } from "node:module";
    const seen = new Set();
    registerHooks({ load(url, context, next) { const sdk = /@aws-sdk\\/(client-[a-z0-9-]+)\\//.exec(url); if (sdk) seen.add(sdk[1]); return next(url, context); } });
    const { createActuator } = await import(${JSON.stringify(REGISTRY)});
    ${create}
    console.log(JSON.stringify([...seen].sort()));`;
  return JSON.parse(execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8", env: { ...process.env, AWS_REGION: "us-east-1" } })) as readonly string[];
}

describe("the registry of actuators", () => {
  it("loads no cloud's SDK by itself, nor for an actuator that needs none", () => {
    expect(loadedSdks("")).toEqual([]);
    expect(loadedSdks(`await createActuator("simulated", {}, { target: "shop", now: () => 0 });`)).toEqual([]);
  });

  it("loads the one that a policy needs, and not EC2's for a group whose market nobody has asked for", () => {
    expect(loadedSdks(`await createActuator("aws-asg", { group: "shop" }, { target: "shop", now: () => 0 });`)).toEqual(["client-auto-scaling"]);
  });
});
