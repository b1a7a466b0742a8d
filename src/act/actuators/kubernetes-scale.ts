import { z } from "zod";
import { failure, success, type Result } from "../../model/result.ts";
import type { Workload } from "../../model/workload.ts";
import { alreadyThere, applied, refused, type Actuator, type ActuatorContext, type ActuatorDefinition, type WriteAnswer, type WriteFailure } from "../actuator.ts";
import type { ForeignHand, Writer } from "../foreign-hand.ts";
import { createKubernetesApi, kubernetesConnectionFields, type KubernetesApi } from "../kubernetes/api-client.ts";
import { createNodeDrain } from "../kubernetes/node-drain.ts";
import { FIELD_MANAGER, replicaOwners } from "../kubernetes/field-managers.ts";

const DNS_NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

const config = z.strictObject({
  namespace: z.string().regex(DNS_NAME).describe("Namespace of the workload."),
  name: z.string().regex(DNS_NAME).describe("Name of the workload."),
  kind: z.enum(["Deployment", "StatefulSet", "ReplicaSet"]).default("Deployment").describe("Kind of the workload, in apps/v1."),
  drainNodes: z.boolean().default(false)
    .describe("Follow notices of the machines under the pods: cordon the node and evict the workload's pods there, within their disruption budgets. Needs the rights get and patch on nodes, list on pods, create on pods/eviction."),
  ...kubernetesConnectionFields,
});

type Config = z.infer<typeof config>;

/** A Kubernetes workload, by its scale sub-resource; a write holds only against the version that was read. */
export const kubernetesScale: ActuatorDefinition<Config> = {
  type: "kubernetes-scale",
  config,
  create: (settings, context): Promise<Result<Actuator>> => Promise.resolve(success(actuatorFor(settings, context))),
};

const scaleSchema = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  spec: z.object({ replicas: z.int().nonnegative().default(0) }).default({ replicas: 0 }),
});
/** The API leaves out counts that are 0. */
const workloadSchema = z.object({
  metadata: z.object({ managedFields: z.array(z.object({ manager: z.string().optional(), operation: z.string().optional(), subresource: z.string().optional(), time: z.string().optional(), fieldsV1: z.unknown() })).default([]) }),
  spec: z.object({ selector: z.object({ matchLabels: z.record(z.string(), z.string()).default({}) }).default({ matchLabels: {} }) }).default({ selector: { matchLabels: {} } }),
  status: z.object({ replicas: z.int().default(0), readyReplicas: z.int().default(0) }).default({ replicas: 0, readyReplicas: 0 }),
});
const autoscalersSchema = z.object({
  items: z.array(z.object({
    metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
    spec: z.object({ scaleTargetRef: z.object({ kind: z.string(), name: z.string() }) }),
  })),
});

/** A change of the status moves the version too: so often the write is tried again against the newer version with the same count. */
const TRIES = 4;

function actuatorFor(settings: Config, context: ActuatorContext): Actuator {
  const api = createKubernetesApi(settings);
  const workloadPath = `/apis/apps/v1/namespaces/${settings.namespace}/${settings.kind.toLowerCase()}s/${settings.name}`;
  const scalePath = `${workloadPath}/scale`;
  const workload = () => get(api, workloadPath, workloadSchema);
  const nodes = createNodeDrain(api, settings.namespace);

  const write = async (expected: number, wanted: number, triesLeft: number): Promise<WriteAnswer> => {
    const scale = await get(api, scalePath, scaleSchema);
    if (!scale.ok) return { ...scale, mayHaveArrived: false };
    const { replicas } = scale.value.spec;
    if (replicas === wanted) return alreadyThere(`${settings.name} already has ${replicas}`);
    if (replicas !== expected) return refused("permanent", "foreign-write", `decided against ${expected} replicas, but ${settings.name} now has ${replicas}`);
    const answer = await api.put(`${scalePath}?fieldManager=${FIELD_MANAGER}`, {
      apiVersion: "autoscaling/v1", kind: "Scale",
      metadata: { name: settings.name, namespace: settings.namespace, resourceVersion: scale.value.metadata.resourceVersion },
      spec: { replicas: wanted },
    });
    if (answer.ok) return applied(`${settings.kind} ${settings.namespace}/${settings.name}: ${wanted} replicas`);
    if (answer.code === "conflict" && triesLeft > 1) return await write(expected, wanted, triesLeft - 1);
    return answer.code === "conflict" ? { ...answer, failure: "transient", code: "resource-contention" } : answer;
  };
  return {
    type: "kubernetes-scale",
    async read() {
      const scale = await get(api, scalePath, scaleSchema);
      if (!scale.ok) return scale;
      const running = await workload();
      if (!running.ok) return running;
      const { replicas, readyReplicas } = running.value.status;
      // The desired count is the specification's: the status counts a rollout's extra pods too, and must never be written back.
      const seen: Workload = { kind: "value", timeSeconds: context.now(), desiredReplicas: scale.value.spec.replicas, readyReplicas, pendingReplicas: Math.max(0, replicas - readyReplicas) };
      const { matchLabels } = running.value.spec.selector;
      // Without labels the question would be for every pod of the namespace.
      const drains = settings.drainNodes && Object.keys(matchLabels).length > 0 && (await nodes.refresh(matchLabels));
      return success(drains ? { ...seen, replacement: { by: "drain", replicasPerMachine: 1, onRebalance: true } } : seen);
    },
    offeringOf: (instanceId) => nodes.offeringOf(instanceId),
    write: ({ expectedReplicas, desiredReplicas, drain }) => (drain === undefined ? write(expectedReplicas, desiredReplicas, TRIES) : nodes.drain(drain)),
    async foreignHands(sinceSeconds): Promise<Result<readonly ForeignHand[]>> {
      const running = await workload();
      return running.ok ? success(replicaOwners(running.value.metadata.managedFields).filter(({ timeSeconds }) => !(timeSeconds < sinceSeconds))) : running;
    },
    async rivals(): Promise<Result<readonly Writer[]>> {
      const found = await get(api, `/apis/autoscaling/v2/namespaces/${settings.namespace}/horizontalpodautoscalers`, autoscalersSchema);
      if (!found.ok) return found;
      return success(found.value.items
        .filter(({ spec: { scaleTargetRef: { kind, name } } }) => kind === settings.kind && name === settings.name)
        .map(({ metadata }): Writer => ({ kind: metadata.labels["app.kubernetes.io/managed-by"] === "keda-operator" ? "keda" : "hpa", name: metadata.name })));
    },
    close: () => Promise.resolve(),
  };
}

async function get<T>(api: KubernetesApi, path: string, schema: z.ZodType<T>): Promise<{ readonly ok: true; readonly value: T } | WriteFailure> {
  const answer = await api.get(path);
  if (!answer.ok) return answer;
  const parsed = schema.safeParse(answer.value);
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ...failure("permanent", `GET ${path} did not answer what it should: ${z.prettifyError(parsed.error)}`), code: "validation", mayHaveArrived: false };
}
