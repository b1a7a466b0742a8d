/** Since when the control forecast says only that the load stays, and why. */
export interface Demotion {
  readonly sinceSeconds: number;
  readonly reason: string;
}

export interface DemotionInput {
  /** Whether the fit is in use. */
  readonly trusted: boolean;
  /** Squared error of the fit over that of staying, over the last day; NaN while there is no fit. */
  readonly errorRatio: number;
  readonly timeSeconds: number;
}

/** The demotion after a tick: it begins with the first tick that does not use the fit, keeps its reason, and ends with the first that does. */
export function demotionAfter(before: Demotion | undefined, { trusted, errorRatio, timeSeconds }: DemotionInput): Demotion | undefined {
  if (trusted) return undefined;
  const isFitted = !Number.isNaN(errorRatio);
  const known = before?.reason.startsWith(UNFITTED) === !isFitted ? before : undefined;
  if (known !== undefined) return known;
  const reason = isFitted ? `the fit's squared error of the last day was ${errorRatio.toFixed(2)} times that of the newest load, held: that one is used until the fit wins again` : `${UNFITTED}: it takes two days of rows`;
  return { sinceSeconds: timeSeconds, reason };
}

const UNFITTED = "there is no fit yet";
