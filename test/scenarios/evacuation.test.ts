// A region is left while the load goes on: three regions of the twin, each with its own production step, clients that follow the
// weights late, and the desk that moves them. Never may a region's ready replicas carry less than what arrives there.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TrafficDesk, type SplitSettings } from "../../src/app/traffic/traffic-desk.ts";
import { openMemoryJournal } from "../../src/journal/memory-journal.ts";
import type { Override } from "../../src/model/override.ts";
import { missing, present } from "../../src/model/observation.ts";
import { success } from "../../src/model/result.ts";
import { initialGroupState, step, type GroupState } from "../../src/step.ts";
import { advanceCluster, readCluster, setDesired, startCluster, type ClusterSpec, type ClusterState } from "../../src/twin/cluster.ts";
import { policyOf } from "../fixtures/policy.ts";

const REGIONS = ["us-east-1", "eu-west-1", "ap-south-1"];
const TICK = 15;
const PER_REPLICA = 100;
const TOTAL = 3_000;
const TTL = 60;
const SPEC: ClusterSpec = { startTime: { kind: "fixed", seconds: 120 }, failedStartShare: 0, drainSeconds: 0, minBillingSeconds: 60, seed: 1 };
const UNREAD = missing("absent", "not read");
const target = (region: string): string => `shop-${region}`;

class World {
  now = 1_795_521_600;
  killed = false;
  demandKnown = true;
  allocation: Readonly<Record<string, number>> | undefined = undefined;
  overrides: Override[] = [];
  /** Share of the clients by region: they follow the weights with the TTL's delay. */
  readonly clients: Record<string, number> = Object.fromEntries(REGIONS.map((region) => [region, 1 / 3]));
  readonly journal = openMemoryJournal();
  readonly clusters = new Map<string, ClusterState>();
  readonly states = new Map<string, GroupState>();
  readonly policies = new Map(REGIONS.map((region) => [region, policyOf({ name: target(region), group: target(region), replicas: { min: 1, max: 60 }, scaling: { by: "objective", requestsPerSecondPerReplica: PER_REPLICA }, forecast: { ...policyOf().forecast, enabled: false } })]));
  worst = Infinity;
  desk!: TrafficDesk;
  readonly #path: string;
  readonly #maxReplicas: number;

  constructor(path: string, maxReplicas = 60) {
    this.#path = path;
    this.#maxReplicas = maxReplicas;
    for (const region of REGIONS) {
      this.clusters.set(region, startCluster(this.now, 13, 1));
      this.states.set(region, initialGroupState(target(region), [this.policies.get(region) ?? policyOf()]));
    }
  }

  async open(parts: Partial<SplitSettings> = {}): Promise<void> {
    const settings: SplitSettings = { name: "shop", mode: "full", regions: Object.fromEntries(REGIONS.map((region) => [region, target(region)])), step: 0.1, settle: 120, switch: { simulated: { ttlSeconds: TTL } }, ...parts };
    const desk = await TrafficDesk.open([settings], {
      now: () => this.now, journal: this.journal, path: this.#path,
      killSwitch: { state: () => (this.killed ? { engaged: true, source: "file", reason: "stop", author: "ann" } : { engaged: false }) },
      target: (name) => {
        const region = REGIONS.find((one) => target(one) === name) ?? "";
        return { demandPerSecond: this.demandKnown ? this.demand(region) : undefined, readyReplicas: this.ready(region), perReplica: PER_REPLICA, maxReplicas: this.#maxReplicas };
      },
      allocated: () => this.allocation,
      floors: {
        list: () => this.overrides.filter(({ expiresAtSeconds }) => this.now < expiresAtSeconds),
        add: (override) => { this.overrides.push(override); return success(undefined); },
        remove: (id) => { this.overrides = this.overrides.filter((one) => one.id !== id); return success(undefined); },
      },
      onProblem: (split, reason) => { throw new Error(`${split}: ${reason}`); },
    });
    if (!desk.ok) throw new Error(desk.message);
    this.desk = desk.value;
  }

  demand(region: string): number { return TOTAL * (this.clients[region] ?? 0); }
  ready(region: string): number { return readCluster(this.#cluster(region)).readyReplicas; }
  get shares(): Readonly<Record<string, number>> { return this.desk.splits()[0]?.shares ?? {}; }
  get evacuation() { return this.desk.splits()[0]?.evacuation; }

  evacuate(region = "us-east-1", seconds = 7_200, id = "e-1") {
    return this.desk.evacuate({ id, split: "shop", region, reason: "packet loss", author: "ann", createdAtSeconds: this.now, expiresAtSeconds: this.now + seconds });
  }

  async pass(seconds: number, each: () => void = () => undefined): Promise<void> {
    for (let passed = 0; passed < seconds; passed += TICK) {
      this.now += TICK;
      for (const region of REGIONS) this.clients[region] = (this.clients[region] ?? 0) + (1 - Math.exp(-TICK / TTL)) * ((this.shares[region] ?? this.clients[region] ?? 0) - (this.clients[region] ?? 0));
      for (const region of REGIONS) this.#scale(region);
      await this.desk.tick();
      for (const region of REGIONS) this.worst = Math.min(this.worst, this.ready(region) * PER_REPLICA - this.demand(region));
      each();
    }
  }

  #cluster(region: string): ClusterState {
    return advanceCluster(this.clusters.get(region) ?? startCluster(this.now, 0, 1), SPEC, this.now);
  }

  #scale(region: string): void {
    const policy = this.policies.get(region);
    const state = this.states.get(region);
    if (policy === undefined || state === undefined) return;
    const cluster = this.#cluster(region);
    const { intents, nextState } = step(state, {
      timeSeconds: this.now, wake: "tick", epoch: 1, installs: [], outcomes: [], overrides: this.overrides,
      targets: { [policy.name]: { demand: present(this.demand(region), this.now), utilization: UNREAD, missRatio: UNREAD, backlog: UNREAD, notices: [], workload: { kind: "value", timeSeconds: this.now, ...readCluster(cluster) } } },
    }, [policy]);
    this.states.set(region, nextState);
    this.clusters.set(region, intents.reduce((at, intent) => setDesired(at, SPEC, intent.desiredReplicas).state, cluster));
  }
}

let folder: string;
let world: World;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "foretide-evacuation-"));
  world = new World(join(folder, "traffic.json"));
  await world.open();
  await world.pass(600);
  world.worst = Infinity;
});
afterEach(() => { rmSync(folder, { recursive: true }); });

describe("a region that is evacuated", () => {
  it("is left by steps, capacity ready elsewhere first, with no shortfall anywhere, and is then scaled in", async () => {
    expect(await world.evacuate()).toMatchObject({ ok: true, value: { phase: "leaving" } });
    const steps: number[] = [];
    await world.pass(3_600, () => { const share = world.shares["us-east-1"] ?? 1; if (share !== steps.at(-1)) steps.push(share); });
    expect(world.evacuation).toMatchObject({ phase: "away" });
    expect(steps.map((share) => Math.round(share * 100))).toEqual([33, 23, 13, 3, 0]);
    expect(world.worst).toBeGreaterThanOrEqual(0);
    expect(world.ready("us-east-1")).toBeLessThanOrEqual(2);
    expect(world.ready("eu-west-1") * PER_REPLICA).toBeGreaterThanOrEqual(TOTAL / 2);
  });

  it("would have been short had it been left at once: the steps are what prevents it", async () => {
    const naive = new World(join(folder, "naive.json"));
    await naive.open({ step: 1, settle: 0, mode: "recommend" });
    await naive.pass(600);
    naive.worst = Infinity;
    naive.clients["us-east-1"] = 0;
    naive.clients["eu-west-1"] = 0.5;
    naive.clients["ap-south-1"] = 0.5;
    for (let tick = 0; tick < 4; tick += 1) {
      naive.now += TICK;
      for (const region of REGIONS) naive.worst = Math.min(naive.worst, naive.ready(region) * PER_REPLICA - naive.demand(region));
    }
    expect(naive.worst).toBeLessThan(0);
  });

  it("gets its load back by steps when its time is over, or when it is aborted, with no shortfall either", async () => {
    await world.evacuate("us-east-1", 1_800);
    await world.pass(1_200);
    expect(world.evacuation?.phase).toBe("away");
    await world.pass(3_600);
    expect(world.evacuation).toBeUndefined();
    expect(world.desk.evacuations()).toMatchObject([{ phase: "returned" }]);
    for (const region of REGIONS) expect(world.shares[region]).toBeCloseTo(1 / 3, 2);
    expect(world.worst).toBeGreaterThanOrEqual(0);
    expect(world.overrides).toEqual([]);

    await world.evacuate("eu-west-1", 7_200, "e-2");
    await world.pass(450);
    expect(world.shares["eu-west-1"]).toBeLessThan(0.3);
    expect(await world.desk.abort("e-2", { author: "ben", reason: "the loss is over" })).toMatchObject({ ok: true, value: { phase: "returning" } });
    await world.pass(2_400);
    for (const region of REGIONS) expect(world.shares[region]).toBeCloseTo(1 / 3, 2);
    expect(world.worst).toBeGreaterThanOrEqual(0);
  });

  it("waits where the load is not known, where the kill switch holds, and moves nothing in mode recommend", async () => {
    world.demandKnown = false;
    await world.evacuate();
    await world.pass(600);
    expect(world.evacuation?.code).toBe("data-absent");
    world.demandKnown = true;
    world.killed = true;
    await world.pass(600);
    expect(world.evacuation?.code).toBe("kill-switch");
    expect(world.shares["us-east-1"]).toBeCloseTo(1 / 3, 5);
    world.killed = false;
    await world.pass(60);
    expect(world.shares["us-east-1"]).toBeLessThan(0.3);

    const advised = new World(join(folder, "advised.json"));
    await advised.open({ mode: "recommend" });
    await advised.pass(60);
    await advised.evacuate();
    await advised.pass(900);
    expect(advised.evacuation).toMatchObject({ code: "mode" });
    expect(advised.shares["us-east-1"]).toBeCloseTo(1 / 3, 5);
  });

  it("stops where the others have no room, and says how much they would need", async () => {
    const tight = new World(join(folder, "tight.json"), 14);
    await tight.open();
    await tight.pass(600);
    await tight.evacuate();
    await tight.pass(1_200);
    expect(tight.evacuation).toMatchObject({ code: "no-room" });
    expect(tight.shares["us-east-1"]).toBeGreaterThan(0.2);
  });

  it("goes on after a restart, and a repeated request begins nothing twice", async () => {
    await world.evacuate();
    await world.pass(300);
    const before = world.shares["us-east-1"] ?? 0;
    await world.desk.close();
    await world.open({ switch: { simulated: { ttlSeconds: TTL, shares: { ...world.shares } } } });
    expect(await world.evacuate()).toMatchObject({ ok: true, value: { id: "e-1", phase: "leaving" } });
    expect(await world.evacuate("eu-west-1", 7_200, "e-2")).toMatchObject({ ok: false, failure: "conflict" });
    await world.pass(3_600);
    expect(before).toBeLessThan(0.3);
    expect(world.evacuation).toMatchObject({ phase: "away" });
    expect(world.worst).toBeGreaterThanOrEqual(0);
  });

  it("follows the allocation of a target that buys in the regions, by the same steps, and yields to an evacuation", async () => {
    await world.desk.close();
    await world.open({ sharesFrom: "shop", switch: { simulated: { ttlSeconds: TTL } } });
    world.allocation = { "us-east-1": 0.2, "eu-west-1": 0.6, "ap-south-1": 0.2 };
    world.worst = Infinity;
    await world.pass(3_600);
    for (const region of REGIONS) expect(Math.abs((world.shares[region] ?? 0) - (world.allocation[region] ?? 0))).toBeLessThan(0.05);
    expect(world.worst).toBeGreaterThanOrEqual(0);
    expect(world.overrides).toEqual([]);
    await world.evacuate("eu-west-1");
    await world.pass(5_400);
    expect(world.shares["eu-west-1"]).toBe(0);
    expect(world.worst).toBeGreaterThanOrEqual(0);
  });

  it("refuses a region that is not there, and the last one that has any load", async () => {
    expect(await world.evacuate("mars-1")).toMatchObject({ ok: false, failure: "missing" });
    await world.evacuate();
    await world.pass(3_600);
    const alone = new World(join(folder, "alone.json"));
    await alone.open({ switch: { simulated: { shares: { "us-east-1": 1, "eu-west-1": 0, "ap-south-1": 0 } } } });
    expect(await alone.evacuate()).toMatchObject({ ok: false, failure: "conflict" });
  });

  it("journals each move before it is sent and after", async () => {
    await world.evacuate();
    await world.pass(3_600);
    const kinds: string[] = [];
    for await (const record of world.journal.read(1)) if (record.type === "note" && record.kind.startsWith("traffic-")) kinds.push(record.kind);
    expect(kinds).toEqual(Array.from({ length: 4 }, () => ["traffic-intent", "traffic-outcome"]).flat());
  });
});
