import { emptyRecord } from "../model/record.ts";

/** What is known of one region of a split: the share of the load that is sent there, and what its target can carry. */
export interface RegionView {
  readonly region: string;
  /** 0..1, as the switch says now; the regions' sum is 1. */
  readonly share: number;
  /** Load per second that arrives; undefined where it is not known, which is never zero. */
  readonly demandPerSecond: number | undefined;
  readonly readyReplicas: number | undefined;
  /** Load per second that one replica carries within the objective. */
  readonly perReplica: number | undefined;
  readonly maxReplicas: number;
}

export type Shares = Readonly<Record<string, number>>;
export type Floors = Readonly<Record<string, number>>;

export interface ShiftRules {
  /** The most that moves at once, as a share of the whole load. */
  readonly stepShare: number;
  /** So long after a move it is waited before the next: the record's TTL at least. */
  readonly settleSeconds: number;
}

/** `floors`: replicas that each region must have ready, by region; kept while the shift lasts. */
export type ShiftStep =
  | { readonly kind: "done"; readonly text: string }
  | { readonly kind: "wait"; readonly code: string; readonly text: string; readonly floors: Floors }
  | { readonly kind: "move"; readonly shares: Shares; readonly floors: Floors; readonly text: string };

/** Capacity above the load that is about to arrive: clients do not follow weights exactly. */
const MARGIN = 0.15;
/** Weights are whole numbers out of 200: closer than this is there. */
export const SHARE_TOLERANCE = 0.004;

/**
 * The next step from the present shares towards a goal: capacity is made ready where the load will go, then a step of the load is
 * moved, then it is seen to have arrived. Pure. Where anything is not known it waits: the load stays where it is.
 */
export function nextShift(views: readonly RegionView[], goal: Shares, at: { readonly sinceMoveSeconds: number; readonly rules: ShiftRules }): ShiftStep {
  const unknown = views.find(({ share, demandPerSecond, readyReplicas }) => readyReplicas === undefined || (share > SHARE_TOLERANCE && demandPerSecond === undefined));
  if (unknown !== undefined) return wait("data-absent", `what arrives in ${unknown.region}, or what is ready there, is not known`, {});
  const total = views.reduce((sum, { demandPerSecond }) => sum + (demandPerSecond ?? 0), 0);
  const shares = towards(views, goal, at.rules.stepShare);
  const floors = floorsFor(views, shares, total);
  if (typeof floors === "string") return wait("capacity-unknown", `what a replica carries is not known of ${floors}`, {});
  if (at.sinceMoveSeconds < at.rules.settleSeconds) return wait("settling", `the last move is ${Math.round(at.sinceMoveSeconds)} of ${at.rules.settleSeconds} s old`, floors);
  if (views.every((view) => Math.abs(view.share - (goal[view.region] ?? 0)) <= SHARE_TOLERANCE)) return { kind: "done", text: "the shares are the ones wanted" };
  const tight = views.find((view) => (shares[view.region] ?? 0) > view.share && (floors[view.region] ?? 0) > view.maxReplicas);
  if (tight !== undefined) return wait("no-room", `${tight.region} would need ${String(floors[tight.region])} replicas and may have ${tight.maxReplicas}`, floors);
  const short = views.find((view) => (view.readyReplicas ?? 0) < (floors[view.region] ?? 0));
  if (short !== undefined) return wait("capacity", `${short.region} has ${String(short.readyReplicas)} of ${String(floors[short.region])} replicas ready`, floors);
  return { kind: "move", shares, floors, text: views.map((view) => `${view.region} ${percent(view.share)} → ${percent(shares[view.region] ?? 0)}`).join(", ") };
}

/** The shares without one region, what it had spread over the others as they stand to each other. Undefined where no other has any. */
export function sharesWithout(base: Shares, region: string): Shares | undefined {
  const rest = Object.entries(base).filter(([name]) => name !== region).reduce((sum, [, share]) => sum + share, 0);
  if (!(rest > 0)) return undefined;
  return Object.fromEntries(Object.entries(base).map(([name, share]) => [name, name === region ? 0 : share / rest]));
}

function towards(views: readonly RegionView[], goal: Shares, stepShare: number): Shares {
  const moved = views.reduce((sum, { region, share }) => sum + Math.max(0, (goal[region] ?? 0) - share), 0);
  const factor = moved <= stepShare + SHARE_TOLERANCE ? 1 : stepShare / moved;
  return Object.fromEntries(views.map(({ region, share }) => [region, share + factor * ((goal[region] ?? 0) - share)]));
}

/** For the larger of the present share and the next one: what leaves is still served while clients keep the old answer. A region's name where it cannot be told. */
function floorsFor(views: readonly RegionView[], shares: Shares, total: number): Floors | string {
  const known = views.map(({ perReplica }) => perReplica).filter((value) => value !== undefined && value > 0);
  const least = known.length === 0 ? undefined : Math.min(...(known as readonly number[]));
  const floors = emptyRecord<number>();
  for (const { region, share, perReplica } of views) {
    const carries = perReplica !== undefined && perReplica > 0 ? perReplica : least;
    if (carries === undefined) return region;
    const next = shares[region] ?? 0;
    // Where load leaves, its own autoscaler follows it down; a floor above its present need would never be met.
    floors[region] = next >= share ? Math.ceil((total * next * (1 + MARGIN)) / carries) : Math.floor((total * next) / carries);
  }
  return floors;
}

function wait(code: string, text: string, floors: Floors): ShiftStep {
  return { kind: "wait", code, text, floors };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1).replace(/\.0$/, "")} %`;
}
