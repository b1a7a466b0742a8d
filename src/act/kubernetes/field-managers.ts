import type { ForeignHand, Writer } from "../foreign-hand.ts";

/** One entry of metadata.managedFields, as far as it is read. */
export interface ManagedFields {
  readonly manager?: string | undefined;
  readonly operation?: string | undefined;
  readonly subresource?: string | undefined;
  readonly time?: string | undefined;
  readonly fieldsV1?: unknown;
}

const GITOPS = /^(argocd|argo-cd|kustomize-controller|helm-controller|flux|helm|terraform|pulumi)/i;

/** The name under which our own writes stand in managedFields. */
export const FIELD_MANAGER = "foretide";

/** The API server tells whole seconds: what came in the second of a reading counts as after it. */
const REST_OF_SECOND = 0.999;

/**
 * Who owns `spec.replicas` beside us, and since when; the count is not kept there. Oldest first, those without a time last: what was
 * written through the scale sub-resource (by an HPA, by `kubectl scale`) carries none.
 */
export function replicaOwners(fields: readonly ManagedFields[]): readonly ForeignHand[] {
  return fields
    .filter((entry) => entry.manager !== FIELD_MANAGER && ownsReplicas(entry.fieldsV1))
    .map((entry): ForeignHand => ({ timeSeconds: Date.parse(entry.time ?? "") / 1_000 + REST_OF_SECOND, fromReplicas: undefined, toReplicas: undefined, writer: writerOf(entry) }))
    .sort((a, b) => (Number.isNaN(a.timeSeconds) ? Infinity : a.timeSeconds) - (Number.isNaN(b.timeSeconds) ? Infinity : b.timeSeconds) || 0);
}

function ownsReplicas(fields: unknown): boolean {
  const spec = typeof fields === "object" && fields !== null && "f:spec" in fields ? fields["f:spec"] : undefined;
  return typeof spec === "object" && spec !== null && "f:replicas" in spec;
}

/** The HPA writes through the scale sub-resource as the controller manager; KEDA writes through an HPA, or by itself from zero. */
function writerOf({ manager = "", subresource }: ManagedFields): Writer {
  if (manager === "kube-controller-manager" && subresource === "scale") return { kind: "hpa" };
  if (manager.startsWith("keda")) return { kind: "keda", name: manager };
  if (GITOPS.test(manager)) return { kind: "gitops", name: manager };
  return { kind: "user", name: manager };
}
