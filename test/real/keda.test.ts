import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { watchTarget } from "../../src/act/watched-target.ts";
import { makeActuator } from "../contract/actuator-counterparts.ts";
import { freePort, hasKubernetes, start, startControlPlane, type Child, type ControlPlane } from "../fixtures/kubernetes/control-plane.ts";

const GO = fileURLToPath(new URL("../../.runtime/go/", import.meta.url));
const hasKeda = hasKubernetes && existsSync(join(GO, "keda"));
const note = hasKeda ? "" : " (skipped: npm run build:kubernetes and npm run build:keda build it)";
const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
const SCALED_OBJECTS = "/apis/keda.sh/v1alpha1/namespaces/default/scaledobjects";

describe.skipIf(!hasKeda)(`a running KEDA operator${note}`, () => {
  let cluster: ControlPlane;
  let keda: Child;

  beforeAll(async () => {
    cluster = await startControlPlane();
    for (const name of ["default", "keda"]) await cluster.ask("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
    for (const file of readdirSync(join(GO, "keda-crds"))) {
      const made = await cluster.ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", parse(readFileSync(join(GO, "keda-crds", file), "utf8")));
      expect(made.status, JSON.stringify(made.body)).toBe(201);
    }
    await until(async () => (await cluster.ask("GET", SCALED_OBJECTS)).status === 200, "the API server knows ScaledObjects");
    const args = [`--kubeconfig=${cluster.kubeconfig}`, `--cert-dir=${cluster.certDir}`, "--enable-prometheus-metrics=false", "--health-probe-bind-address=0", `--metrics-service-bind-address=127.0.0.1:${String(await freePort())}`];
    keda = start(args, { path: join(GO, "keda"), env: { POD_NAMESPACE: "keda", KEDA_CLUSTER_OBJECT_NAMESPACE: "keda", WATCH_NAMESPACE: "" } });
  }, 120_000);
  afterAll(async () => {
    await keda.end();
    await cluster.stop();
  });

  async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
    for (let wait = 0; wait < 450; wait++) {
      if (await isSo()) return;
      await sleep(100);
    }
    throw new Error(`never: ${what}\n${keda.log().slice(-4_000)}`);
  }

  const replicas = async (name: string): Promise<number> => ((await cluster.ask("GET", `${DEPLOYMENTS}/${name}`)).body["spec"] as { readonly replicas: number }).replicas;

  /** A Deployment of four that Foretide watches, and then the ScaledObject that someone makes for it. */
  async function governed(name: string, scaled: { readonly spec: object; readonly annotations?: Readonly<Record<string, string>> }) {
    const template = { metadata: { labels: { app: name } }, spec: { containers: [{ name, image: `${name}:1` }] } };
    expect((await cluster.ask("POST", DEPLOYMENTS, { apiVersion: "apps/v1", kind: "Deployment", metadata: { name }, spec: { replicas: 4, selector: { matchLabels: { app: name } }, template } })).status).toBe(201);
    const token = join(cluster.certDir, "admin-token");
    const actuator = await makeActuator("kubernetes-scale", { namespace: "default", name, server: cluster.server, caFile: cluster.caFile, tokenFile: token }, () => Date.now() / 1000);
    const watched = watchTarget(actuator, { now: () => Date.now() / 1000, earlierWrites: [] });
    expect(await watched.actuator.read()).toMatchObject({ ok: true, value: { desiredReplicas: 4 } });
    expect(await actuator.rivals?.()).toEqual({ ok: true, value: [] });
    const triggers = [{ type: "cron", metadata: { timezone: "Etc/UTC", start: "0 0 * * *", end: "59 23 * * *", desiredReplicas: "8" } }];
    const made = await cluster.ask("POST", SCALED_OBJECTS, { apiVersion: "keda.sh/v1alpha1", kind: "ScaledObject", metadata: { name, annotations: scaled.annotations ?? {} }, spec: { scaleTargetRef: { name }, pollingInterval: 2, triggers, ...scaled.spec } });
    expect(made.status, JSON.stringify(made.body)).toBe(201);
    return { actuator, watched };
  }

  it("is found by the autoscaler that it makes, and backed off from when that raises the count", async () => {
    const { actuator, watched } = await governed("shop", { spec: { minReplicaCount: 6, maxReplicaCount: 20 } });
    await until(async () => (await replicas("shop")) === 6, "KEDA's autoscaler raises the count to its minimum");
    expect(await actuator.rivals?.()).toEqual({ ok: true, value: [{ kind: "keda", name: "keda-hpa-shop" }] });
    await watched.actuator.read();
    expect(watched.backOff()?.writer).toMatch(/HorizontalPodAutoscaler|HPA|KEDA/i);
  }, 90_000);

  it("is named where it writes the count by itself, and backed off from", async () => {
    const { actuator, watched } = await governed("paused", { spec: { minReplicaCount: 0, maxReplicaCount: 20 }, annotations: { "autoscaling.keda.sh/paused-replicas": "3" } });
    await until(async () => (await replicas("paused")) === 3, "KEDA holds the count at what the pause says");
    await watched.actuator.read();
    expect(await actuator.foreignHands?.(Date.now() / 1000 - 60)).toMatchObject({ ok: true, value: [expect.objectContaining({ writer: expect.objectContaining({ kind: "keda" }) as unknown })] });
    expect(watched.backOff()?.writer).toMatch(/KEDA/i);
  }, 90_000);
});
