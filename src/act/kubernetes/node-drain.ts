import { z } from "zod";
import type { Drain } from "../../model/intent.ts";
import { offeringId } from "../../model/offering.ts";
import { alreadyThere, applied, lost, type WriteAnswer, type WriteFailure } from "../actuator.ts";
import type { KubernetesApi } from "./api-client.ts";

/** The nodes under the pods of one workload, by the cloud's ids of their machines. */
export interface NodeDrain {
  /** Looks up where the pods run. What cannot be read stays as it was known. */
  refresh(matchLabels: Readonly<Record<string, string>>): Promise<boolean>;
  offeringOf(instanceId: string): string | undefined;
  /**
   * Cordons the node, then evicts the workload's pods there through the eviction API, which keeps to their disruption budgets:
   * one that a budget holds back for now makes the whole a failure that may be tried again; what was done stays done.
   */
  drain(machine: Drain): Promise<WriteAnswer>;
}

const podsSchema = z.object({
  items: z.array(z.object({
    metadata: z.object({ name: z.string(), deletionTimestamp: z.string().optional() }),
    spec: z.object({ nodeName: z.string().optional() }),
    status: z.object({ phase: z.string().optional() }).default({}),
  })),
});
const nodeSchema = z.object({
  metadata: z.object({ labels: z.record(z.string(), z.string()).default({}) }),
  spec: z.object({ providerID: z.string().default(""), unschedulable: z.boolean().default(false) }),
});
type Pods = z.output<typeof podsSchema>["items"];

interface KnownNode {
  readonly name: string;
  readonly instanceId: string;
  readonly offering: string;
}

/** `aws:///us-east-1a/i-0abc`, `gce://project/zone/name`, `azure:///subscriptions/…/virtualMachines/3`: the last part is the machine's id. */
function instanceIdOf(providerId: string): string {
  return providerId.slice(providerId.lastIndexOf("/") + 1);
}

export function createNodeDrain(api: KubernetesApi, namespace: string): NodeDrain {
  const podsPath = `/api/v1/namespaces/${namespace}/pods`;
  let nodes: ReadonlyMap<string, KnownNode> = new Map();
  let selector = "";

  const pods = async (node?: string): Promise<{ readonly ok: true; readonly value: Pods } | WriteFailure> => {
    const where = `labelSelector=${encodeURIComponent(selector)}${node === undefined ? "" : `&fieldSelector=${encodeURIComponent(`spec.nodeName=${node}`)}`}`;
    return await parsed(api, `${podsPath}?${where}`, podsSchema.transform(({ items }) => items));
  };
  const look = async (name: string): Promise<KnownNode | undefined> => {
    const node = await parsed(api, `/api/v1/nodes/${name}`, nodeSchema);
    if (!node.ok) return undefined;
    const { labels } = node.value.metadata;
    const offering = offeringId(labels["topology.kubernetes.io/zone"] ?? "unknown", labels["node.kubernetes.io/instance-type"] ?? "unknown", "spot");
    return { name, instanceId: instanceIdOf(node.value.spec.providerID), offering };
  };
  /** The version of the eviction that a budget refuses is 429; a pod that is gone already is 404. */
  const evict = async (names: readonly string[]): Promise<readonly WriteFailure[]> => {
    const failures: WriteFailure[] = [];
    for (const name of names) {
      const answer = await api.post(`${podsPath}/${name}/eviction`, { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } });
      if (!answer.ok && answer.failure !== "missing") failures.push(answer);
    }
    return failures;
  };
  return {
    async refresh(matchLabels) {
      selector = Object.entries(matchLabels).map(([label, value]) => `${label}=${value}`).join(",");
      const found = await pods();
      if (!found.ok) return false;
      const names = new Set(found.value.flatMap(({ spec }) => spec.nodeName ?? []));
      const known = new Map([...nodes.values()].map((node) => [node.name, node]));
      const next = new Map<string, KnownNode>();
      for (const name of names) {
        const node = known.get(name) ?? (await look(name));
        if (node !== undefined) next.set(node.instanceId, node);
      }
      nodes = next;
      return true;
    },
    offeringOf: (instanceId) => nodes.get(instanceId)?.offering,
    async drain({ instanceId }) {
      const node = nodes.get(instanceId);
      if (node === undefined) return alreadyThere(`no pod of the workload runs on ${instanceId}`);
      const cordoned = await api.patch(`/api/v1/nodes/${node.name}`, { spec: { unschedulable: true } });
      if (!cordoned.ok) return cordoned;
      const running = await pods(node.name);
      if (!running.ok) return lost(running.code, `${node.name} is cordoned, but its pods cannot be read: ${running.message}`);
      const names = running.value.filter(({ metadata, status }) => metadata.deletionTimestamp === undefined && status.phase !== "Succeeded" && status.phase !== "Failed").map(({ metadata }) => metadata.name);
      const failures = await evict(names);
      const [first] = failures;
      if (first === undefined) return applied(`${node.name} is cordoned, ${names.length} pods are evicted`);
      const code = first.code === "throttled" ? "disruption-budget" : first.code;
      return lost(code, `${node.name} is cordoned, ${names.length - failures.length} of ${names.length} pods are evicted: ${first.message}`);
    },
  };
}

async function parsed<T>(api: KubernetesApi, path: string, schema: z.ZodType<T>): Promise<{ readonly ok: true; readonly value: T } | WriteFailure> {
  const answer = await api.get(path);
  if (!answer.ok) return answer;
  const result = schema.safeParse(answer.value);
  if (result.success) return { ok: true, value: result.data };
  return { ok: false, failure: "permanent", code: "validation", message: `GET ${path} did not answer what it should: ${z.prettifyError(result.error)}`, mayHaveArrived: false };
}
