import { describe, expect, it } from "vitest";
import { purchase } from "../../src/purchase/purchase.ts";
import type { PurchaseRequest, PurchaseResult } from "../../src/purchase/purchase-request.ts";
import { count, NO_LIMIT, NOW, offering, REPORT, request, THREE_ZONES } from "../fixtures/purchase/request.ts";

const codes = (result: PurchaseResult): readonly string[] => result.reasons.map(({ code }) => code);

/** A fleet that has settled on what was asked, some time later. */
function settled(more: Partial<PurchaseRequest> = {}): { readonly running: Readonly<Record<string, number>>; readonly result: PurchaseResult; readonly next: (more: Partial<PurchaseRequest>) => PurchaseRequest } {
  const first = purchase(request(more));
  const running = first.allocation?.instances ?? {};
  const result = purchase(request({ ...more, timeSeconds: NOW + 60, running, state: first.nextState }));
  return { running, result, next: (change) => request({ ...more, timeSeconds: NOW + 120, running, state: result.nextState, ...change }) };
}

describe("purchase in calm markets", () => {
  it("buys the on-demand base, the spot share above it, and spreads spot over zones by the policy's cap", () => {
    const { allocation, reasons } = purchase(request());
    expect(count(allocation?.instances, "spot")).toBe(7);
    expect(count(allocation?.instances, "on-demand")).toBe(5);
    for (const zone of ["us-east-1a", "us-east-1b", "us-east-1c"]) expect(allocation?.instances[`${zone}/spot`] ?? 0).toBeLessThanOrEqual(6);
    expect(allocation?.replicas).toBe(12);
    expect(allocation?.costPerHourUsd).toBeCloseTo(7 * 0.035 + 5 * 0.096, 9);
    expect(reasons).toEqual([]);
  });

  it("keeps what it has bought: the same market gives the same counts", () => {
    const { running, result } = settled();
    expect(result.allocation?.instances).toEqual(running);
  });

  it("keeps running spot when another zone becomes a little cheaper", () => {
    const { running, next } = settled();
    const offerings = THREE_ZONES.map((entry) => (entry.id === "us-east-1c/spot" ? { ...entry, pricePerHourUsd: 0.0345 } : entry));
    expect(purchase(next({ offerings })).allocation?.instances).toEqual(running);
  });

  it("gives the same answer for the same request", () => {
    expect(purchase(request())).toEqual(purchase(request()));
  });

  it("survives JSON: state that was written and read back gives the same answer", () => {
    const { next } = settled();
    const asked = next({ notices: [{ kind: "interruption", offering: "us-east-1a/spot", count: 1, timeSeconds: NOW + 240 }] });
    const read = JSON.parse(JSON.stringify(asked)) as PurchaseRequest;
    expect(purchase(read)).toEqual(purchase(asked));
  });

  it("rounds up where instances carry several replicas", () => {
    const { allocation } = purchase(request({ neededReplicas: 7, purchase: undefined, offerings: [offering("us-east-1a", "on-demand", { replicas: 4 })] }));
    expect(allocation).toMatchObject({ instances: { "us-east-1a/on-demand": 2 }, replicas: 8 });
  });

  it("uses a commitment first: unused, it costs nothing more", () => {
    const offerings = [...THREE_ZONES, offering("us-east-1a", "committed", { pricePerHourUsd: 0.06, maxInstances: 3 })];
    expect(purchase(request({ offerings, purchase: undefined })).allocation?.instances["us-east-1a/committed"]).toBe(3);
  });

  it("answers no allocation where no offering is known", () => {
    expect(purchase(request({ offerings: [] }))).toMatchObject({ allocation: undefined, desiredReplicas: 12 });
  });

  it("buys an offering without a price last and says that the cost is not known", () => {
    const offerings = [offering("us-east-1a", "on-demand", { pricePerHourUsd: NaN }), offering("us-east-1b", "on-demand", { maxInstances: 10 })];
    const result = purchase(request({ offerings, purchase: undefined }));
    expect(result.allocation?.instances).toEqual({ "us-east-1b/on-demand": 10, "us-east-1a/on-demand": 2 });
    expect(result.allocation?.costPerHourUsd).toBeNaN();
    expect(codes(result)).toContain("price-unknown");
  });
});

describe("purchase when capacity is lost", () => {
  const notice = { kind: "interruption", offering: "us-east-1a/spot", count: 2, timeSeconds: NOW + 240 } as const;

  it("orders the replacement of a doomed instance at once, elsewhere", () => {
    const { running, next } = settled();
    const doomedZone = Object.keys(running).find((id) => id.endsWith("/spot")) ?? "";
    const result = purchase(next({ notices: [{ ...notice, offering: doomedZone }] }));
    expect(result.allocation?.replicas).toBeGreaterThanOrEqual(12);
    expect(result.allocation?.instances[doomedZone] ?? 0).toBe((running[doomedZone] ?? 0) - 2);
    expect(codes(result)).toContain("notice-replaced");
  });

  it("orders nothing twice for a notice that is repeated, or told again after its time", () => {
    const { running, next } = settled();
    const doomedZone = Object.keys(running).find((id) => id.endsWith("/spot")) ?? "";
    const told = { ...notice, offering: doomedZone };
    const first = purchase(next({ notices: [told] }));
    const again = purchase(next({ timeSeconds: NOW + 125, notices: [told, { ...told, timeSeconds: NOW - 10 }], state: first.nextState }));
    expect(again.allocation?.instances).toEqual(first.allocation?.instances);
  });

  it("goes on demand when every spot pool has failed", () => {
    const { next } = settled();
    const spotIds = THREE_ZONES.filter(({ capacityType }) => capacityType === "spot").map(({ id }) => id);
    const result = purchase(next({ capacityErrors: spotIds, neededReplicas: 20 }));
    expect(count(result.allocation?.instances, "spot")).toBe(7);
    expect(count(result.allocation?.instances, "on-demand")).toBe(13);
    expect(codes(result)).toEqual(expect.arrayContaining(["capacity-error-rest"]));
  });

  it("rests an offering for three minutes after a capacity error, then asks again", () => {
    const only = [offering("us-east-1a", "on-demand"), offering("us-east-1a", "spot")];
    const free = { onDemandBase: 0, spotShare: 1, maxDomainShare: 1, regions: [], instanceTypes: [], replicasPerInstance: 1 };
    const failed = purchase(request({ offerings: only, purchase: free, capacityErrors: ["us-east-1a/spot"], state: purchase(request({ offerings: only, purchase: free })).nextState, timeSeconds: NOW + 30 }));
    expect(failed.allocation?.instances).toEqual({ "us-east-1a/on-demand": 12 });
    const still = purchase(request({ offerings: only, purchase: free, running: { "us-east-1a/on-demand": 12 }, state: failed.nextState, timeSeconds: NOW + 200 }));
    expect(count(still.allocation?.instances, "spot")).toBe(0);
    const later = purchase(request({ offerings: only, purchase: free, running: { "us-east-1a/on-demand": 12 }, state: still.nextState, timeSeconds: NOW + 211 }));
    expect(count(later.allocation?.instances, "spot")).toBe(12);
    expect(count(later.allocation?.instances, "on-demand")).toBe(12);
    expect(codes(later)).toContain("make-before-break");
  });

  it("takes an order that does not show for a capacity error", () => {
    const first = purchase(request());
    const second = purchase(request({ timeSeconds: NOW + 30, running: { "us-east-1a/on-demand": 5 }, pending: {}, state: first.nextState }));
    expect(codes(second)).toContain("capacity-error-rest");
    expect(second.allocation?.replicas).toBeGreaterThanOrEqual(12);
  });

  it("buys nothing more in a domain just after a loss there", () => {
    const { running, next } = settled({ purchase: undefined });
    const lostZone = Object.keys(running).find((id) => id.endsWith("/spot")) ?? "";
    const result = purchase(next({ running: { ...running, [lostZone]: 0 } }));
    expect(result.allocation?.instances[lostZone] ?? 0).toBe(0);
    expect(codes(result)).toContain("unannounced-loss");
  });

  it("buys spares once losses come unannounced and starts are slow", () => {
    const offerings = THREE_ZONES.map((entry) => ({ ...entry, startSeconds: 180 }));
    const { running, result: calm, next } = settled({ purchase: undefined, offerings });
    const state = { ...calm.nextState, announcedShare: 0 };
    const hit = purchase(next({ offerings, running, state: { ...state, domains: Object.fromEntries(Object.entries(state.domains).map(([name, domain]) => [name, { ...domain, losses: [6, 6, 6, 6], hours: [3, 3, 3, 3] }])) } }));
    expect(hit.allocation?.replicas).toBeGreaterThan(12);
    expect(codes(hit)).toEqual(expect.arrayContaining(["notices-unreliable", "spare-for-loss"]));
  });

  it("opens a breaker towards on-demand in a storm and closes it by steps", () => {
    const { running, next } = settled({ purchase: undefined });
    const spot = Object.entries(running).filter(([id]) => id.endsWith("/spot"));
    const offerings = THREE_ZONES;
    const all = ["us-east-1a/spot", "us-east-1b/spot", "us-east-1c/spot"];
    const notices = all.map((id) => ({ kind: "interruption" as const, offering: id, count: Math.max(1, running[id] ?? 0), timeSeconds: NOW + 240 }));
    expect(spot.length).toBeGreaterThan(1);
    const hit = purchase(next({ offerings, notices }));
    expect(codes(hit)).toContain("spot-storm");
    expect(count(hit.allocation?.instances, "on-demand")).toBe(12);
    const settledRun = hit.allocation?.instances ?? {};
    const ceilings = [hit.nextState.storm?.ceilingShare];
    let state = hit.nextState;
    for (let minutes = 11; minutes <= 31; minutes += 10) {
      const result = purchase(next({ timeSeconds: NOW + 120 + minutes * 60, running: settledRun, notices: [], state }));
      state = result.nextState;
      ceilings.push(state.storm?.ceilingShare);
    }
    expect(ceilings).toEqual([0.25, 0.5, 0.75, undefined]);
  });

  it("treats Google's and Azure's notices as shorter than a start", () => {
    const zone = (name: string): readonly ReturnType<typeof offering>[] => [offering(name, "on-demand", { region: "us-central1", startSeconds: 60 }), offering(name, "spot", { region: "us-central1", startSeconds: 60 })];
    expect(purchase(request({ offerings: zone("us-central1-a") })).nextState.noticeLeadSeconds).toBe(30);
    expect(purchase(request()).nextState.noticeLeadSeconds).toBe(120);
  });
});

describe("the cost clause", () => {
  const base = { onDemandBase: 12, spotShare: 0, maxDomainShare: 1, regions: [], instanceTypes: [], replicasPerInstance: 1 };

  it("only alerts when told to", () => {
    const result = purchase(request({ purchase: base, cost: { ...NO_LIMIT, maxPerHourUsd: 1 } }));
    expect(result).toMatchObject({ desiredReplicas: 12, limit: { code: "cost-limit", limit: 1 } });
    expect(codes(result)).toEqual(["cost-limit-exceeded"]);
  });

  it("cuts headroom down to the objective's capacity and no further", () => {
    const cut = purchase(request({ purchase: base, cost: { ...NO_LIMIT, maxPerHourUsd: 1.1, onLimit: "cut-headroom" } }));
    expect(cut.desiredReplicas).toBe(11);
    expect(cut.reasons[0]).toMatchObject({ code: "cost-limit", before: 12, after: 11 });
    const floor = purchase(request({ purchase: base, cost: { ...NO_LIMIT, maxPerHourUsd: 0.5, onLimit: "cut-headroom" } }));
    expect(floor.desiredReplicas).toBe(10);
    expect(codes(floor)).toEqual(["cost-limit", "cost-limit-exceeded"]);
  });

  it("cuts capacity, down to the minimum, only where the policy says so", () => {
    const cut = purchase(request({ purchase: base, cost: { ...NO_LIMIT, maxPerHourUsd: 0.5, onLimit: "cut-capacity" } }));
    expect(cut.desiredReplicas).toBe(5);
    expect(purchase(request({ purchase: base, cost: { ...NO_LIMIT, maxPerHourUsd: 0.01, onLimit: "cut-capacity" } })).desiredReplicas).toBe(2);
  });
});

describe("the carbon clause", () => {
  const clean = offering("eu-north-1a", "on-demand", { pricePerHourUsd: 0.098, intensityGramsPerKwh: 25, powerWatts: 10 });
  const dirty = offering("eu-central-1a", "on-demand", { pricePerHourUsd: 0.096, intensityGramsPerKwh: 371, powerWatts: 10 });
  const asked = (carbonSpec: Partial<typeof REPORT>): PurchaseResult => purchase(request({ offerings: [clean, dirty], purchase: undefined, carbonSpec: { ...REPORT, ...carbonSpec } }));

  it("changes nothing when it only reports", () => {
    const result = asked({});
    expect(result.allocation?.instances).toEqual({ [dirty.id]: 12 });
    expect(result.allocation?.carbonGramsPerHour).toBeCloseTo(12 * 3.71, 9);
  });

  it("prefers the cleaner offering up to its share of extra cost", () => {
    const result = asked({ mode: "prefer", maxExtraCostShare: 0.03 });
    expect(result.allocation?.instances).toEqual({ [clean.id]: 12 });
    expect(codes(result)).toEqual(["carbon-prefer"]);
    const within = asked({ mode: "prefer", maxExtraCostShare: 0.01 }).allocation;
    expect(within?.instances[clean.id]).toBe(5);
    expect(within?.costPerHourUsd).toBeLessThanOrEqual(12 * 0.096 * 1.01 + 1e-9);
  });

  it("is not moved by a realistic price of carbon, and is by an absurd one", () => {
    expect(asked({ mode: "price", pricePerKgUsd: 0.1 }).allocation?.instances).toEqual({ [dirty.id]: 12 });
    expect(asked({ mode: "price", pricePerKgUsd: 10 }).allocation?.instances).toEqual({ [clean.id]: 12 });
  });

  it("keeps under a cap at least cost, and says when no mix can", () => {
    const capped = asked({ mode: "cap", maxGramsPerHour: 30 });
    expect(capped.allocation?.carbonGramsPerHour).toBeLessThanOrEqual(30);
    expect(capped.allocation?.replicas).toBe(12);
    expect(codes(capped)).toEqual(["carbon-cap"]);
    const impossible = asked({ mode: "cap", maxGramsPerHour: 1 });
    expect(impossible.desiredReplicas).toBe(12);
    expect(codes(impossible)).toEqual(["carbon-cap-exceeded"]);
  });

  it("never mixes a marginal signal into a policy that reads average intensity", () => {
    const bare = offering("eu-central-1a", "on-demand");
    const result = purchase(request({ offerings: [bare], purchase: undefined, carbon: { signal: "marginal", intensityGramsPerKwh: 731, timeSeconds: NOW } }));
    expect(result.allocation?.carbonGramsPerHour).toBeUndefined();
    expect(codes(result)).toEqual(["carbon-signal-mismatch"]);
  });
});
