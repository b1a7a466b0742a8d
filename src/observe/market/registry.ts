import { z } from "zod";

import { embeddedMarket } from "./embedded-market.ts";
import { fileMarket } from "./file-market.ts";
import type { MarketSource } from "./market-source.ts";

/** A source of prices and risks as foretide.yaml names it. The AWS SDK is loaded only where it is named. */
export interface MarketDefinition {
  readonly config: z.ZodType;
  /** One or more: each fails alone, and the newest figure of the nearest scope wins. */
  create(settings: unknown): Promise<readonly MarketSource[]>;
}

const file = z.strictObject({ path: z.string().min(1).describe("A JSON file of figures: rows of kind, capacityType, region, zone, instanceType, value, asOf.") });
const aws = z.strictObject({
  endpoint: z.url().optional().describe("Another address of EC2, for tests."),
  priceListEndpoint: z.url().optional().describe("Another address of the Price List service, for tests."),
  priceListRegion: z.enum(["us-east-1", "eu-central-1", "ap-south-1"]).optional().describe("Where the Price List service is asked: it answers in three regions, for all. By default us-east-1."),
});

/** Every market source; the embedded tables stand behind each of them. One line adds one. */
export const MARKET_SOURCES: Readonly<Record<string, MarketDefinition>> = {
  embedded: { config: z.strictObject({}), create: () => Promise.resolve([embeddedMarket()]) },
  file: { config: file, create: (settings) => Promise.resolve([fileMarket(file.parse(settings).path)]) },
  aws: {
    config: aws,
    async create(settings) {
      const { endpoint, priceListEndpoint, priceListRegion = "us-east-1" } = aws.parse(settings);
      const [{ EC2Client }, { awsMarket }] = await Promise.all([import("@aws-sdk/client-ec2"), import("./aws-market.ts")]);
      const [{ PricingClient }, { awsPriceList }] = await Promise.all([import("@aws-sdk/client-pricing"), import("./aws-price-list.ts")]);
      const prices = new PricingClient({ region: priceListRegion, ...(priceListEndpoint !== undefined && { endpoint: priceListEndpoint }) });
      const clients = new Map<string, InstanceType<typeof EC2Client>>();
      const spot = awsMarket({
        client: (region) => {
          const known = clients.get(region) ?? new EC2Client({ region, ...(endpoint !== undefined && { endpoint }) });
          clients.set(region, known);
          return known;
        },
      });
      return [spot, awsPriceList({ client: () => prices })];
    },
  },
};
