import { DescribeSpotPriceHistoryCommand, GetSpotPlacementScoresCommand } from "@aws-sdk/client-ec2";
import type { EC2Client, SpotPrice } from "@aws-sdk/client-ec2";
import { failure, success } from "../../model/result.ts";
import type { Result } from "../../model/result.ts";
import type { MarketFigure, MarketQuery, MarketSource } from "./market-source.ts";

export interface AwsMarketDeps {
  /** A client a region. */
  readonly client: (region: string) => EC2Client;
}

/** Placement scores are capped per day and move slowly: asked at most so often. */
const SCORES_EVERY_SECONDS = 3600;
/** Change points: the value in force now began at most so long ago, or is answered for the start of the span. */
const HISTORY_SECONDS = 3600;
/** Errors that another attempt may heal; the SDK has made its own attempts before. */
const TRANSIENT = new Set(["RequestLimitExceeded", "Throttling", "ThrottlingException", "InternalError", "ServiceUnavailable", "Unavailable", "TimeoutError"]);

/** Spot prices by zone and placement scores from EC2. Prices are change points: the newest of a zone is in force. */
export function awsMarket({ client }: AwsMarketDeps): MarketSource {
  let scores: { readonly askedAtSeconds: number; readonly figures: readonly MarketFigure[] } | undefined;
  return {
    type: "aws",
    async read(query) {
      const figures: MarketFigure[] = [];
      for (const region of query.regions) {
        const prices = await spotPrices(client(region), region, query);
        if (!prices.ok) return prices;
        figures.push(...prices.value);
      }
      if (scores === undefined || query.nowSeconds - scores.askedAtSeconds >= SCORES_EVERY_SECONDS) {
        const fresh = await placementScores(client, query);
        // Without scores the prices still serve; the old scores go stale and say so by their age.
        scores = { askedAtSeconds: query.nowSeconds, figures: fresh.ok ? fresh.value : (scores?.figures ?? []) };
      }
      return success([...figures, ...scores.figures]);
    },
  };
}

async function spotPrices(client: EC2Client, region: string, query: MarketQuery): Promise<Result<readonly MarketFigure[]>> {
  const newest = new Map<string, SpotPrice>();
  try {
    let NextToken: string | undefined;
    do {
      const page = await client.send(new DescribeSpotPriceHistoryCommand({
        InstanceTypes: query.instanceTypes.map((type) => type as never), ProductDescriptions: ["Linux/UNIX"],
        StartTime: new Date((query.nowSeconds - HISTORY_SECONDS) * 1000), EndTime: new Date(query.nowSeconds * 1000), ...(NextToken === undefined ? {} : { NextToken }),
      }));
      for (const point of page.SpotPriceHistory ?? []) {
        const key = `${point.AvailabilityZone ?? ""}/${point.InstanceType ?? ""}`;
        if ((newest.get(key)?.Timestamp?.getTime() ?? -Infinity) < (point.Timestamp?.getTime() ?? -Infinity)) newest.set(key, point);
      }
      NextToken = page.NextToken === "" ? undefined : page.NextToken;
    } while (NextToken !== undefined);
  } catch (error) {
    return awsFailure("DescribeSpotPriceHistory", error);
  }
  return success([...newest.values()].flatMap(({ AvailabilityZone, InstanceType, SpotPrice: price, Timestamp }): MarketFigure[] => {
    const value = Number(price);
    if (AvailabilityZone === undefined || InstanceType === undefined || Timestamp === undefined || !(value > 0)) return [];
    return [{ kind: "price", capacityType: "spot", region, zone: AvailabilityZone, instanceType: InstanceType, value, unit: "USD/h", source: "aws-spot-price-history", asOfSeconds: Timestamp.getTime() / 1000 }];
  }));
}

/** One score a region for all the types together: with fewer than three types AWS always scores low, so it is not asked. */
async function placementScores(client: AwsMarketDeps["client"], query: MarketQuery): Promise<Result<readonly MarketFigure[]>> {
  const [first] = query.regions;
  if (first === undefined || query.instanceTypes.length < 3) return success([]);
  try {
    const page = await client(first).send(new GetSpotPlacementScoresCommand({ InstanceTypes: [...query.instanceTypes], TargetCapacity: 1, SingleAvailabilityZone: false, RegionNames: [...query.regions] }));
    return success((page.SpotPlacementScores ?? []).flatMap(({ Region, Score }): MarketFigure[] => Region === undefined || Score === undefined ? [] : query.instanceTypes.map((instanceType) =>
      ({ kind: "placement-score", capacityType: "spot", region: Region, instanceType, value: Score, unit: "1..10", source: "aws-spot-placement-scores", asOfSeconds: query.nowSeconds }))));
  } catch (error) {
    return awsFailure("GetSpotPlacementScores", error);
  }
}

function awsFailure(call: string, error: unknown): Result<never> {
  const name = error instanceof Error ? error.name : "Unknown";
  const message = error instanceof Error ? error.message : String(error);
  return failure(TRANSIENT.has(name) || name === "Error" ? "transient" : "permanent", `${call}: ${name}: ${message}`);
}
