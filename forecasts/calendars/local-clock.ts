/**
 * Places rows on the local clock, on which a load's day begins: local row = row + shift. In spring an hour of local rows is never
 * seen (gaps); in autumn an hour comes twice, and its second run, which the season cannot place, is left out.
 */
export class LocalClock {
  private readonly shifts: Int16Array;

  constructor(shifts: Int16Array) {
    this.shifts = shifts;
  }

  /** The local row of a row; beyond the known shifts the last one holds. */
  localRow(row: number): number {
    return row + (this.shifts[Math.min(row, this.shifts.length - 1)] ?? 0);
  }

  /** Values by local row, from row 0 on; what no row maps to is NaN. */
  toLocal(values: Float64Array): Float64Array {
    let end = 0;
    for (let row = 0; row < values.length; row++) end = Math.max(end, this.localRow(row) + 1);
    const local = new Float64Array(end).fill(NaN);
    let next = 0;
    for (let row = 0; row < values.length; row++) {
      const at = this.localRow(row);
      if (at < next) continue;
      local[at] = values[row]!;
      next = at + 1;
    }
    return local;
  }
}
