import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import type { Actuator } from "../../src/act/actuator.ts";
import { createKubernetesApi } from "../../src/act/kubernetes/api-client.ts";
import { watchTarget } from "../../src/act/watched-target.ts";
import type { Workload } from "../../src/model/workload.ts";
import { intentTo } from "../contract/actuator.contract.ts";
import { makeActuator } from "../contract/actuator-counterparts.ts";
import { hasKubernetes, startControlPlane, type ControlPlane } from "../fixtures/kubernetes/control-plane.ts";

const note = hasKubernetes ? "" : " (skipped: npm run build:kubernetes builds it)";
const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
const HPAS = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers";
const EXAMPLES = join(import.meta.dirname, "../../config/examples");

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

const RESOURCES: Readonly<Record<string, string>> = { NetworkPolicy: "networkpolicies" };

function manifestsOf(file: string): readonly Manifest[] {
  return parseAllDocuments(readFileSync(join(EXAMPLES, file), "utf8")).map((document) => document.toJS() as Manifest);
}

function collectionOf({ apiVersion, kind }: Manifest): string {
  const base = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${base}/namespaces/default/${RESOURCES[kind] ?? `${kind.toLowerCase()}s`}`;
}

describe.skipIf(!hasKubernetes)(`a real Kubernetes API server${note}`, () => {
  let cluster: ControlPlane;
  let tokenFile: string;
  let actuator: Actuator;

  beforeAll(async () => {
    cluster = await startControlPlane();
    await cluster.ask("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "default" } });
    // The example's own rights and no more: what the actuator needs is what an operator is told to grant.
    for (const manifest of manifestsOf("kubernetes/foretide.yaml").filter(({ kind }) => /^(ServiceAccount|Role|RoleBinding)$/.test(kind))) {
      const body = manifest.kind === "RoleBinding" ? { ...manifest, subjects: [{ kind: "ServiceAccount", name: "foretide", namespace: "default" }] } : manifest;
      expect((await cluster.ask("POST", collectionOf(manifest), body)).status).toBe(201);
    }
    tokenFile = await cluster.tokenFileOf("default", "foretide");
  }, 120_000);
  afterAll(async () => { await cluster.stop(); });

  beforeEach(async () => {
    for (const collection of [HPAS, DEPLOYMENTS]) await cluster.ask("DELETE", collection);
    await until(async () => (((await cluster.ask("GET", DEPLOYMENTS)).body["items"] as unknown[]).length === 0 ? true : undefined), "nothing is left");
    const template = { metadata: { labels: { app: "shop" } }, spec: { containers: [{ name: "shop", image: "shop:1" }] } };
    const created = await cluster.ask("POST", `${DEPLOYMENTS}?fieldManager=kubectl-create`, { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "shop" }, spec: { replicas: 4, selector: { matchLabels: { app: "shop" } }, template } });
    expect(created.status).toBe(201);
    actuator = await makeActuator("kubernetes-scale", { namespace: "default", name: "shop", server: cluster.server, caFile: cluster.caFile, tokenFile }, () => Date.now() / 1000);
  });

  async function until<T>(read: () => Promise<T | undefined>, what: string): Promise<T> {
    for (let wait = 0; wait < 300; wait++) {
      const value = await read();
      if (value !== undefined) return value;
      await sleep(100);
    }
    throw new Error(`never: ${what}`);
  }

  const read = async (): Promise<Workload> => {
    const workload = await actuator.read();
    if (!workload.ok) throw new Error(workload.message);
    return workload.value;
  };
  const deployment = async (): Promise<{ readonly spec: { readonly replicas: number }; readonly metadata: { readonly resourceVersion: string; readonly managedFields: readonly { readonly manager: string; readonly subresource?: string }[] } }> => (await cluster.ask("GET", `${DEPLOYMENTS}/shop`)).body as never;

  /** As a kubelet would: every pod of the Deployment runs and is ready. */
  async function runPods(): Promise<void> {
    const pods = (await cluster.ask("GET", "/api/v1/namespaces/default/pods?labelSelector=app%3Dshop")).body["items"] as { readonly metadata: { readonly name: string } }[];
    const status = { phase: "Running", conditions: ["Ready", "ContainersReady", "PodScheduled", "Initialized"].map((type) => ({ type, status: "True" })) };
    for (const { metadata } of pods) await cluster.ask("PATCH", `/api/v1/namespaces/default/pods/${metadata.name}/status`, { status });
  }

  const minimumOf = (name: string, minReplicas: number, labels: Readonly<Record<string, string>> = {}): Promise<unknown> => cluster.ask("POST", HPAS, {
    apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", metadata: { name, labels },
    spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "shop" }, minReplicas, maxReplicas: 20, metrics: [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 60 } } }] },
  });

  it("shows the desired count, and ready pods as they come", async () => {
    await until(async () => { const workload = await read(); return workload.pendingReplicas === 4 ? true : undefined; }, "four pods that do not run yet");
    expect(await read()).toMatchObject({ kind: "value", desiredReplicas: 4, readyReplicas: 0 });
    await runPods();
    await until(async () => ((await read()).readyReplicas === 4 ? true : undefined), "four ready pods");
    expect(await read()).toMatchObject({ desiredReplicas: 4, readyReplicas: 4, pendingReplicas: 0 });
  });

  it("takes an absolute count through the scale sub-resource, out and in, and keeps our name as the field's owner", async () => {
    expect(await actuator.write(intentTo(9, 4))).toMatchObject({ ok: true, value: { applied: true } });
    expect((await deployment()).spec.replicas).toBe(9);
    expect((await deployment()).metadata.managedFields.filter(({ subresource }) => subresource === "scale").map(({ manager }) => manager)).toEqual(["foretide"]);
    expect(await actuator.write(intentTo(6, 9))).toMatchObject({ ok: true, value: { applied: true } });
    expect(await actuator.write(intentTo(6, 6))).toMatchObject({ ok: true, value: { applied: false } });
    expect((await deployment()).spec.replicas).toBe(6);
    expect(await actuator.foreignHands?.(Date.now() / 1000 - 3600)).toEqual({ ok: true, value: [] });
  });

  it("refuses a write against an older version with 409, which certainly had no effect", async () => {
    const api = createKubernetesApi({ server: cluster.server, caFile: cluster.caFile, tokenFile, timeoutSeconds: 5 });
    const { resourceVersion } = (await deployment()).metadata;
    expect((await cluster.ask("PATCH", `${DEPLOYMENTS}/shop`, { metadata: { labels: { touched: "yes" } } })).status).toBe(200);
    const stale = await api.put(`${DEPLOYMENTS}/shop/scale`, { apiVersion: "autoscaling/v1", kind: "Scale", metadata: { name: "shop", namespace: "default", resourceVersion }, spec: { replicas: 7 } });
    expect(stale).toMatchObject({ ok: false, code: "conflict", mayHaveArrived: false });
    expect((await deployment()).spec.replicas).toBe(4);
  });

  it("takes the count though the object changes all the time beside it, once and no more", async () => {
    const touches = new AbortController();
    const touching = (async () => {
      for (let i = 0; !touches.signal.aborted; i++) await cluster.ask("PATCH", `${DEPLOYMENTS}/shop`, { metadata: { annotations: { touched: String(i) } } });
    })();
    for (let count = 5; count <= 14; count++) {
      const answer = await actuator.write(intentTo(count, count - 1));
      // Four conflicts in a row are told as contention: the next step decides anew.
      if (answer.ok) continue;
      expect(answer).toMatchObject({ failure: "transient", code: "resource-contention", mayHaveArrived: false });
      count -= 1;
    }
    touches.abort();
    await touching;
    expect((await deployment()).spec.replicas).toBe(14);
  });

  it("is told apart from a person, whose count is not written over", async () => {
    await cluster.ask("PATCH", `${DEPLOYMENTS}/shop/scale?fieldManager=kubectl`, { spec: { replicas: 7 } });
    expect(await actuator.write(intentTo(5, 4))).toMatchObject({ ok: false, code: "foreign-write", mayHaveArrived: false });
    expect(await actuator.foreignHands?.(Date.now() / 1000 - 60)).toMatchObject({ ok: true, value: expect.arrayContaining([expect.objectContaining({ writer: { kind: "user", name: "kubectl" } })]) as unknown });
  });

  it("shows a real HorizontalPodAutoscaler as a rival, by its writes too, and is left alone", async () => {
    const watched = watchTarget(actuator, { now: () => Date.now() / 1000, earlierWrites: [] });
    await watched.actuator.read();
    expect(await actuator.rivals?.()).toEqual({ ok: true, value: [] });
    await minimumOf("shop-hpa", 6);
    expect(await actuator.rivals?.()).toEqual({ ok: true, value: [{ kind: "hpa", name: "shop-hpa" }] });
    await until(async () => ((await deployment()).spec.replicas === 6 ? true : undefined), "the HPA raises the count to its minimum");
    await watched.actuator.read();
    expect(await actuator.foreignHands?.(Date.now() / 1000 - 60)).toMatchObject({ ok: true, value: [expect.objectContaining({ writer: { kind: "hpa" } })] });
    expect(watched.backOff()?.writer).toMatch(/HorizontalPodAutoscaler|HPA/i);
  });

  it("shows an autoscaler that KEDA made by KEDA's name", async () => {
    await minimumOf("keda-hpa-shop", 2, { "app.kubernetes.io/managed-by": "keda-operator" });
    expect(await actuator.rivals?.()).toEqual({ ok: true, value: [{ kind: "keda", name: "keda-hpa-shop" }] });
  });

  it("shows a GitOps tool that applies the count, and backs off from it", async () => {
    const watched = watchTarget(actuator, { now: () => Date.now() / 1000, earlierWrites: [] });
    await watched.actuator.read();
    const sync = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "shop", namespace: "default" }, spec: { replicas: 3 } };
    expect((await cluster.ask("APPLY", `${DEPLOYMENTS}/shop?fieldManager=argocd-controller&force=true`, sync)).status).toBe(200);
    await watched.actuator.read();
    expect(await actuator.foreignHands?.(Date.now() / 1000 - 60)).toMatchObject({ ok: true, value: [expect.objectContaining({ writer: { kind: "gitops", name: "argocd-controller" } })] });
    expect(watched.backOff()?.writer).toContain("argocd-controller");
  });

  it("gives no more than the example's Role: everything else is forbidden, and said", async () => {
    const api = createKubernetesApi({ server: cluster.server, caFile: cluster.caFile, tokenFile, timeoutSeconds: 5 });
    const whole = await api.put(`${DEPLOYMENTS}/shop`, await deployment());
    expect(whole).toMatchObject({ ok: false, failure: "permanent", message: expect.stringContaining("cannot update resource \"deployments\"") as string });
    expect(await api.get("/api/v1/namespaces/default/secrets")).toMatchObject({ ok: false, failure: "permanent" });
    expect(await api.get("/apis/apps/v1/namespaces/kube-system/deployments/shop")).toMatchObject({ ok: false, failure: "permanent" });
  });

  const examples = ["kubernetes/foretide.yaml", "sidecar/kubernetes.yaml"].flatMap((file) => manifestsOf(file).map((manifest) => ({ what: `${file}: ${manifest.kind} ${manifest.metadata.name}`, manifest })));
  it.each(examples)("takes the example $what, with no field that it does not know", async ({ manifest }) => {
    const { kind, metadata: { name } } = manifest;
    const exists = (await cluster.ask("GET", `${collectionOf(manifest)}/${name}`)).status === 200;
    if (exists) expect((await cluster.ask("DELETE", `${collectionOf(manifest)}/${name}`)).status).toBe(200);
    const body = kind === "RoleBinding" ? { ...manifest, subjects: [{ kind: "ServiceAccount", name, namespace: "default" }] } : manifest;
    const answer = await cluster.ask("POST", `${collectionOf(manifest)}?dryRun=All&fieldValidation=Strict`, body);
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  });

  it("has no example that is not tried here", () => {
    const files = readdirSync(EXAMPLES, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".yaml") && readFileSync(join(EXAMPLES, file), "utf8").includes("\nkind: Deployment\n") || file === "kubernetes/foretide.yaml");
    expect(files.sort()).toEqual(["kubernetes/foretide.yaml", "sidecar/kubernetes.yaml"]);
  });
});
