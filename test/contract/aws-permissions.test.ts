// Least privilege: with the generated policy an actuator does all that it can; with any one action taken away, it does not.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Actuator } from "../../src/act/actuator.ts";
import { ACTUATORS } from "../../src/act/registry.ts";
import type { IamPolicy } from "../../src/act/aws/permissions.ts";
import { AWS_EXERCISES } from "./aws-exercises.ts";
import { startFakeCloud, useCredentials, type FakeCloud } from "../fixtures/aws/cloud.ts";
import { makeActuator } from "./actuator-counterparts.ts";

let cloud: FakeCloud;
let actuator: Actuator | undefined;
beforeEach(async () => { cloud = await startFakeCloud(); });
afterEach(async () => {
  await actuator?.close();
  await cloud.close();
});

const generated = (type: string, config: unknown, writes: boolean): IamPolicy => {
  const policy = ACTUATORS.find((one) => one.type === type)?.iamPolicy(config, { writes });
  if (policy?.ok !== true || policy.value === undefined) throw new Error(`${type} has no policy`);
  return policy.value;
};
const actionsOf = (policy: IamPolicy): readonly string[] => policy.Statement.flatMap(({ Action }) => Action);

it("has an exercise for each actuator that calls AWS", () => {
  const onAws = ACTUATORS.filter(({ type }) => type.startsWith("aws-")).map(({ type }) => type);
  expect(Object.keys(AWS_EXERCISES).sort()).toEqual(onAws.sort());
});

describe.each(Object.entries(AWS_EXERCISES))("the policy of %s", (type, { config, prepare, exercise }) => {
  const run = async (accessKeyId: string, actions: readonly string[]): Promise<readonly string[]> => {
    useCredentials(accessKeyId);
    prepare(cloud);
    cloud.wire.allow(accessKeyId, actions);
    actuator = await makeActuator(type, { ...config, endpoint: cloud.wire.endpoint }, cloud.now);
    return await exercise(actuator);
  };
  const all = actionsOf(generated(type, config, true));

  it("suffices", async () => {
    expect(await run("AKIDALL", all)).toEqual([]);
  });

  it.each(all)("needs %s", async (action) => {
    expect(await run("AKIDLESS", all.filter((one) => one !== action))).not.toEqual([]);
  });

  it("narrows every write to the target, and knows no wildcard action", () => {
    const policy = generated(type, config, true);
    const writing = new Set(actionsOf(policy).filter((action) => !actionsOf(generated(type, config, false)).includes(action)));
    expect(writing.size).toBeGreaterThan(0);
    for (const { Action, Resource } of policy.Statement) {
      if (Action.some((action) => writing.has(action))) expect(Resource).not.toContain("*");
      expect(Action.join()).not.toContain("*");
    }
  });

  it("without writes lets it read and nothing else", async () => {
    const failures = await run("AKIDREAD", actionsOf(generated(type, config, false)));
    expect(failures.length).toBeGreaterThan(0);
    for (const failure of failures) expect(failure).toMatch(/^write: access-denied/);
    expect(cloud.wire.calls.filter(({ effective, action }) => effective && cloud.wire.writeCalls().some((call) => call.action === action))).toEqual([]);
  });
});

describe("a command that is not declared", () => {
  it("is refused before it is sent", async () => {
    const { declareActions } = await import("../../src/act/aws/permissions.ts");
    const { AutoScalingClient, DeleteAutoScalingGroupCommand } = await import("@aws-sdk/client-auto-scaling");
    const client = declareActions(new AutoScalingClient({ region: "us-east-1", endpoint: cloud.wire.endpoint }), "autoscaling", []);
    await expect(client.send(new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: "shop-asg" }))).rejects.toThrow("autoscaling:DeleteAutoScalingGroup is not among the declared permissions");
    expect(cloud.wire.calls).toEqual([]);
    client.destroy();
  });
});

it("is written down for every actuator in docs/aws-permissions.md (renewed by `npx vitest run test/contract/aws-permissions.test.ts -u`)", async () => {
  const pages = Object.entries(AWS_EXERCISES).map(([type, { config }]) => [
    `## ${type}`, "", "```json", JSON.stringify(generated(type, config, true), null, 2), "```", "",
    `In the modes \`observe\` and \`recommend\`: ${actionsOf(generated(type, config, false)).map((action) => `\`${action}\``).join(", ")}.`, "",
  ].join("\n"));
  const head = "# The least that AWS must allow\n\nGenerated from the code; `test/contract/aws-permissions.test.ts` shows that each policy suffices and that no action of it can be\nleft out. Replace the region, and the name of the target, by yours.\n";
  await expect([head, ...pages].join("\n")).toMatchFileSnapshot("../../docs/aws-permissions.md");
});
