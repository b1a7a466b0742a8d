import type { Result } from "../../model/result.ts";

export interface MarketQuery {
  readonly regions: readonly string[];
  readonly instanceTypes: readonly string[];
  readonly nowSeconds: number;
}

/** One figure of the market with where it is from and how old it is. A zone is absent where the figure holds for the region. */
export interface MarketFigure {
  readonly kind: "price" | "interruptions" | "placement-score";
  readonly capacityType: "on-demand" | "spot";
  readonly region: string;
  readonly zone?: string;
  readonly instanceType: string;
  readonly value: number;
  readonly unit: "USD/h" | "1/h" | "1..10";
  readonly source: string;
  readonly asOfSeconds: number;
}

/** A source of prices and risks. A figure that it does not have is left out, never zero. */
export interface MarketSource {
  readonly type: string;
  read(query: MarketQuery): Promise<Result<readonly MarketFigure[]>>;
}
