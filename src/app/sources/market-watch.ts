import { CARBON_SOURCES } from "../../observe/carbon/registry.ts";
import type { CarbonDeps, CarbonSource } from "../../observe/carbon/carbon-source.ts";
import { knownInstanceTypes } from "../../observe/market/catalog.ts";
import { embeddedFigures } from "../../observe/market/embedded-market.ts";
import { marketFigures, type MarketFigures } from "../../observe/market/market-figures.ts";
import type { MarketFigure, MarketQuery } from "../../observe/market/market-source.ts";
import { MARKET_SOURCES } from "../../observe/market/registry.ts";
import { offeringsFor } from "../../observe/market/offerings.ts";
import type { CarbonSignal, Offering } from "../../model/offering.ts";
import type { Policy, PurchaseSpec } from "../../model/policy.ts";
import { failure, type Result } from "../../model/result.ts";
import type { Clock } from "../clock.ts";
import type { IntensityBook } from "./intensity-book.ts";
import type { Log } from "../telemetry/log.ts";

const REFRESH_EVERY_MS = 300_000;
const CARBON_TIMEOUT_MS = 10_000;
const CARBON_HORIZON_SECONDS = 48 * 3600;
/** A start time for offerings of a policy that states and has learned none. */
const USUAL_START_SECONDS = 120;

/**
 * Offerings and grid intensity of each policy, looked up beside the loop: the loop reads what was last known. Prices and
 * intensity come from the providers that foretide.yaml names, with the embedded tables behind them.
 */
export class MarketWatch {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #carbon: CarbonSource | undefined;
  readonly #intensities: IntensityBook;
  readonly #market: Promise<((query: MarketQuery) => Promise<MarketFigures>) | undefined>;
  #policies: readonly Policy[] = [];
  readonly #offerings = new Map<string, readonly Offering[]>();
  readonly #signals = new Map<string, CarbonSignal>();
  readonly #timer: NodeJS.Timeout;

  constructor(parts: { readonly clock: Clock; readonly log: Log; readonly intensities: IntensityBook; readonly carbonProvider: Readonly<Record<string, unknown>>; readonly marketProvider: Readonly<Record<string, unknown>> }) {
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#intensities = parts.intensities;
    const carbon = carbonSource(parts.carbonProvider);
    if (!carbon.ok) parts.log.error({ reason: carbon.message }, "the carbon provider cannot be used: the annual table stands in");
    this.#carbon = carbon.ok ? carbon.value : undefined;
    this.#market = liveMarket(parts.marketProvider);
    this.#timer = setInterval(() => void this.refresh(), REFRESH_EVERY_MS);
    this.#timer.unref();
  }

  /** The policies to look up for; their offerings are there at once, from the tables. */
  watch(policies: readonly Policy[]): void {
    this.#policies = policies;
    for (const policy of policies) this.#offer(policy, {}, undefined);
    void this.refresh();
  }

  offerings(policy: Policy): readonly Offering[] | undefined {
    return this.#offerings.get(policy.name);
  }

  carbon(policy: Policy): CarbonSignal | undefined {
    return this.#signals.get(policy.name);
  }

  /** Asks the provider for each region once. What fails keeps what was known. */
  async refresh(): Promise<void> {
    const intensities = new Map<string, CarbonSignal>();
    const regions = new Set(this.#policies.flatMap((policy) => (policy.purchase === undefined ? [] : scopeOf(policy, policy.purchase).regions)));
    for (const region of regions) {
      const read = await this.#carbon?.read({ region, nowSeconds: this.#clock.nowSeconds(), horizonSeconds: CARBON_HORIZON_SECONDS });
      if (read?.ok === true) {
        const { signal, gramsPerKwh, timeSeconds, source, forecast } = read.value;
        const told = { signal, intensityGramsPerKwh: gramsPerKwh, timeSeconds, source, forecast: forecast.map((point) => ({ timeSeconds: point.timeSeconds, intensityGramsPerKwh: point.gramsPerKwh })) };
        intensities.set(region, this.#intensities.blend(region, told, this.#clock.nowSeconds()));
      } else if (read !== undefined) this.#log.warn({ region, reason: read.message }, "no live grid intensity: the last known or the annual table stands in");
    }
    if (intensities.size > 0) await this.#keep(regions);
    for (const policy of this.#policies) {
      const figures = await this.#figures(policy);
      const own = (policy.purchase === undefined ? [] : scopeOf(policy, policy.purchase).regions).flatMap((region) => {
        const signal = intensities.get(region);
        return signal?.signal === policy.carbon.signal ? [[region, signal] as const] : [];
      });
      if (own.length === 0 && figures === undefined) continue;
      this.#offer(policy, Object.fromEntries(own.map(([region, signal]) => [region, signal.intensityGramsPerKwh])), figures);
      const [first] = own;
      if (own.length === 1 && first !== undefined) this.#signals.set(policy.name, first[1]);
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #keep(regions: ReadonlySet<string>): Promise<void> {
    const kept = await this.#intensities.save(regions);
    if (!kept.ok) this.#log.warn({ reason: kept.message }, "the grid's past is kept in memory only");
  }

  /** Live figures with the tables behind them; undefined where no live source is named. */
  async #figures(policy: Policy): Promise<readonly MarketFigure[] | undefined> {
    const ask = await this.#market;
    if (ask === undefined || policy.purchase === undefined) return undefined;
    const { regions, instanceTypes } = scopeOf(policy, policy.purchase);
    const { figures, tablesOnly, failures } = await ask({ regions, instanceTypes, nowSeconds: this.#clock.nowSeconds() });
    if (failures.length > 0) this.#log.warn({ target: policy.name, failures, tablesOnly }, "no live prices from a source: what is known, or the tables, stand in");
    return figures;
  }

  #offer(policy: Policy, intensityGramsPerKwh: Readonly<Record<string, number>>, figures: readonly MarketFigure[] | undefined): void {
    if (policy.purchase === undefined) {
      this.#offerings.delete(policy.name);
      return;
    }
    const scope = scopeOf(policy, policy.purchase);
    const { regions, instanceTypes } = scope;
    this.#offerings.set(policy.name, offeringsFor({
      purchase: { ...policy.purchase, ...scope }, carbon: policy.carbon, figures: figures ?? embeddedFigures({ regions, instanceTypes }),
      startSeconds: policy.leadTimeSeconds ?? USUAL_START_SECONDS, intensityGramsPerKwh,
    }));
  }
}

/** Where and what may be bought. No region named: the target's own; no type named: all of the catalogue. */
export function scopeOf(policy: Policy, { regions, instanceTypes }: Pick<PurchaseSpec, "regions" | "instanceTypes"> = { regions: [], instanceTypes: [] }): Pick<PurchaseSpec, "regions" | "instanceTypes"> {
  const own = policy.actuator.config["region"];
  return {
    regions: regions.length > 0 ? regions : typeof own === "string" ? [own] : [],
    instanceTypes: instanceTypes.length > 0 ? instanceTypes : knownInstanceTypes(),
  };
}

/** The market that the configuration names; undefined where it names none, or the tables. */
async function liveMarket(provider: Readonly<Record<string, unknown>>): Promise<((query: MarketQuery) => Promise<MarketFigures>) | undefined> {
  const [type = "embedded", settings] = Object.entries(provider)[0] ?? [];
  const definition = MARKET_SOURCES[type];
  return definition === undefined || type === "embedded" ? undefined : marketFigures(await definition.create(settings ?? {}));
}

/** The one provider that the configuration names; the embedded table where it names none. */
function carbonSource(provider: Readonly<Record<string, unknown>>): Result<CarbonSource> {
  const [type = "embedded", settings = {}] = Object.entries(provider)[0] ?? [];
  const definition = (CARBON_SOURCES as Readonly<Record<string, { readonly config: { safeParse(value: unknown): { success: boolean; data?: unknown; error?: { message: string } } }; create(config: never, deps: CarbonDeps): CarbonSource }>>)[type];
  if (definition === undefined) return failure("permanent", `there is no carbon provider ${type}; there are ${Object.keys(CARBON_SOURCES).join(", ")}`);
  const parsed = definition.config.safeParse(settings ?? {});
  if (!parsed.success) return failure("permanent", `${type}: ${parsed.error?.message ?? "not its configuration"}`);
  // Named only when it is called: the name alone loads the HTTP client's 5 MB.
  return { ok: true, value: definition.create(parsed.data as never, { fetch: (...request) => fetch(...request), timeoutMilliseconds: CARBON_TIMEOUT_MS }) };
}
