// The actuators against moto, a server of AWS's wire that is not ours. Laxer than the service (bounds, starts, activities), so
// what it shows is that requests and answers are AWS's; the strict behaviour is shown on the fake.
import { ApplicationAutoScalingClient, DescribeScalableTargetsCommand, RegisterScalableTargetCommand } from "@aws-sdk/client-application-auto-scaling";
import { AutoScalingClient, CreateAutoScalingGroupCommand, CreateLaunchConfigurationCommand, DescribeAutoScalingGroupsCommand, DescribeWarmPoolCommand, PutWarmPoolCommand } from "@aws-sdk/client-auto-scaling";
import { CreateLaunchTemplateCommand, DescribeImagesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { CreateClusterCommand, CreateServiceCommand, ECSClient, RegisterTaskDefinitionCommand } from "@aws-sdk/client-ecs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { passGate } from "../../src/act/gate.ts";
import { createGateMemory } from "../../src/act/gate-memory.ts";
import type { Allocation } from "../../src/model/offering.ts";
import { makeActuator } from "../contract/actuator-counterparts.ts";
import { intentTo } from "../contract/actuator.contract.ts";
import { useCredentials } from "../fixtures/aws/cloud.ts";
import { motoMissing, startMoto } from "../fixtures/aws/moto.ts";

const missing = motoMissing();
const now = (): number => Date.now() / 1_000;

describe.skipIf(missing !== undefined)(`actuators against moto${missing === undefined ? "" : ` (left out: ${missing})`}`, () => {
  let moto: Awaited<ReturnType<typeof startMoto>>;
  let autoScaling: AutoScalingClient;
  let ec2: EC2Client;
  beforeAll(async () => {
    useCredentials("AKIDMOTO");
    moto = await startMoto();
    const options = { region: "us-east-1", endpoint: moto.endpoint };
    autoScaling = new AutoScalingClient(options);
    ec2 = new EC2Client(options);
  }, 120_000);
  afterAll(async () => {
    autoScaling.destroy();
    ec2.destroy();
    await moto.close();
  });
  beforeEach(async () => { await moto.reset(); });

  const group = async () => (await autoScaling.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: ["shop-asg"] }))).AutoScalingGroups?.[0];
  const image = async () => (await ec2.send(new DescribeImagesCommand({ Owners: ["amazon"] }))).Images?.[0]?.ImageId;
  const asg = (config: Record<string, unknown> = {}) => makeActuator("aws-asg", { group: "shop-asg", region: "us-east-1", endpoint: moto.endpoint, ...config }, now);

  it("sets the desired capacity of a plain group through the gate, and reads it back", async () => {
    await autoScaling.send(new CreateLaunchConfigurationCommand({ LaunchConfigurationName: "lc", ImageId: await image(), InstanceType: "m5.large" }));
    await autoScaling.send(new CreateAutoScalingGroupCommand({ AutoScalingGroupName: "shop-asg", LaunchConfigurationName: "lc", MinSize: 1, MaxSize: 20, DesiredCapacity: 4, AvailabilityZones: ["us-east-1a"] }));
    const actuator = await asg();
    expect(await actuator.read()).toMatchObject({ ok: true, value: { desiredReplicas: 4, readyReplicas: 4 } });
    const outcome = await passGate(intentTo(7, 4), {
      actuator, memory: createGateMemory(), group: "web", now,
      standing: { killSwitch: () => ({ engaged: false }), mode: () => "full", overrides: () => [], epoch: () => 1, backOff: () => undefined },
    });
    expect(outcome).toMatchObject({ kind: "applied" });
    expect(await actuator.read()).toMatchObject({ ok: true, value: { desiredReplicas: 7, readyReplicas: 7 } });
    // moto itself would take 21; the actuator has read the group's bounds.
    expect(await actuator.write(intentTo(21, 7))).toMatchObject({ ok: false, code: "out-of-bounds" });
    expect((await group())?.DesiredCapacity).toBe(7);
    await actuator.close();
  });

  it("reads the offerings of a mixed instances policy from EC2, and sets its count", async () => {
    const template = await ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName: "lt", LaunchTemplateData: { ImageId: await image(), InstanceType: "m5.large" } }));
    const specification = { LaunchTemplateId: template.LaunchTemplate?.LaunchTemplateId, Version: "$Latest" };
    await autoScaling.send(new CreateAutoScalingGroupCommand({
      AutoScalingGroupName: "shop-asg", MinSize: 1, MaxSize: 20, DesiredCapacity: 4, AvailabilityZones: ["us-east-1a"],
      MixedInstancesPolicy: {
        LaunchTemplate: { LaunchTemplateSpecification: specification, Overrides: [{ InstanceType: "m5.large" }, { InstanceType: "c5.large" }] },
        InstancesDistribution: { OnDemandBaseCapacity: 4, OnDemandPercentageAboveBaseCapacity: 100 },
      },
    }));
    const actuator = await asg();
    expect(await actuator.read()).toMatchObject({ ok: true, value: { runningByOffering: { "us-east-1a/m5.large/on-demand": 4 } } });
    const allocation: Allocation = { instances: { "us-east-1a/m5.large/on-demand": 2, "us-east-1a/c5.large/spot": 6 }, replicas: 8, costPerHourUsd: 0, carbonGramsPerHour: undefined };
    // moto cannot change the distribution alone (it answers 500 and has changed nothing); the service can. We cannot know which.
    expect(await actuator.write(intentTo(8, 4, { allocation }))).toMatchObject({ ok: false, failure: "transient", code: "server-error", mayHaveArrived: true });
    expect(await group()).toMatchObject({ DesiredCapacity: 4 });
    expect(await actuator.write(intentTo(8, 4))).toMatchObject({ ok: true, value: { applied: true } });
    expect(await actuator.read()).toMatchObject({ ok: true, value: { desiredReplicas: 8 } });
    await actuator.close();
  });

  it("sets the desired count of an ECS service, and calls one that is not there missing", async () => {
    const ecs = new ECSClient({ region: "us-east-1", endpoint: moto.endpoint });
    await ecs.send(new CreateClusterCommand({ clusterName: "prod" }));
    await ecs.send(new RegisterTaskDefinitionCommand({ family: "shop", containerDefinitions: [{ name: "shop", image: "shop", memory: 128 }] }));
    await ecs.send(new CreateServiceCommand({ cluster: "prod", serviceName: "shop", taskDefinition: "shop", desiredCount: 4 }));
    ecs.destroy();
    const settings = { cluster: "prod", region: "us-east-1", endpoint: moto.endpoint };
    const actuator = await makeActuator("aws-ecs", { ...settings, service: "shop" }, now);
    expect(await actuator.write(intentTo(7, 4))).toMatchObject({ ok: true, value: { applied: true } });
    expect(await actuator.read()).toMatchObject({ ok: true, value: { desiredReplicas: 7 } });
    expect(await actuator.write(intentTo(9, 5))).toMatchObject({ ok: false, code: "foreign-write" });
    await actuator.close();
    const other = await makeActuator("aws-ecs", { ...settings, service: "cart" }, now);
    expect(await other.read()).toMatchObject({ ok: false, failure: "missing" });
    await other.close();
  });

  it("moves the floor of a scalable target", async () => {
    const scaling = new ApplicationAutoScalingClient({ region: "us-east-1", endpoint: moto.endpoint });
    const ecs = new ECSClient({ region: "us-east-1", endpoint: moto.endpoint });
    await ecs.send(new CreateClusterCommand({ clusterName: "prod" }));
    await ecs.send(new RegisterTaskDefinitionCommand({ family: "shop", containerDefinitions: [{ name: "shop", image: "shop", memory: 128 }] }));
    await ecs.send(new CreateServiceCommand({ cluster: "prod", serviceName: "shop", taskDefinition: "shop", desiredCount: 4 }));
    await scaling.send(new RegisterScalableTargetCommand({ ServiceNamespace: "ecs", ResourceId: "service/prod/shop", ScalableDimension: "ecs:service:DesiredCount", MinCapacity: 2, MaxCapacity: 20 }));
    const actuator = await makeActuator("aws-ecs-floor", { cluster: "prod", service: "shop", region: "us-east-1", endpoint: moto.endpoint }, now);
    expect(await actuator.write(intentTo(6, 2))).toMatchObject({ ok: true, value: { applied: true } });
    const { ScalableTargets: [target] = [] } = await scaling.send(new DescribeScalableTargetsCommand({ ServiceNamespace: "ecs" }));
    expect(target).toMatchObject({ MinCapacity: 6, MaxCapacity: 20 });
    expect(await actuator.write(intentTo(21, 6))).toMatchObject({ ok: false, code: "out-of-bounds" });
    await actuator.close();
    scaling.destroy();
    ecs.destroy();
  });

  it("keeps a warm pool's state while its size changes", async () => {
    await autoScaling.send(new CreateLaunchConfigurationCommand({ LaunchConfigurationName: "lc", ImageId: await image(), InstanceType: "m5.large" }));
    await autoScaling.send(new CreateAutoScalingGroupCommand({ AutoScalingGroupName: "shop-asg", LaunchConfigurationName: "lc", MinSize: 1, MaxSize: 20, DesiredCapacity: 2, AvailabilityZones: ["us-east-1a"] }));
    await autoScaling.send(new PutWarmPoolCommand({ AutoScalingGroupName: "shop-asg", MinSize: 1, PoolState: "Hibernated" }));
    const actuator = await makeActuator("aws-warm-pool", { group: "shop-asg", region: "us-east-1", endpoint: moto.endpoint }, now);
    expect(await actuator.write(intentTo(3, 1))).toMatchObject({ ok: true, value: { applied: true } });
    const { WarmPoolConfiguration } = await autoScaling.send(new DescribeWarmPoolCommand({ AutoScalingGroupName: "shop-asg" }));
    expect(WarmPoolConfiguration).toMatchObject({ MinSize: 3, PoolState: "Hibernated" });
    await actuator.close();
  });

  it("calls a group that is not there missing", async () => {
    const actuator = await asg();
    expect(await actuator.read()).toMatchObject({ ok: false, failure: "missing" });
    expect(await actuator.write(intentTo(7, 4))).toMatchObject({ ok: false, failure: "missing", mayHaveArrived: false });
    await actuator.close();
  });
});
