import { z } from "zod";

import { embeddedMarket } from "./embedded-market.ts";
import { fileMarket } from "./file-market.ts";
import type { MarketSource } from "./market-source.ts";

/** A source of prices and risks as foretide.yaml names it. The AWS SDK is loaded only where it is named. */
export interface MarketDefinition {
  readonly config: z.ZodType;
  create(settings: unknown): Promise<MarketSource>;
}

const file = z.strictObject({ path: z.string().min(1).describe("A CSV or JSON file of figures.") });
const aws = z.strictObject({ endpoint: z.url().optional().describe("Another address of EC2, for tests.") });

/** Every market source; the embedded tables stand behind each of them. One line adds one. */
export const MARKET_SOURCES: Readonly<Record<string, MarketDefinition>> = {
  embedded: { config: z.strictObject({}), create: () => Promise.resolve(embeddedMarket()) },
  file: { config: file, create: (settings) => Promise.resolve(fileMarket(file.parse(settings).path)) },
  aws: {
    config: aws,
    async create(settings) {
      const { endpoint } = aws.parse(settings);
      const [{ EC2Client }, { awsMarket }] = await Promise.all([import("@aws-sdk/client-ec2"), import("./aws-market.ts")]);
      const clients = new Map<string, InstanceType<typeof EC2Client>>();
      return awsMarket({
        client: (region) => {
          const known = clients.get(region) ?? new EC2Client({ region, ...(endpoint !== undefined && { endpoint }) });
          clients.set(region, known);
          return known;
        },
      });
    },
  },
};
