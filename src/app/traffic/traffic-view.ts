import type { Result } from "../../model/result.ts";
import type { Attribution } from "../status/daemon-view.ts";

export const EVACUATION_PHASES = ["leaving", "away", "returning", "returned", "abandoned"] as const;

/** Over: nothing more is done about it. `abandoned`: its split or its region is no longer in foretide.yaml, and the shares stay as they are. */
export function hasEnded({ phase }: Pick<Evacuation, "phase">): boolean {
  return phase === "returned" || phase === "abandoned";
}

/** A region that a person has told to be left, and how far that is. */
export interface Evacuation {
  readonly id: string;
  readonly split: string;
  readonly region: string;
  readonly reason: string;
  readonly author: string;
  readonly createdAtSeconds: number;
  /** Then the load returns by itself, by the same steps. */
  readonly expiresAtSeconds: number;
  readonly phase: (typeof EVACUATION_PHASES)[number];
  /** The shares before it began: those that are returned to. */
  readonly base: Readonly<Record<string, number>>;
  /** What it waits for, or has done last: a stable code, and words. */
  readonly code: string;
  readonly note: string;
}

/** One service's load over regions, as it is now. */
export interface SplitStatus {
  readonly split: string;
  readonly mode: "recommend" | "full";
  readonly targets: Readonly<Record<string, string>>;
  /** As last read; undefined before the first reading. */
  readonly shares: Readonly<Record<string, number>> | undefined;
  readonly evacuation: Evacuation | undefined;
}

/** What the API shows and changes of where the load goes. */
export interface TrafficView {
  splits(): readonly SplitStatus[];
  evacuations(): readonly Evacuation[];
  /** The same id again gives what is stored. A split has one evacuation at a time; an unknown region is missing. */
  evacuate(request: Omit<Evacuation, "phase" | "base" | "code" | "note">): Promise<Result<Evacuation>>;
  /** The load returns from now on, by the same steps. */
  abort(id: string, by: Attribution): Promise<Result<Evacuation>>;
}
