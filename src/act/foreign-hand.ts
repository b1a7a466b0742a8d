/** Who else sets a target's size. `user`: a call to the cloud's API that is not ours: a person, GitOps or another program. */
export type WriterKind =
  | "target-tracking" | "step-scaling" | "scheduled" | "predictive" | "user" | "hpa" | "keda" | "gitops" | "cloud" | "unknown";

export interface Writer {
  readonly kind: WriterKind;
  /** As the cloud names it: a policy, a scheduled action, a field manager. */
  readonly name?: string;
}

/** One change of the desired count by a hand that is not ours. Counts are replicas. */
export interface ForeignHand {
  /** NaN where the cloud tells who, but not when. */
  readonly timeSeconds: number;
  readonly fromReplicas: number | undefined;
  readonly toReplicas: number | undefined;
  readonly writer: Writer;
}

/** `target tracking cpu70`, `a scheduled action`, …: for reasons and logs. */
export function nameWriter(writer: Writer): string {
  const words: Readonly<Record<WriterKind, string>> = {
    "target-tracking": "target tracking",
    "step-scaling": "step scaling",
    scheduled: "scheduled action",
    predictive: "predictive scaling",
    user: "a user request (a person, GitOps or another program)",
    hpa: "HorizontalPodAutoscaler",
    keda: "KEDA",
    gitops: "GitOps",
    cloud: "the cloud itself",
    unknown: "an unknown hand",
  };
  return writer.name === undefined ? words[writer.kind] : `${words[writer.kind]} ${writer.name}`;
}
