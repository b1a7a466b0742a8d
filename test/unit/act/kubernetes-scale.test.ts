// The scale sub-resource over HTTPS against a strict piece of the API server.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { replicaOwners } from "../../../src/act/kubernetes/field-managers.ts";
import { nameWriter } from "../../../src/act/foreign-hand.ts";
import { makeActuator } from "../../contract/actuator-counterparts.ts";
import { intentTo } from "../../contract/actuator.contract.ts";
import { ALL_RIGHTS, startApiServer, TOKEN, type FakeApiServer } from "../../fixtures/kubernetes/api-server.ts";

let api: FakeApiServer;
let folder: string;
let nowSeconds: number;
beforeEach(async () => {
  nowSeconds = 1_795_521_600;
  api = await startApiServer(4, () => nowSeconds);
  folder = mkdtempSync(join(tmpdir(), "foretide-kubernetes-"));
  writeFileSync(join(folder, "token"), TOKEN);
});
afterEach(async () => {
  await api.close();
  rmSync(folder, { recursive: true });
});
const make = (config: Record<string, unknown> = {}) => makeActuator("kubernetes-scale", { namespace: "prod", name: "shop", server: api.server, caFile: api.caFile, tokenFile: join(folder, "token"), ...config }, () => nowSeconds);

describe("a Kubernetes workload", () => {
  it("is read by its specification, not by a rollout's extra pods", async () => {
    Object.assign(api.workload, { statusReplicas: 6, readyReplicas: 3 });
    expect(await (await make()).read()).toEqual({ ok: true, value: { kind: "value", timeSeconds: nowSeconds, desiredReplicas: 4, readyReplicas: 3, pendingReplicas: 3 } });
  });

  it("may stand at zero", async () => {
    Object.assign(api.workload, { replicas: 0, statusReplicas: 0, readyReplicas: 0 });
    const actuator = await make();
    expect(await actuator.read()).toMatchObject({ ok: true, value: { desiredReplicas: 0, readyReplicas: 0, pendingReplicas: 0 } });
    expect(await actuator.write(intentTo(2, 0))).toMatchObject({ ok: true, value: { applied: true } });
  });

  it("is written against the version that was read: a change of the status alone is met by another try", async () => {
    const actuator = await make();
    api.rights = new Proxy(ALL_RIGHTS, { get: (rights, name) => name === "has" ? (right: string) => { if (right.startsWith("put") && api.puts.length < 2) api.touch(); return rights.has(right); } : Reflect.get(rights, name) as unknown });
    expect(await actuator.write(intentTo(6, 4))).toMatchObject({ ok: true, value: { applied: true } });
    expect(api.puts.map(({ status }) => status)).toEqual([409, 409, 200]);
  });

  it("is not written over when another hand comes between the read and the write", async () => {
    const actuator = await make();
    let done = false;
    api.rights = new Proxy(ALL_RIGHTS, { get: (rights, name) => name === "has" ? (right: string) => { if (right.startsWith("put") && !done) { done = true; api.setBy("kube-controller-manager", 9, "scale"); } return rights.has(right); } : Reflect.get(rights, name) as unknown });
    expect(await actuator.write(intentTo(6, 4))).toMatchObject({ ok: false, code: "foreign-write", mayHaveArrived: false });
    expect(api.puts.map(({ status }) => status)).toEqual([409]);
    expect(api.workload.replicas).toBe(9);
  });

  it("gives up after some tries on a version that never rests", async () => {
    const actuator = await make();
    api.rights = new Proxy(ALL_RIGHTS, { get: (rights, name) => name === "has" ? (right: string) => { if (right.startsWith("put")) api.touch(); return rights.has(right); } : Reflect.get(rights, name) as unknown });
    expect(await actuator.write(intentTo(6, 4))).toMatchObject({ ok: false, failure: "transient", code: "resource-contention", mayHaveArrived: false });
    expect(api.puts).toHaveLength(4);
  });

  it.each([...ALL_RIGHTS])("needs the right to %s", async (right) => {
    const actuator = await make();
    api.rights = new Set([...ALL_RIGHTS].filter((one) => one !== right));
    const results = [await actuator.read(), await actuator.write(intentTo(6, 4)), await actuator.rivals?.()];
    expect(results.some((result) => result?.ok === false)).toBe(true);
  });

  it("trusts no certificate but the cluster's, and reads its token afresh", async () => {
    const untrusting = await make({ caFile: undefined });
    expect(await untrusting.write(intentTo(6, 4))).toMatchObject({ ok: false, failure: "transient", code: "unreachable", mayHaveArrived: false });
    const actuator = await make();
    writeFileSync(join(folder, "token"), "stale");
    expect(await actuator.write(intentTo(6, 4))).toMatchObject({ ok: false, code: "access-denied" });
    writeFileSync(join(folder, "token"), TOKEN);
    expect(await actuator.write(intentTo(6, 4))).toMatchObject({ ok: true });
    expect(await (await make({ tokenFile: "/nowhere" })).read()).toMatchObject({ ok: false, failure: "permanent" });
  });

  it("names its other writers before they act: an HPA, and KEDA behind one", async () => {
    api.autoscalers.push({ name: "shop", target: "shop" }, { name: "keda-hpa-shop", target: "shop", labels: { "app.kubernetes.io/managed-by": "keda-operator" } }, { name: "cart", target: "cart" });
    expect(await (await make()).rivals?.()).toEqual({ ok: true, value: [{ kind: "hpa", name: "shop" }, { kind: "keda", name: "keda-hpa-shop" }] });
  });

  it("names who has written the count last, and not ourselves", async () => {
    const actuator = await make();
    nowSeconds += 10;
    api.setBy("kube-controller-manager", 7, "scale");
    expect(await actuator.foreignHands?.(nowSeconds - 5)).toMatchObject({ ok: true, value: [{ timeSeconds: NaN, writer: { kind: "hpa" } }] });
    api.setBy("helm", 8);
    expect(await actuator.foreignHands?.(nowSeconds - 5)).toMatchObject({ ok: true, value: [{ timeSeconds: nowSeconds + 0.999, writer: { kind: "gitops" } }] });
    expect(await actuator.foreignHands?.(nowSeconds + 5)).toEqual({ ok: true, value: [] });
    await actuator.write(intentTo(6, 8));
    expect(await actuator.foreignHands?.(0)).toEqual({ ok: true, value: [] });
  });

  it.each([
    ["kube-controller-manager", "scale", "HorizontalPodAutoscaler"],
    ["keda-operator", undefined, "KEDA keda-operator"],
    ["argocd-application-controller", undefined, "GitOps argocd-application-controller"],
    ["helm", undefined, "GitOps helm"],
    ["kubectl-edit", undefined, "a user request (a person, GitOps or another program) kubectl-edit"],
  ])("knows the manager %s", (manager, subresource, name) => {
    const [hand] = replicaOwners([{ manager, subresource, time: "2026-11-24T12:00:00Z", fieldsV1: { "f:spec": { "f:replicas": {} } } }, { manager: "other", time: "2026-11-24T12:00:00Z", fieldsV1: { "f:status": {} } }]);
    expect(hand === undefined ? "" : nameWriter(hand.writer)).toBe(name);
  });
});
