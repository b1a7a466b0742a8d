import type { Reason } from "../model/decision.ts";
import type { Drain, Intent, Outcome } from "../model/intent.ts";
import type { Notice } from "../model/offering.ts";
import type { TargetSnapshot } from "../model/snapshot.ts";
import type { Replacement } from "../model/workload.ts";
import { emptyRecord } from "../model/record.ts";

/** A machine that leaves and is not drained yet. */
export interface LeavingMachine {
  readonly instanceId: string;
  readonly kind: Notice["kind"];
  /** Infinity where it is only advised to leave. */
  readonly goesAtSeconds: number;
  readonly seenSeconds: number;
  /** Drains that were asked for. */
  readonly attempts: number;
}

/** What the step remembers of machines that leave: a restart between order and drain goes on from here. Plain data. */
export interface Leaving {
  readonly machines: readonly LeavingMachine[];
  /** Replicas in the cloud's desired count that stand in for them, as last confirmed by a reading. */
  readonly standIns: number;
  readonly lastCount: number | undefined;
  /** The writes of the last pass, in order; a reading tells how far they came. */
  readonly asked: readonly Asked[];
  /** Machines that are done with, and until when a repeated notice is known as such. */
  readonly done: Readonly<Record<string, number>>;
}

interface Asked {
  readonly key: string;
  readonly desiredReplicas: number;
  readonly standIns: number;
  /** For an order, the machines that it replaces; for a drain, its one machine. */
  readonly instanceIds: readonly string[];
}

/** A drain begins so long before the end: the usual time in which connections are let go, and all of a 30-second notice. */
export const DRAIN_SECONDS = 30;
/** A drain that fails (a disruption budget that forbids it for now) is tried so often; then the machine is left to its end. */
const MOST_ATTEMPTS = 20;
/** Advice to leave is followed for so long; where no replacement has come by then, the machine stays. */
const ADVICE_SECONDS = 900;
/** Queues keep messages for hours; a machine's id is never used again. */
const KNOWN_SECONDS = 86_400;

export interface LeavingInput {
  readonly seen: TargetSnapshot;
  readonly outcomes: readonly Outcome[];
  readonly nowSeconds: number;
}

/** The memory after this pass's notices, outcomes and reading; undefined while no machine that we could replace has had a notice. */
export function seeLeaving(before: Leaving | undefined, { seen, outcomes, nowSeconds }: LeavingInput): Leaving | undefined {
  const { workload } = seen;
  const replacement = workload.kind === "value" ? workload.replacement : undefined;
  const fresh = replacement === undefined ? [] : seen.notices.filter((notice) => notice.instanceId !== undefined && (notice.kind === "interruption" || replacement.onRebalance));
  if (before === undefined && fresh.length === 0) return undefined;
  const known = before ?? { machines: [], standIns: 0, lastCount: undefined, asked: [], done: {} };
  const count = workload.kind === "value" ? workload.desiredReplicas : known.lastCount;
  const done = doneAfter(known, { outcomes, nowSeconds, count: replacement?.by === "count" ? count : undefined });
  const machines = [...known.machines];
  for (const notice of fresh) take(machines, notice, { done, nowSeconds });
  for (const machine of machines) if (!stays(machine, nowSeconds)) done[machine.instanceId] ??= nowSeconds + KNOWN_SECONDS;
  const left = machines.filter(({ instanceId }) => !Object.hasOwn(done, instanceId));
  const most = left.length * (replacement?.by === "count" ? replacement.replicasPerMachine : 0);
  const standIns = workload.kind === "value" ? Math.min(most, confirmed(known, workload.desiredReplicas)) : known.standIns;
  if (left.length === 0 && standIns === 0 && Object.keys(done).length === 0) return undefined;
  return { machines: left, standIns, lastCount: count, asked: [], done };
}

/** The snapshot of a target without its stand-ins, so that the rules decide about what the load needs. */
export function withoutStandIns(seen: TargetSnapshot, leaving: Leaving | undefined): TargetSnapshot {
  const { workload } = seen;
  if (leaving === undefined || leaving.standIns === 0 || workload.kind === "absent") return seen;
  return { ...seen, workload: { ...workload, desiredReplicas: workload.desiredReplicas - leaving.standIns } };
}

export interface Departure {
  /** Stand-ins wanted from now on. */
  readonly standIns: number;
  readonly due: readonly LeavingMachine[];
  readonly reasons: readonly Reason[];
}

const NOBODY: Departure = { standIns: 0, due: [], reasons: [] };

/** What is to be done about the machines that leave, for a decided count: which stand-ins to have, and which machine to drain now. */
export function departures(leaving: Leaving | undefined, seen: TargetSnapshot, { nowSeconds, intervalSeconds, desiredReplicas }: { readonly nowSeconds: number; readonly intervalSeconds: number; readonly desiredReplicas: number }): Departure {
  const { workload } = seen;
  if (leaving === undefined || leaving.machines.length === 0 || workload.kind === "absent" || workload.replacement === undefined) return NOBODY;
  const { replacement } = workload;
  const standIns = replacement.by === "count" ? leaving.machines.length * replacement.replicasPerMachine : 0;
  const isReplaced = replacement.by === "drain" || (leaving.standIns >= standIns && workload.readyReplicas >= desiredReplicas + standIns);
  const isLate = (machine: LeavingMachine): boolean => nowSeconds + intervalSeconds >= machine.goesAtSeconds - DRAIN_SECONDS;
  const due = leaving.machines.filter((machine) => isReplaced || isLate(machine));
  return { standIns, due, reasons: reasonsOf(leaving, { standIns, due, replacement, desiredReplicas }) };
}

function reasonsOf(leaving: Leaving, { standIns, due, replacement, desiredReplicas }: { readonly standIns: number; readonly due: readonly LeavingMachine[]; readonly replacement: Replacement; readonly desiredReplicas: number }): readonly Reason[] {
  const reasons: Reason[] = [];
  const say = (code: string, text: string): void => void reasons.push({ code, text, before: desiredReplicas, after: desiredReplicas });
  if (standIns > leaving.standIns) say("replacement-ordered", `${String(standIns - leaving.standIns)} more beside the ${String(desiredReplicas)}, in place of ${idsOf(leaving.machines)}`);
  else if (standIns > 0 && due.length === 0) say("replacement-awaited", `${idsOf(leaving.machines)} serves on until its replacement is ready`);
  if (due.length > 0) say("machine-drained", `${idsOf(due)} is drained now${replacement.by === "drain" ? ": the cloud starts anew elsewhere what ran on it" : ""}`);
  return reasons;
}

/** One intent for each machine that is due, after the order where there is one, and the memory that goes on. `base`: as an order would be. */
export function drainIntents(leaving: Leaving | undefined, departure: Departure, { base, order }: { readonly base: Intent; readonly order: Intent | undefined }): { readonly drains: readonly Intent[]; readonly leaving: Leaving | undefined } {
  if (leaving === undefined) return { drains: [], leaving };
  const asked: Asked[] = order === undefined ? [] : [{ key: order.idempotencyKey, desiredReplicas: order.desiredReplicas, standIns: order.standIns ?? 0, instanceIds: order.leaving ?? [] }];
  const perMachine = leaving.machines.length === 0 ? 0 : departure.standIns / leaving.machines.length;
  let count = order?.desiredReplicas ?? base.expectedReplicas;
  let standIns = departure.standIns;
  const drains = departure.due.map((machine): Intent => {
    const expected = count;
    count -= perMachine;
    standIns -= perMachine;
    const idempotencyKey = drainKey(base.target, machine);
    asked.push({ key: idempotencyKey, desiredReplicas: count, standIns, instanceIds: [machine.instanceId] });
    const { target, decisionId, expiresAtSeconds, epoch } = base;
    return { target, decisionId, idempotencyKey, direction: "rebalance", expectedReplicas: expected, desiredReplicas: count, drain: drainOf(machine), expiresAtSeconds, epoch, ...(standIns > 0 && { standIns }) };
  });
  const dueIds = new Set(departure.due.map(({ instanceId }) => instanceId));
  const machines = leaving.machines.map((machine) => (dueIds.has(machine.instanceId) ? { ...machine, attempts: machine.attempts + 1 } : machine));
  return { drains, leaving: { ...leaving, machines, asked } };
}

/** Outcomes of drains say nothing about how the target can be scaled. */
export function isDrainKey(key: string): boolean {
  return key.startsWith("drain:");
}

/** By machine and attempt: whatever is told how often, one attempt is one effect. */
function drainKey(target: string, { instanceId, attempts }: LeavingMachine): string {
  return `drain:${target}:${instanceId}:${String(attempts + 1)}`;
}

function drainOf({ instanceId, goesAtSeconds }: LeavingMachine): Drain {
  return { instanceId, goesAtSeconds: Number.isFinite(goesAtSeconds) ? goesAtSeconds : undefined };
}

/**
 * Machines that are done with after these outcomes: drained, or taken out together with their order. A drain whose answer was
 * lost has come through where the count (given where a drain lowers it) shows it; else it is tried again.
 */
function doneAfter({ done, asked }: Leaving, { outcomes, nowSeconds, count }: { readonly outcomes: readonly Outcome[]; readonly nowSeconds: number; readonly count: number | undefined }): Record<string, number> {
  const next = emptyRecord<number>();
  for (const [instanceId, until] of Object.entries(done)) if (until > nowSeconds) next[instanceId] = until;
  const shown = asked.findLastIndex(({ desiredReplicas }) => desiredReplicas === count);
  for (const { idempotencyKey, kind, code } of outcomes) {
    const at = asked.findIndex(({ key }) => key === idempotencyKey);
    const isDone = isDrainKey(idempotencyKey) ? kind === "applied" || kind === "no-op" || (kind === "unknown" && at <= shown) : kind === "applied" && code === "detached";
    if (isDone) for (const instanceId of asked[at]?.instanceIds ?? []) next[instanceId] = nowSeconds + KNOWN_SECONDS;
  }
  return next;
}

/** An interruption outranks the advice that came before it; a repeat changes nothing. */
function take(machines: LeavingMachine[], { kind, timeSeconds, instanceId = "" }: Notice, { done, nowSeconds }: { readonly done: Readonly<Record<string, number>>; readonly nowSeconds: number }): void {
  const goesAtSeconds = kind === "interruption" ? timeSeconds : Infinity;
  const at = machines.findIndex((machine) => machine.instanceId === instanceId);
  const known = machines[at];
  if (known !== undefined) {
    if (goesAtSeconds < known.goesAtSeconds) machines[at] = { ...known, kind, goesAtSeconds };
  } else if (!Object.hasOwn(done, instanceId) && goesAtSeconds > nowSeconds) {
    machines.push({ instanceId, kind, goesAtSeconds, seenSeconds: nowSeconds, attempts: 0 });
  }
}

function stays({ goesAtSeconds, seenSeconds, attempts }: LeavingMachine, nowSeconds: number): boolean {
  if (attempts >= MOST_ATTEMPTS || nowSeconds >= goesAtSeconds) return false;
  return Number.isFinite(goesAtSeconds) || nowSeconds - seenSeconds < ADVICE_SECONDS;
}

/** Stand-ins in the count that was read: what the last of our writes that it shows has asked for; another's count holds none. */
function confirmed({ asked, standIns, lastCount }: Leaving, count: number): number {
  const shown = asked.findLast(({ desiredReplicas }) => desiredReplicas === count);
  if (shown !== undefined) return shown.standIns;
  return count === lastCount ? standIns : 0;
}

function idsOf(machines: readonly LeavingMachine[]): string {
  return machines.map(({ instanceId }) => instanceId).join(", ");
}
