import type { Failure, Result } from "../../model/result.ts";
import type { Forecast } from "../../model/series.ts";
import type { DaemonView, HistoryRow, TargetStatus } from "../status/daemon-view.ts";
import { ProblemError, type ProblemKind } from "./problem.ts";
import type { z } from "zod";
import type { forecastSchema, historySchema } from "./schemas/target.ts";

const PROBLEM_OF_FAILURE: Readonly<Record<Failure["failure"], ProblemKind>> = {
  transient: "unavailable",
  permanent: "bad-request",
  missing: "not-found",
  conflict: "conflict",
};

/** The value of a result; a failure becomes the problem that fits it. */
export function valueOrProblem<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new ProblemError(PROBLEM_OF_FAILURE[result.failure], result.message);
}

export function targetOrProblem(view: DaemonView, name: string): TargetStatus {
  const status = view.target(name);
  if (status === undefined) throw new ProblemError("not-found", `there is no target "${name}"`);
  return status;
}

/** NaN (a gap in memory) is null on the wire. */
function onWire(values: ArrayLike<number>): (number | null)[] {
  return Array.from(values, (value) => (Number.isFinite(value) ? value : null));
}

export function forecastOnWire(target: string, forecast: Forecast): z.output<typeof forecastSchema> {
  const { relativeError, ...model } = forecast.model;
  return {
    target,
    originSeconds: forecast.originSeconds,
    horizonsSeconds: [...forecast.horizonsSeconds],
    mean: onWire(forecast.mean),
    levels: [...forecast.levels],
    quantiles: forecast.quantiles.map(onWire),
    model: { ...model, relativeError: Number.isFinite(relativeError) ? relativeError : null },
  };
}

export function historyOnWire(target: string, rows: readonly HistoryRow[]): z.output<typeof historySchema> {
  const column = (name: Exclude<keyof HistoryRow, "timeSeconds">) => onWire(rows.map((row) => row[name] ?? Number.NaN));
  return {
    target,
    timeSeconds: rows.map((row) => row.timeSeconds),
    demand: column("demand"),
    capacity: column("capacity"),
    readyReplicas: column("readyReplicas"),
    desiredReplicas: column("desiredReplicas"),
    baselineReplicas: column("baselineReplicas"),
    neededReplicas: column("neededReplicas"),
    missRatio: column("missRatio"),
  };
}
