import type { Intent, Outcome, OutcomeKind } from "../model/intent.ts";
import type { Workload } from "../model/workload.ts";
import { failure, type Result } from "../model/result.ts";
import { lost, type Actuator, type WriteAnswer } from "./actuator.ts";
import { nameWriter } from "./foreign-hand.ts";
import type { GateMemory } from "./gate-memory.ts";
import { standingRefusal, type Standing } from "./standing-checks.ts";

/** All that the gate asks at the last moment about one target. */
export interface GateContext {
  readonly actuator: Actuator;
  readonly memory: GateMemory;
  readonly standing: Standing;
  readonly group: string;
  /** Epoch seconds. */
  readonly now: () => number;
  /** How long an answer of the cloud is waited for; 15 s and 30 s where not given. */
  readonly readTimeoutSeconds?: number;
  readonly writeTimeoutSeconds?: number;
}

/**
 * Lets one intent through, or says why not: standing checks, the target freshly read, the standing checks again, then one
 * absolute write. Every path ends in an outcome; it never throws. A key passes once, whatever became of it. Between the
 * read and the write another hand can still move the target: that window is as long as one request, and is documented in
 * docs/decisions/0702-check-before-write.md.
 */
export async function passGate(intent: Intent, context: GateContext): Promise<Outcome> {
  const { memory, now } = context;
  const end = (kind: OutcomeKind, code: string, detail: string): Outcome => ({
    idempotencyKey: intent.idempotencyKey, target: intent.target, kind, timeSeconds: now(), code, detail,
  });
  const refusedEarly = standingCheck(intent, context);
  if (refusedEarly !== undefined) return end("rejected", refusedEarly.code, refusedEarly.detail);
  if (!memory.admit(intent, now())) return end("rejected", "duplicate", "this effect was let through before");
  if (!memory.enter(intent.target)) return end("rejected", "in-flight", "an earlier write on this target is still under way");

  let underWay: Promise<unknown> | undefined;
  try {
    const sinceSeconds = now();
    const read = await within(context.readTimeoutSeconds ?? 15, context.actuator.read(), failure("transient", "the read took too long"));
    if (!read.ok) return end("failed", read.failure === "missing" ? "missing" : "read-failed", read.message);
    const settled = compare(intent, read.value);
    if (settled !== undefined) {
      const by = settled.code === "foreign-write" ? await nameHand(context, sinceSeconds, intent) : "";
      return end(settled.kind, settled.code, settled.detail + by);
    }
    const refusedLate = standingCheck(intent, context);
    if (refusedLate !== undefined) return end("rejected", refusedLate.code, refusedLate.detail);
    const write = context.actuator.write(intent);
    underWay = write.catch(() => undefined);
    const answer = await within(context.writeTimeoutSeconds ?? 30, write, lost("timeout", "no answer in time"));
    return end(...outcomeOf(answer));
  } catch (error) {
    return end(underWay === undefined ? "failed" : "unknown", "exception", error instanceof Error ? error.message : String(error));
  } finally {
    void Promise.resolve(underWay).then(() => { memory.leave(intent.target); });
  }
}

function standingCheck(intent: Intent, context: GateContext): ReturnType<typeof standingRefusal> {
  return standingRefusal(intent, context.standing, { group: context.group, nowSeconds: context.now() });
}

/** What the fresh reading alone settles: the value is there already, or someone else has moved the target. */
function compare(intent: Intent, { desiredReplicas }: Workload): { kind: OutcomeKind; code: string; detail: string } | undefined {
  if (desiredReplicas === intent.desiredReplicas && intent.allocation === undefined && intent.leaving === undefined && intent.drain === undefined) {
    return { kind: "no-op", code: "already-there", detail: `the target already has ${desiredReplicas}` };
  }
  if (desiredReplicas === intent.expectedReplicas) return undefined;
  return {
    kind: "rejected", code: "foreign-write",
    detail: `decided against ${intent.expectedReplicas} replicas, but the target now has ${desiredReplicas}`,
  };
}

/** Names the last hand that the cloud reports since ten minutes, when it does. */
async function nameHand(context: GateContext, sinceSeconds: number, intent: Intent): Promise<string> {
  const hands = await within(5, context.actuator.foreignHands?.(sinceSeconds - 600) ?? unnamed(), failure("transient", "too slow"));
  const hand = hands.ok ? hands.value.findLast((one) => one.toReplicas !== intent.expectedReplicas) : undefined;
  return hand === undefined ? "" : `, set by ${nameWriter(hand.writer)}`;
}

function unnamed(): Promise<Result<readonly never[]>> {
  return Promise.resolve({ ok: true, value: [] });
}

function outcomeOf(answer: WriteAnswer): [OutcomeKind, string, string] {
  if (answer.ok) return answer.value.applied ? ["applied", answer.value.code ?? "applied", answer.value.detail] : ["no-op", "already-there", answer.value.detail];
  if (answer.mayHaveArrived) return ["unknown", answer.code, answer.message];
  return [answer.code === "foreign-write" ? "rejected" : "failed", answer.code, answer.message];
}

/** The answer, or `late` after so many seconds. The timer keeps no process alive. */
async function within<T>(seconds: number, answer: Promise<T>, late: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<T>((resolve) => {
    timer = setTimeout(() => { resolve(late); }, seconds * 1_000);
    timer.unref();
  });
  try {
    return await Promise.race([answer, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
