/** Columns of `SeriesTable.state`; one series is one 64-byte line. Times are epoch seconds. */
export const STATE = { start: 0, time: 1, value: 2, count: 3, interval: 4, arrival: 5, lastDrop: 6, conflictUntil: 7 } as const;
export const STATE_STRIDE = 8;
