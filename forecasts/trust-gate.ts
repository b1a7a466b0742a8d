/** What a horizon is forecast by: the ensemble, or the baseline that beats it. */
export type Trusted = "ensemble" | "seasonal-naive" | "now";

/** Recent mean absolute errors at one horizon, of the ensemble and of what would be believed without it. */
export interface RivalErrors {
  readonly ensemble: number;
  readonly seasonalNaive: number;
  /** The newest value, held: what a reactive autoscaler believes. */
  readonly now: number;
}

/** An ensemble whose error is more than this many times the better baseline's is demoted. */
const DEMOTION_RATIO = 1.05;
/** Matured forecasts before anything is judged. */
const LEAST_EVIDENCE = 20;

/**
 * Judges one horizon: demotes an ensemble that loses to a baseline, and promotes it again once it wins. Between the two it
 * keeps the verdict, so that it does not flap. `matured` counts the forecasts that the errors rest on.
 */
export function judgeTrust(current: Trusted, errors: RivalErrors, matured: number): Trusted {
  if (matured < LEAST_EVIDENCE) return current;
  const best = Math.min(errors.seasonalNaive, errors.now);
  const rival: Trusted = errors.now < errors.seasonalNaive ? "now" : "seasonal-naive";
  if (errors.ensemble > DEMOTION_RATIO * best) return rival;
  if (errors.ensemble < best) return "ensemble";
  return current;
}

/** Why a horizon is not forecast by the ensemble, for a decision's reasons; empty where it is. */
export function trustReason(trusted: Trusted, errors: RivalErrors, horizonRows: number): string {
  if (trusted === "ensemble") return "";
  const rival = trusted === "now" ? errors.now : errors.seasonalNaive;
  const name = trusted === "now" ? "the newest value" : "seasonal naive";
  return `at ${String(horizonRows)} rows ${name} is used: the ensemble's recent error is ${(errors.ensemble / rival).toFixed(2)} times its`;
}
