/** Why a value is not there. Absent is never zero. */
export type AbsenceCause = "stale" | "absent" | "invalid";

/** A value measured at a time, or the cause of its absence. Units are the signal's own (the name of the field says which). */
export type Observation =
  | {
      readonly kind: "value";
      readonly value: number;
      /** Epoch seconds of the end of the window that the value describes. */
      readonly timeSeconds: number;
      /** Demand measured while the service was saturated or shedding: it is a lower bound, not demand. */
      readonly censored?: boolean;
      /** Share of the window that the series behind the value covered, 0..1; below 1 a part of the senders is silent or new. */
      readonly coverage?: number;
      /** The unit that the senders tell, where the policy states none: in one spelling (see `plainUnit`). */
      readonly unit?: string;
    }
  | { readonly kind: "absent"; readonly cause: AbsenceCause; readonly detail: string };

export function present(value: number, timeSeconds: number): Observation {
  return { kind: "value", value, timeSeconds };
}

export function missing(cause: AbsenceCause, detail: string): Observation {
  return { kind: "absent", cause, detail };
}

/** The value of an observation, or undefined where it is absent: never zero. */
export function valueOf(observation: Observation | undefined): number | undefined {
  return observation?.kind === "value" ? observation.value : undefined;
}
