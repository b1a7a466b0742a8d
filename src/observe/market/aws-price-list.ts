import { GetProductsCommand } from "@aws-sdk/client-pricing";
import type { Filter, PricingClient } from "@aws-sdk/client-pricing";
import { z } from "zod";
import { success, failure } from "../../model/result.ts";
import type { Result } from "../../model/result.ts";
import type { MarketFigure, MarketSource } from "./market-source.ts";

/** On-demand prices change a few times a year: asked once a day for each region and type. */
const REFRESH_SECONDS = 86_400;
/** Up to so many types are asked one by one (a page each); more are read from the region's whole list. */
const FEW_TYPES = 12;

const TRANSIENT = new Set(["ThrottlingException", "InternalErrorException", "TimeoutError", "ServiceUnavailable"]);

/** The parts of a product that are needed; the service answers each as a text of JSON. */
const product = z.object({
  product: z.object({ attributes: z.object({ instanceType: z.string(), regionCode: z.string() }) }),
  terms: z.object({
    OnDemand: z.record(z.string(), z.object({ priceDimensions: z.record(z.string(), z.object({ unit: z.string(), pricePerUnit: z.object({ USD: z.string() }) })) })),
  }),
});

interface Asked {
  readonly atSeconds: number;
  readonly figures: readonly MarketFigure[];
}

/** On-demand prices of Linux on shared hardware from the AWS Price List (GetProducts). What a day-old answer holds is not asked again. */
export function awsPriceList({ client }: { readonly client: () => PricingClient }): MarketSource {
  const known = new Map<string, Asked>();
  return {
    type: "aws-price-list",
    async read({ regions, instanceTypes, nowSeconds }) {
      const figures: MarketFigure[] = [];
      const wanted = new Set(instanceTypes);
      for (const region of regions) {
        for (const instanceType of instanceTypes.length <= FEW_TYPES ? instanceTypes : [undefined]) {
          const key = `${region} ${instanceType ?? "*"}`;
          let asked = known.get(key);
          if (asked === undefined || nowSeconds - asked.atSeconds >= REFRESH_SECONDS) {
            const fresh = await products(client(), region, { instanceType, nowSeconds });
            if (!fresh.ok) return fresh;
            asked = { atSeconds: nowSeconds, figures: fresh.value };
            known.set(key, asked);
          }
          figures.push(...asked.figures.filter((figure) => wanted.has(figure.instanceType)));
        }
      }
      return success(figures);
    },
  };
}

async function products(client: PricingClient, region: string, { instanceType, nowSeconds }: { readonly instanceType: string | undefined; readonly nowSeconds: number }): Promise<Result<readonly MarketFigure[]>> {
  const figures: MarketFigure[] = [];
  try {
    let NextToken: string | undefined;
    do {
      const page = await client.send(new GetProductsCommand({ ServiceCode: "AmazonEC2", FormatVersion: "aws_v1", Filters: filtersOf(region, instanceType), MaxResults: 100, ...(NextToken === undefined ? {} : { NextToken }) }));
      for (const text of page.PriceList ?? []) figures.push(...figureOf(String(text), region, nowSeconds));
      NextToken = page.NextToken === "" ? undefined : page.NextToken;
    } while (NextToken !== undefined);
  } catch (error) {
    const name = error instanceof Error ? error.name : "Unknown";
    const message = error instanceof Error ? error.message : String(error);
    return failure(TRANSIENT.has(name) || name === "Error" ? "transient" : "permanent", `GetProducts: ${name}: ${message}`);
  }
  return success(figures);
}

function filtersOf(region: string, instanceType: string | undefined): Filter[] {
  const equal = (Field: string, Value: string): Filter => ({ Type: "TERM_MATCH", Field, Value });
  return [
    equal("regionCode", region), equal("operatingSystem", "Linux"), equal("tenancy", "Shared"), equal("preInstalledSw", "NA"), equal("capacitystatus", "Used"),
    ...(instanceType === undefined ? [] : [equal("instanceType", instanceType)]),
  ];
}

/** The hourly price of one product; nothing where it has none in dollars per hour above zero. */
function figureOf(text: string, region: string, nowSeconds: number): readonly MarketFigure[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return [];
  }
  const parsed = product.safeParse(json);
  if (!parsed.success || parsed.data.product.attributes.regionCode !== region) return [];
  const dimensions = Object.values(parsed.data.terms.OnDemand).flatMap(({ priceDimensions }) => Object.values(priceDimensions));
  const hourly = dimensions.filter(({ unit, pricePerUnit }) => unit === "Hrs" && Number(pricePerUnit.USD) > 0);
  const [only] = hourly;
  if (only === undefined || hourly.length > 1) return [];
  return [{ kind: "price", capacityType: "on-demand", region, instanceType: parsed.data.product.attributes.instanceType, value: Number(only.pricePerUnit.USD), unit: "USD/h", source: "aws-price-list", asOfSeconds: nowSeconds }];
}
