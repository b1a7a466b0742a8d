import { NO_SHAPE, PointBatch, type BatchBlock } from "./point-batch.ts";
import { STATE, STATE_STRIDE } from "./series-state.ts";
import type { SeriesTable } from "./series-table.ts";
import type { SeriesSink } from "./series-watcher.ts";

const batch = new PointBatch();

/** Give a new sink the last point that its series has, so that a signal added later starts from what is known. */
export function pushLastPoint(table: SeriesTable, series: number, sink: SeriesSink): void {
  const line = series * STATE_STRIDE;
  const { state } = table;
  const time = state[line + STATE.time] as number;
  if (time === 0 || table.ended[series] === 1) return;
  batch.clear();
  const shape = table.shapes[series];
  if (shape !== undefined) {
    batch.reserveShape(shape.length);
    batch.shapes.set(shape, 0);
    batch.shapesUsed = shape.length;
  }
  batch.add(series, state[line] as number, time, state[line + STATE.value] as number, state[line + STATE.count] as number, 0, shape === undefined ? NO_SHAPE : 0);
  const { kind } = table.metricOf(series);
  const block: BatchBlock = { metric: 0, from: 0, to: 1, kind, temporality: table.temporality[series] as number, monotonic: table.monotonic[series] === 1 };
  sink.push(batch, 0, block);
}
