/** A person's hand on a target, with a reason, an author and an end. */
export interface Override {
  readonly id: string;
  /** A target's name, a group's name, or "*" for all. */
  readonly target: string;
  readonly kind: "pause" | "pause-scale-in" | "pin" | "floor";
  /** The count of a pin, or the least of a floor. */
  readonly replicas?: number;
  readonly reason: string;
  readonly author: string;
  readonly createdAtSeconds: number;
  readonly expiresAtSeconds: number;
}
