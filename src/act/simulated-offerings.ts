import type { Allocation } from "../model/offering.ts";
import { emptyRecord } from "../model/record.ts";

/** Which offering each simulated replica stands for, the oldest first: what was asked for last, as far as so many run. */
export class SimulatedOfferings {
  #machines: string[] = [];

  /** Takes the counts that were asked for; of an offering that is to have fewer the youngest go. */
  ask({ instances }: Pick<Allocation, "instances">): void {
    const left = new Map(Object.entries(instances));
    this.#machines = this.#machines.filter((id) => {
      const count = left.get(id) ?? 0;
      left.set(id, count - 1);
      return count > 0;
    });
    for (const [id, count] of left) for (let more = 0; more < count; more += 1) this.#machines.push(id);
  }

  /** Counts by offering of the ready and the pending replicas; nothing where no offering was ever asked for. */
  read(ready: number, pending: number): { readonly runningByOffering?: Readonly<Record<string, number>>; readonly pendingByOffering?: Readonly<Record<string, number>> } {
    if (this.#machines.length === 0) return {};
    return { runningByOffering: countsOf(this.#machines.slice(0, ready)), pendingByOffering: countsOf(this.#machines.slice(ready, ready + pending)) };
  }
}

function countsOf(ids: readonly string[]): Readonly<Record<string, number>> {
  const counts = emptyRecord<number>();
  for (const id of ids) counts[id] = (counts[id] ?? 0) + 1;
  return counts;
}
