import { DEFAULT_PUE, embodiedGramsPerHour, gridWatts } from "../account/carbon.ts";
import type { Policy } from "../model/policy.ts";
import { failure, success } from "../model/result.ts";
import type { Result } from "../model/result.ts";
import { instanceFacts, knownInstanceTypes, regionFacts, regionPrices } from "../observe/market/catalog.ts";

/** What one replica costs and emits; every row of a replay is reckoned with the same terms. */
export interface ReplicaTerms {
  readonly pricePerHourUsd: number;
  /** From the grid, overhead included: idle, and more by so much at full use. */
  readonly idleWatts: number;
  readonly busyWatts: number;
  readonly gramsPerKwh: number;
  /** Its share of the making of the server. */
  readonly embodiedGramsPerHour: number;
  /** Where the figures come from, and what of them was assumed. */
  readonly notes: readonly string[];
}

export interface TermsGiven {
  readonly region?: string;
  readonly instanceType?: string;
  readonly pricePerHourUsd?: number;
  readonly gramsPerKwh?: number;
}

const ASSUMED_TYPE = "m5.large";
const ASSUMED_REGION = "us-east-1";

/**
 * The terms of a policy's replicas: what is given, else what the policy names (its price, types and regions, the target's region),
 * else a machine and a region that are assumed and said to be. Prices are on demand, of `config/catalogs`; grams are operational
 * (power × the grid's annual mean of the policy's signal) and embodied. A type or region that no catalogue knows is `missing`.
 */
export function replicaTerms(policy: Policy, given: TermsGiven = {}): Result<ReplicaTerms> {
  const named = policy.purchase;
  const own = policy.actuator.config["region"];
  const region = given.region ?? named?.regions[0] ?? (typeof own === "string" ? own : undefined);
  const type = given.instanceType ?? cheapest(named?.instanceTypes ?? [], region ?? ASSUMED_REGION);
  const machine = instanceFacts(type ?? ASSUMED_TYPE);
  const facts = regionFacts(region ?? ASSUMED_REGION);
  if (machine === undefined) return failure("missing", `the catalogue knows no instance type "${String(type)}": one of ${knownInstanceTypes().slice(0, 5).join(", ")}, …`);
  if (facts === undefined) return failure("missing", `the catalogue knows no region "${String(region)}"`);
  const perInstance = named?.replicasPerInstance ?? 1;
  const table = policy.carbon.signal === "average" ? facts.averageGramsPerKwh : facts.marginalGramsPerKwh;
  const gramsPerKwh = given.gramsPerKwh ?? table ?? facts.averageGramsPerKwh;
  if (gramsPerKwh === null) return failure("missing", `no grid intensity is known of ${String(region)}: give --grams-per-kwh`);
  const price = priceOf(policy, { type, region, given: given.pricePerHourUsd, perInstance });
  const pue = facts.pue ?? DEFAULT_PUE;
  const [idleWatts, fullWatts] = [gridWatts(machine, 0, pue) / perInstance, gridWatts(machine, 1, pue) / perInstance];
  const where = `${type ?? ASSUMED_TYPE} in ${region ?? ASSUMED_REGION}`;
  const assumed = type === undefined || region === undefined ? " (assumed: the policy names none)" : "";
  return success({
    pricePerHourUsd: price.usd, idleWatts, busyWatts: fullWatts - idleWatts, gramsPerKwh, embodiedGramsPerHour: (embodiedGramsPerHour(machine) ?? 0) / perInstance,
    notes: [price.note, `CO2e: ${where}${assumed}, ${gramsPerKwh.toFixed(0)} g/kWh${given.gramsPerKwh === undefined ? ` (${policy.carbon.signal}, annual mean)` : ""}, operational and embodied`],
  });
}

/** The benchmark's price, where nothing is known of the machine. */
const ASSUMED_PRICE_USD = 0.1;

interface Pricing {
  readonly type: string | undefined;
  readonly region: string | undefined;
  readonly given: number | undefined;
  readonly perInstance: number;
}

function priceOf(policy: Policy, { type, region, given, perInstance }: Pricing): { readonly usd: number; readonly note: string } {
  const text = (usd: number, why: string): string => `dollars: $${usd.toFixed(4)} a replica-hour (${why})`;
  if (given !== undefined) return { usd: given, note: text(given, "as given") };
  const stated = policy.cost.replicaPerHourUsd;
  if (stated !== undefined) return { usd: stated, note: text(stated, "the policy's own") };
  const listed = type === undefined ? undefined : regionPrices(type, region ?? ASSUMED_REGION)?.onDemand;
  if (typeof listed === "number") return { usd: listed / perInstance, note: text(listed / perInstance, `${String(type)} on demand in ${region ?? ASSUMED_REGION}; spot is not simulated`) };
  return { usd: ASSUMED_PRICE_USD, note: text(ASSUMED_PRICE_USD, "assumed: the policy names no price and no instance type") };
}

function cheapest(types: readonly string[], region: string): string | undefined {
  const priced = types.map((type) => ({ type, usd: regionPrices(type, region)?.onDemand ?? Infinity }));
  return priced.sort((a, b) => a.usd - b.usd)[0]?.type;
}
