import type { Quote } from "./pools.ts";

/**
 * From the mix that is wanted to the counts to ask for now: what is dear is let go only when what stays ready still covers the
 * need (make before break). Orders not ready yet may be withdrawn. Returns instances per quote and how many are kept longer.
 */
export function makeBeforeBreak(quotes: readonly Quote[], wanted: readonly number[], neededReplicas: number): { readonly instances: readonly number[]; readonly keptReplicas: number } {
  const instances = [...wanted];
  let readyAfter = 0;
  quotes.forEach((quote, at) => {
    readyAfter += Math.min(quote.healthy, wanted[at] ?? 0) * quote.offering.replicas;
  });
  let keptReplicas = 0;
  if (readyAfter >= neededReplicas) return { instances, keptReplicas };
  const surplus = quotes
    .map((quote, at) => ({ quote, at, count: quote.healthy - (wanted[at] ?? 0) }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => a.quote.priceUsd / a.quote.offering.replicas - b.quote.priceUsd / b.quote.offering.replicas || a.at - b.at);
  for (const { quote, at, count } of surplus) {
    const size = quote.offering.replicas;
    const keep = Math.min(count, Math.ceil((neededReplicas - readyAfter) / size));
    if (keep <= 0) break;
    instances[at] = (instances[at] ?? 0) + keep;
    readyAfter += keep * size;
    keptReplicas += keep * size;
  }
  return { instances, keptReplicas };
}
