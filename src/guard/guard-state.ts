/** What the guard remembers: from which counts it let scale-ins through and when, the last inventory, and a halt. Plain data. */
export interface GuardState {
  readonly timesSeconds: readonly number[];
  readonly counts: readonly number[];
  /** Ready and pending replicas at the last tick; undefined before the first. */
  readonly inventory: number | undefined;
  readonly haltedUntilSeconds: number;
  readonly haltCause: string;
}

export function initialGuardState(): GuardState {
  return { timesSeconds: [], counts: [], inventory: undefined, haltedUntilSeconds: -Infinity, haltCause: "" };
}
