/** Since when the load of a target has been known to be zero; undefined while it is not. Absent is never zero. */
export type IdleSince = number | undefined;

/** `loads`: every signal of load that the policy names; undefined where one is absent. */
export function watchIdle(since: IdleSince, loads: readonly (number | undefined)[], nowSeconds: number): IdleSince {
  return loads.length > 0 && loads.every((load) => load === 0) ? (since ?? nowSeconds) : undefined;
}
