import type { Notice, Offering } from "../../src/model/offering.ts";
import { EMPTY_BOOK, forgetOld, takeMessage } from "../../src/observe/market/interruptions/notice-book.ts";
import { parseEvent } from "../../src/observe/market/interruptions/parse-event.ts";
import { purchase } from "../../src/purchase/purchase.ts";
import type { PurchaseState } from "../../src/purchase/purchase-request.ts";
import { randomFrom } from "./random.ts";

export interface NoticeScore {
  readonly events: number;
  readonly interruptions: number;
  readonly launches: number;
  /** Launches of the same run with the real first messages alone. */
  readonly launchesWithoutNoise: number;
  /** From the text of a message to the counts to order, milliseconds. */
  readonly p99Milliseconds: number;
}

interface FuzzEvent {
  readonly timeSeconds: number;
  readonly text: string;
  readonly real: boolean;
  /** The machine that is doomed by it. */
  readonly machine?: string;
}

const REPLICAS = 24;
const ZONES = ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d"];
const START = 1_700_000_000;

/** A fleet under real notices amid duplicates, replays, unknown, malformed, foreign and out-of-order messages. */
export function scoreNotices(events: number, seed: number): NoticeScore {
  const noisy = run(events, seed, true);
  const quiet = run(events, seed, false);
  return { events, interruptions: noisy.interruptions, launches: noisy.launches, launchesWithoutNoise: quiet.launches, p99Milliseconds: noisy.p99 };
}

function run(events: number, seed: number, noise: boolean): { readonly interruptions: number; readonly launches: number; readonly p99: number } {
  const random = randomFrom(seed);
  const machines = new Map<string, { readonly offering: string; readonly readyAt: number; diesAt: number }>();
  let born = 0;
  const launch = (offering: string, readyAt: number): void => {
    machines.set(`i-${born.toString(16).padStart(17, "0")}`, { offering, readyAt, diesAt: Infinity });
    born += 1;
  };
  for (let at = 0; at < REPLICAS; at += 1) launch(`${ZONES[at % ZONES.length] ?? ""}/spot`, START);
  let state: PurchaseState | undefined;
  let book = EMPTY_BOOK;
  let now = START;
  let launches = 0;
  let interruptions = 0;
  const past: string[] = [];
  const took: number[] = [];
  for (let at = 0; at < events; at += 1) {
    now += Math.floor(random() * 6);
    for (const [id, machine] of machines) if (machine.diesAt <= now) machines.delete(id);
    const event = nextEvent({ random, now, past, at, machines: [...machines].filter(([, machine]) => machine.readyAt <= now && machine.diesAt === Infinity && machine.offering.endsWith("spot")).map(([id]) => id) });
    past.push(event.text);
    if (past.length > 2000) past.shift();
    if (event.machine !== undefined) {
      interruptions += 1;
      const doomed = machines.get(event.machine);
      if (doomed !== undefined) doomed.diesAt = now + 120;
    }
    const began = performance.now();
    const notices: Notice[] = [];
    if (noise || event.real) {
      for (const message of parseEvent(event.text)) {
        const taken = takeMessage(book, message, { nowSeconds: now, offeringOf: (id) => machines.get(id)?.offering });
        book = taken.book;
        if (taken.notice !== undefined) notices.push(taken.notice);
      }
      if (at % 500 === 0) book = forgetOld(book, now);
    }
    const counts = { running: new Map<string, number>(), pending: new Map<string, number>(), alive: new Map<string, number>() };
    for (const { offering, readyAt, diesAt } of machines.values()) {
      const into = readyAt <= now ? counts.running : counts.pending;
      into.set(offering, (into.get(offering) ?? 0) + 1);
      if (diesAt === Infinity) counts.alive.set(offering, (counts.alive.get(offering) ?? 0) + 1);
    }
    const result = purchase({
      timeSeconds: now, neededReplicas: REPLICAS, floorReplicas: REPLICAS, minReplicas: 1, offerings: OFFERINGS, running: Object.fromEntries(counts.running), pending: Object.fromEntries(counts.pending), notices,
      purchase: undefined, cost: { maxPerHourUsd: undefined, onLimit: "alert", replicaPerHourUsd: undefined },
      carbonSpec: { signal: "average", mode: "report", maxExtraCostShare: 0, pricePerKgUsd: 0, maxGramsPerHour: undefined }, state,
    });
    state = result.nextState;
    took.push(performance.now() - began);
    for (const { id } of OFFERINGS) {
      const wanted = result.allocation?.instances[id] ?? 0;
      const alive = counts.alive.get(id) ?? 0;
      for (let more = alive; more < wanted; more += 1) {
        launch(id, now + 60);
        launches += 1;
      }
      const spareOnes = [...machines].filter(([, machine]) => machine.offering === id && machine.diesAt === Infinity).map(([key]) => key).reverse();
      for (const key of spareOnes.slice(0, Math.max(0, alive - wanted))) machines.delete(key);
    }
  }
  took.sort((a, b) => a - b);
  return { interruptions, launches, p99: took[Math.floor(took.length * 0.99)] ?? NaN };
}

const OFFERINGS: readonly Offering[] = [...ZONES, "us-east-1a"].map((zone, at) => ({
  id: at < ZONES.length ? `${zone}/spot` : "on-demand", region: "us-east-1", zone, instanceType: "m5.large", capacityType: at < ZONES.length ? "spot" : "on-demand", replicas: 1,
  pricePerHourUsd: at < ZONES.length ? 0.035 : 0.096, interruptionsPerHour: at < ZONES.length ? 0.02 : 0, launchable: true, startSeconds: 60,
}));

interface Scene {
  readonly random: () => number;
  readonly now: number;
  readonly past: readonly string[];
  readonly at: number;
  readonly machines: readonly string[];
}

function nextEvent({ random, now, past, at, machines }: Scene): FuzzEvent {
  const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();
  const event = (type: string, detail: unknown, overrides: Record<string, unknown> = {}): string =>
    JSON.stringify({ version: "0", id: `${at}`, "detail-type": type, source: "aws.ec2", account: "1", time: iso(now), region: "us-east-1", resources: [], detail, ...overrides });
  const draw = random();
  const any = random();
  const machine = machines[Math.floor(any * machines.length)];
  if (draw < 0.01 && machine !== undefined) {
    return { timeSeconds: now, real: true, machine, text: event("EC2 Spot Instance Interruption Warning", { "instance-id": machine, "instance-action": "terminate" }) };
  }
  const old = past[Math.floor(any * past.length)];
  const noise: readonly string[] = [
    old ?? "",
    past.at(-1) ?? "",
    event("EC2 Spot Instance Interruption Warning", { "instance-id": "i-of-someone-else", "instance-action": "stop" }),
    event("EC2 Spot Instance Interruption Warning", { "instance-id": 7 }),
    event("EC2 Something New", { "instance-id": machine }),
    event("EC2 Spot Instance Interruption Warning", { "instance-id": machine, "instance-action": "terminate" }, { version: "9" }),
    event("EC2 Instance State-change Notification", { "instance-id": machine, state: "running" }),
    "{ not json", "null", "[]", "{}",
  ];
  return { timeSeconds: now, real: false, text: noise[Math.floor(random() * noise.length)] ?? "" };
}
