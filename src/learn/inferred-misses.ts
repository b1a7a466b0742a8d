import { AROUND_ROWS, loadAround } from "../../forecasts/models/lead-features.ts";

/** A row as it was seen: demand per second and use of the window before it, and what was ready then. A use that is not known is negative. */
export interface UseRow {
  readonly demandPerSecond: number;
  readonly utilization: number;
  readonly readyReplicas: number;
}

/** Demand and use of an instant that is known from both sides. */
export interface UseThen {
  readonly demandPerSecond: number;
  /** Of the capacity that was ready; over 1 where a backlog grew. */
  readonly use: number;
}

const ROWS_BEFORE = 2;
const AROUND = ROWS_BEFORE + 1 + AROUND_ROWS;

/** How many rows `useThen` needs, where the middle of a row's window is so many rows in the past. */
export function rowsForUse(ageRows: number): number {
  return AROUND + ageRows;
}

/**
 * The use that there was between the rows `AROUND_ROWS` before the newest and the one after it, sharpened, from which the misses
 * of a target that does not measure them follow: the larger of what the replicas say of themselves, which never passes 1,
 * and of the demand over what was ready in that window. Rows oldest first, `rowsForUse` of them; undefined with fewer.
 */
export function useThen(rows: readonly UseRow[], ageRows: number, requestsPerSecondPerReplica: number): UseThen | undefined {
  const around = rows.slice(-AROUND);
  const ready = rows[rows.length - 1 - AROUND_ROWS - ageRows]?.readyReplicas ?? 0;
  if (rows.length < rowsForUse(ageRows) || !(ready > 0)) return undefined;
  const demandPerSecond = Math.max(0, loadAround(Float32Array.from(around, (row) => row.demandPerSecond), ROWS_BEFORE));
  const isMeasured = around.every(({ utilization }) => utilization >= 0);
  const measured = loadAround(Float32Array.from(around, (row) => row.utilization), ROWS_BEFORE);
  const byDemand = demandPerSecond / (ready * requestsPerSecondPerReplica);
  return { demandPerSecond, use: isMeasured ? Math.max(measured, byDemand) : byDemand };
}
