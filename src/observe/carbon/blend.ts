import type { IntensityPoint, SignalKind } from "./carbon-source.ts";

/** The hours by which two forecasters of one signal have been wrong lately: exponentially weighted squared errors. */
export interface BlendState {
  readonly providerError: number;
  readonly profileError: number;
  readonly comparisons: number;
}

export const FRESH_BLEND: BlendState = { providerError: 0, profileError: 0, comparisons: 0 };
/** An error of a day ago weighs 1/e. */
const MEMORY = 1 / 24;
/** The gate needs a day of comparisons before it shuts a provider out, and shuts it out at twice the profile's error. */
const GATE_AFTER = 24;
const GATE_RATIO = 2;

/** Scores one hour: what each had forecast for it and what it was. */
export function score(state: BlendState, provider: number, profile: number, actual: number): BlendState {
  const weight = Math.max(MEMORY, 1 / (state.comparisons + 1));
  return {
    providerError: state.providerError + weight * ((provider - actual) ** 2 - state.providerError),
    profileError: state.profileError + weight * ((profile - actual) ** 2 - state.profileError),
    comparisons: state.comparisons + 1,
  };
}

/** Weight of the provider by inverse squared error; 0 when it fails the gate; one half while nothing is known. */
export function providerWeight({ providerError, profileError, comparisons }: BlendState): number {
  if (comparisons === 0 || providerError + profileError === 0) return 0.5;
  if (comparisons >= GATE_AFTER && providerError > GATE_RATIO * profileError) return 0;
  return profileError / (providerError + profileError);
}

/** A curve of one signal: `average` and `marginal` ones do not fit together in the type. */
export interface IntensityCurve<S extends SignalKind> {
  readonly signal: S;
  readonly points: readonly IntensityPoint[];
}

/** The weighted mean of two curves of the same signal at the provider's times; where the profile has no point, the provider's. */
export function blend<S extends SignalKind>(provider: IntensityCurve<S>, profile: IntensityCurve<NoInfer<S>>, weight: number): IntensityCurve<S> {
  const own = new Map(profile.points.map((point) => [point.timeSeconds, point.gramsPerKwh]));
  return {
    signal: provider.signal,
    points: provider.points.map(({ timeSeconds, gramsPerKwh }) => ({ timeSeconds, gramsPerKwh: weight * gramsPerKwh + (1 - weight) * (own.get(timeSeconds) ?? gramsPerKwh) })),
  };
}
