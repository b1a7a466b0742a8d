import { z } from "zod";
import type { Intent } from "../../model/intent.ts";
import { failure, success, type Result } from "../../model/result.ts";
import { advanceCluster, interrupt, readCluster, setDesired, startCluster, type ClusterSpec, type ClusterState } from "../../twin/cluster.ts";
import { drainDoomed } from "../../twin/drain-doomed.ts";
import { alreadyThere, applied, lost, refused, type Actuator, type ActuatorContext, type ActuatorDefinition, type WriteAnswer } from "../actuator.ts";
import { SimulatedOfferings } from "../simulated-offerings.ts";
import type { ForeignHand, Writer } from "../foreign-hand.ts";

const config = z.strictObject({
  replicas: z.int().nonnegative().default(1).describe("Ready replicas at the start."),
  startSeconds: z.number().nonnegative().default(60).describe("From order to ready: the time, or the median where it varies."),
  startSigma: z.number().nonnegative().max(2).default(0).describe("Log-scale spread of the start time; 0: always the same."),
  failedStartShare: z.number().min(0).max(1).default(0).describe("Share of starts that never become ready and are replaced."),
  drainSeconds: z.number().nonnegative().default(0).describe("How long a replica that is taken out keeps serving."),
  maxReplicas: z.int().positive().default(1_000).describe("The simulated cloud's own limit."),
  seed: z.int().default(1).describe("Of the start times."),
});

type Config = z.infer<typeof config>;

/** The simulated cloud of one target; the demo lets its service's capacity follow the ready replicas. */
export interface SimulatedActuator extends Actuator {
  /** The cluster, advanced to now. */
  cluster(): ClusterState;
  /** Gives notice to `count` replicas, each a machine: gone after so many seconds, and replaced. Gives their ids. */
  interrupt(count: number, afterSeconds: number): readonly string[];
  /** No order is accepted, or no call at all is answered, for so many seconds. */
  fault(kind: "no-capacity" | "throttled", seconds: number): void;
  /** The next write breaks off: before it is carried out, or after, with its answer lost. */
  loseNext(when: "before" | "after"): void;
  /** Someone else sets the count. */
  setByOther(replicas: number, writer: Writer): void;
  /** Writes that have reached the cloud, refused and lost ones among them. */
  writeCalls(): number;
}

/** A simulated cluster (src/twin/cluster.ts) with start times, drains and interruptions, on the caller's clock. */
export const simulated: ActuatorDefinition<Config> = {
  type: "simulated",
  config,
  create: (settings, context): Promise<Result<SimulatedActuator>> => Promise.resolve(success(createSimulated(settings, context))),
};

export function createSimulated(settings: Config, context: ActuatorContext): SimulatedActuator {
  const spec = specOf(settings);
  let state = startCluster(context.now(), settings.replicas, settings.seed);
  let calls = 0;
  let toLose: "before" | "after" | undefined;
  const hands: ForeignHand[] = [];
  const doomed = doomedMachines();
  const offerings = new SimulatedOfferings();
  const advance = (): ClusterState => {
    // A clock that is set back stops the cluster; it never runs backwards.
    if (context.now() > state.timeSeconds) state = advanceCluster(state, spec, context.now());
    return state;
  };
  /** What reaches the cloud: one absolute count. */
  const send = (replicas: number): WriteAnswer => {
    calls += 1;
    const lose = toLose;
    toLose = undefined;
    if (lose === "before") return lost("no-answer", "the connection broke");
    const before = advance().desiredReplicas;
    const answer = setDesired(state, spec, replicas);
    if (!answer.ok && answer.error === "throttled") return refused("transient", "throttled", "too many requests");
    state = answer.state;
    if (lose === "after") return lost("no-answer", "the connection broke");
    return applied(`${before} → ${replicas}${answer.ok ? "" : ", to be launched when there is capacity"}`);
  };

  return {
    type: "simulated",
    cluster: advance,
    writeCalls: () => calls,
    loseNext(when) { toLose = when; },
    interrupt(count, afterSeconds) {
      const goneAtSeconds = advance().timeSeconds + afterSeconds;
      state = interrupt(state, count, goneAtSeconds);
      return doomed.add(count, goneAtSeconds);
    },
    fault(kind, seconds) { state = faulted(advance(), kind, seconds); },
    setByOther(toReplicas, writer) {
      hands.push({ timeSeconds: context.now(), fromReplicas: advance().desiredReplicas, toReplicas, writer });
      state = setDesired(state, spec, toReplicas).state;
    },
    read() {
      if (advance().timeSeconds < state.throttledUntilSeconds) return Promise.resolve(failure("transient", "too many requests"));
      const counts = readCluster(state);
      return Promise.resolve(success({ kind: "value", timeSeconds: context.now(), ...counts, ...offerings.read(counts.readyReplicas, counts.pendingReplicas), ...(doomed.any() && { replacement: { by: "drain", replicasPerMachine: 1, onRebalance: false } }) }));
    },
    offeringOf: (instanceId) => (doomed.has(instanceId) ? "simulated/simulated/spot" : undefined),
    write(intent) {
      const machine = intent.drain;
      if (machine !== undefined) {
        const goneAtSeconds = doomed.take(machine.instanceId, advance().timeSeconds);
        if (goneAtSeconds === undefined) return Promise.resolve(alreadyThere(`${machine.instanceId} is gone or drained`));
        calls += 1;
        state = drainDoomed(state, spec, goneAtSeconds);
        return Promise.resolve(applied(`${machine.instanceId} is drained`));
      }
      return Promise.resolve(order(intent, { target: context.target, before: advance().desiredReplicas, maxReplicas: settings.maxReplicas, offerings, send, mixed: () => { calls += 1; } }));
    },
    foreignHands: (sinceSeconds) => Promise.resolve(success(hands.filter(({ timeSeconds }) => timeSeconds >= sinceSeconds))),
    close: () => Promise.resolve(),
  };
}

interface OrderTerms {
  readonly target: string;
  readonly before: number;
  readonly maxReplicas: number;
  readonly offerings: SimulatedOfferings;
  send(replicas: number): WriteAnswer;
  /** Counts a write that changes the mix alone. */
  mixed(): void;
}

/** Checks an order against the cloud as it is, then sends its count, or its mix alone. */
function order({ desiredReplicas, expectedReplicas, allocation }: Pick<Intent, "desiredReplicas" | "expectedReplicas" | "allocation">, terms: OrderTerms): WriteAnswer {
  const { target, before, maxReplicas, offerings } = terms;
  if (desiredReplicas > maxReplicas) return refused("permanent", "out-of-bounds", `${desiredReplicas} is above the simulated cloud's ${maxReplicas}`);
  if (desiredReplicas === before) {
    if (allocation === undefined) return alreadyThere(`${target} already has ${before}`);
    // Another mix of the same count: a simulated replica changes its machine at once.
    terms.mixed();
    offerings.ask(allocation);
    return applied(`${before} replicas in another mix`);
  }
  if (before !== expectedReplicas) return refused("permanent", "foreign-write", `decided against ${expectedReplicas} replicas, but the target now has ${before}`);
  const answer = terms.send(desiredReplicas);
  if (allocation !== undefined && answer.ok) offerings.ask(allocation);
  return answer;
}

function faulted(state: ClusterState, kind: "no-capacity" | "throttled", seconds: number): ClusterState {
  const until = state.timeSeconds + seconds;
  return kind === "throttled" ? { ...state, throttledUntilSeconds: until } : { ...state, noCapacityUntilSeconds: until };
}

/** Machines that were given notice, by the ids that the notice told. */
interface DoomedMachines {
  add(count: number, goneAtSeconds: number): readonly string[];
  /** When it goes; undefined where it is gone, drained or unknown. It is drained from then on. */
  take(id: string, nowSeconds: number): number | undefined;
  has(id: string): boolean;
  any(): boolean;
}

function doomedMachines(): DoomedMachines {
  const machines = new Map<string, { readonly goneAtSeconds: number; isDrained: boolean }>();
  return {
    add(count, goneAtSeconds) {
      const ids = Array.from({ length: count }, (_, at) => `i-simulated-${String(machines.size + at + 1)}`);
      for (const id of ids) machines.set(id, { goneAtSeconds, isDrained: false });
      return ids;
    },
    take(id, nowSeconds) {
      const machine = machines.get(id);
      if (machine === undefined || machine.isDrained || nowSeconds >= machine.goneAtSeconds) return undefined;
      machine.isDrained = true;
      return machine.goneAtSeconds;
    },
    has: (id) => machines.has(id),
    any: () => machines.size > 0,
  };
}

function specOf(settings: Config): ClusterSpec {
  const { startSeconds, startSigma, failedStartShare, drainSeconds, seed } = settings;
  return {
    startTime: startSigma === 0 ? { kind: "fixed", seconds: startSeconds } : { kind: "lognormal", medianSeconds: startSeconds, sigma: startSigma },
    failedStartShare, drainSeconds, minBillingSeconds: 60, seed,
  };
}
