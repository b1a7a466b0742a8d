import { embeddedFigures } from "./embedded-market.ts";
import type { MarketFigure, MarketQuery, MarketSource } from "./market-source.ts";

/** Prices older than this no longer count as live. */
const LIVE_SECONDS = 24 * 3600;

export interface MarketFigures {
  readonly figures: readonly MarketFigure[];
  /** True where nothing live is left: the figures are the tables'. */
  readonly tablesOnly: boolean;
  /** What each source that failed has said. */
  readonly failures: readonly string[];
}

/**
 * Asks the sources in turn and puts the embedded tables behind them: each figure keeps its source and age, the newest of the
 * nearest scope wins in `offeringsFor`. What a source gave last is kept while it is younger than a day.
 */
export function marketFigures(sources: readonly MarketSource[]): (query: MarketQuery) => Promise<MarketFigures> {
  const last = new Map<MarketSource, { readonly atSeconds: number; readonly figures: readonly MarketFigure[] }>();
  return async (query) => {
    const failures: string[] = [];
    const live: MarketFigure[] = [];
    for (const source of sources) {
      const read = await source.read(query);
      if (read.ok) last.set(source, { atSeconds: query.nowSeconds, figures: read.value });
      else failures.push(`${source.type}: ${read.message}`);
      const known = last.get(source);
      if (known !== undefined && query.nowSeconds - known.atSeconds <= LIVE_SECONDS) live.push(...known.figures);
    }
    return { figures: [...embeddedFigures(query), ...live], tablesOnly: live.length === 0, failures };
  };
}
