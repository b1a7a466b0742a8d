import type { Journal } from "../journal/journal.ts";
import type { Clock } from "./clock.ts";
import type { HealthCheck } from "./status/daemon-view.ts";
import type { Fleet } from "./loop/fleet.ts";

/** A heart that has missed so many beats is reported. */
const MISSED_BEATS = 4;

/** What readiness asks: journal whole, state recovered, heart beating, journal taking what comes. */
export class HealthChecks {
  readonly #parts: { readonly clock: Clock; readonly journal: Journal; readonly fleet: Fleet };
  readonly #beats = new Map<string, number>();

  constructor(parts: { readonly clock: Clock; readonly journal: Journal; readonly fleet: Fleet }) {
    this.#parts = parts;
  }

  /** A pass of this group has been made. */
  beat(group: string, timeSeconds: number): void {
    this.#beats.set(group, timeSeconds);
  }

  checks(): readonly HealthCheck[] {
    const { clock, journal, fleet } = this.#parts;
    const now = clock.nowSeconds();
    const groups = [...fleet.groups.values()];
    const late = groups.filter((group) => {
      const interval = Math.min(...group.policies.map((policy) => policy.evaluationIntervalSeconds));
      return now - (this.#beats.get(group.group) ?? -Infinity) > MISSED_BEATS * interval;
    });
    const learning = fleet.past.progress;
    const blocked = groups.filter((group) => group.backlog > 0);
    return [
      { name: "journal-whole", ok: true, detail: journal.damage.length === 0 ? "no damage found" : `${String(journal.damage.length)} damaged ends were cut off and kept beside the journal` },
      { name: "journal-writable", ok: blocked.length === 0, detail: blocked.length === 0 ? "every pass was taken" : `${blocked.map((group) => group.group).join(", ")}: the journal takes nothing, so nothing is sent` },
      { name: "heartbeat", ok: late.length === 0, detail: late.length === 0 ? "every group decides in time" : `no decision lately: ${late.map((group) => group.group).join(", ")}` },
      // A target that learns decides from what is measured: that makes nobody unready.
      { name: "past-learned", ok: true, detail: learning === undefined ? "no group is learning from the past" : `${learning.group} has seen ${String(Math.floor(100 * learning.seenShare))} % of its past, ${String(learning.waiting)} more wait: they decide from what is measured meanwhile` },
    ];
  }
}
