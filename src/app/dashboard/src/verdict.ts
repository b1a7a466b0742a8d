import { percent, smallUsd, span } from "./format.ts";
import type { Target } from "./wire-types.ts";

/** Fewer than half a request is none. */
const SMALLEST_MISS = 0.5;

export interface Verdict {
  /** `cost $0.14 more than the HPA would have, but missed 12 times fewer requests` */
  readonly says: string;
  /** The figures behind it. */
  readonly figures: string;
}

/** Money and misses against the HPA, in the same breath: what is cheap because it misses is not cheaper. Undefined until the HPA's misses are known. */
export function verdictOf({ spend, objective }: Pick<Target, "spend" | "objective">): Verdict | undefined {
  if (objective === undefined) return undefined;
  const { own, baseline, seconds, errorBudget, isMeasured } = objective;
  const money = moneyOf(spend.savedUsd);
  const misses = missesOf(own.missed, baseline.missed);
  const share = ({ missed, requests }: typeof own): string => (requests > 0 ? percent(missed / requests, 2) : "none");
  return {
    says: money === "" ? misses : `${money}, ${isTradeOff(spend.savedUsd, baseline.missed - own.missed) ? "but" : "and"} ${misses}`,
    figures: `Requests that missed the objective: HPA ${share(baseline)}, Foretide ${share(own)}. More of them than the ${percent(errorBudget, 2)} that the objective allows: HPA for ${span(baseline.overSeconds)} of ${span(seconds)}, Foretide for ${span(own.overSeconds)}. ${isMeasured ? "Foretide’s are measured; the HPA’s are these and what a model of a queue adds for its replicas on the same load" : "Both by the same model of a queue on the same load"}.`,
  };
}

/** Cheaper and worse, or dearer and better. */
function isTradeOff(savedUsd: number | undefined, fewerMisses: number): boolean {
  return savedUsd !== undefined && savedUsd * fewerMisses < 0;
}

function moneyOf(savedUsd: number | undefined): string {
  if (savedUsd === undefined) return "";
  const amount = smallUsd(Math.abs(savedUsd));
  if (amount === smallUsd(0)) return "cost the same as the HPA would have";
  return savedUsd > 0 ? `cost ${amount} less than the HPA would have` : `cost ${amount} more than the HPA would have`;
}

function missesOf(own: number, baseline: number): string {
  if (own < SMALLEST_MISS) return baseline < SMALLEST_MISS ? "neither missed a request" : `missed none of the ${requests(baseline)} that the HPA would have`;
  if (baseline < SMALLEST_MISS) return `missed ${requests(own)} where the HPA would have missed none`;
  const [fewer, more] = [baseline / own, own / baseline];
  if (fewer >= 2) return `missed ${times(fewer)} fewer requests`;
  if (more >= 2) return `missed ${times(more)} more requests`;
  return `missed ${requests(own)} where the HPA would have missed ${Math.round(baseline).toLocaleString("en-US")}`;
}

function times(ratio: number): string {
  return `${ratio < 10 ? String(Math.round(ratio * 10) / 10) : Math.round(ratio).toLocaleString("en-US")} times`;
}

function requests(value: number): string {
  const whole = Math.max(1, Math.round(value));
  return `${whole.toLocaleString("en-US")} ${whole === 1 ? "request" : "requests"}`;
}
