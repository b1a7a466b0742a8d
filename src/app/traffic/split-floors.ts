import type { Override } from "../../model/override.ts";
import type { Result } from "../../model/result.ts";
import type { Floors } from "../../plan/traffic-shift.ts";

/** On whose behalf floors are set. */
export interface Hand {
  readonly split: string;
  readonly region?: string;
  readonly reason: string;
  readonly author: string;
}

export interface SplitFloorsParts {
  readonly floors: { readonly list: () => readonly Override[]; readonly add: (override: Override) => Result<unknown>; readonly remove: (id: string) => Result<unknown> };
  readonly now: () => number;
  readonly onProblem: (split: string, reason: string) => void;
}

const FLOOR_SECONDS = 900;

/** Floors under the targets of a split while its load moves: overrides like a person's, journalled in each pass, shown on the page, ended by themselves when the daemon stops. */
export class SplitFloors {
  readonly #parts: SplitFloorsParts;

  constructor(parts: SplitFloorsParts) {
    this.#parts = parts;
  }

  set({ split, region: left, reason, author }: Hand, targets: Readonly<Record<string, string>>, floors: Floors): void {
    const { floors: book, onProblem } = this.#parts;
    const now = this.#parts.now();
    for (const [region, target] of Object.entries(targets)) {
      const id = floorId(split, target);
      const wanted = floors[region] ?? 0;
      const before = book.list().find((one) => one.id === id);
      if (wanted === 0 ? before === undefined : before?.replicas === wanted && before.expiresAtSeconds - now > FLOOR_SECONDS / 2) continue;
      if (before !== undefined) book.remove(id);
      if (wanted === 0) continue;
      const added = book.add({ id, target, kind: "floor", replicas: wanted, reason: left === undefined ? reason : `evacuation of ${left}: ${reason}`, author, createdAtSeconds: now, expiresAtSeconds: now + FLOOR_SECONDS });
      if (!added.ok) onProblem(split, added.message);
    }
  }

  /** Takes away all of a split, whichever targets it had. */
  clear(split: string): void {
    const { floors } = this.#parts;
    for (const floor of floors.list()) if (floor.id === floorId(split, floor.target)) floors.remove(floor.id);
  }
}

function floorId(split: string, target: string): string {
  return `traffic-${split}-${target}`;
}
