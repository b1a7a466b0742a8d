import { useMemo } from "preact/hooks";
import { Chart, type Line, type Shade } from "./chart.tsx";
import { count, quantity, span, words } from "./format.ts";
import type { Forecast, History, Mark, Target } from "./wire-types.ts";

type Column = (number | null)[];

interface ChartsProps {
  readonly target: Target;
  readonly history: History;
  readonly forecast: Forecast | undefined;
  readonly marks: readonly Mark[];
  readonly windowSeconds: number;
  readonly nowSeconds: number;
}

/** The two charts that tell the story: load against capacity with the forecast ahead, and replicas against what others would run. */
export function Charts(props: ChartsProps) {
  const { target, history, forecast, windowSeconds, nowSeconds } = props;
  const horizon = Math.min(forecast?.horizonsSeconds.at(-1) ?? 0, windowSeconds / 2);
  const range = [nowSeconds - windowSeconds, nowSeconds + Math.max(horizon, windowSeconds * 0.04)] as const;
  const leadTimeSeconds = target.lastDecision?.forecast?.leadTimeSeconds ?? 0;
  const load = useMemo(() => loadData(history, forecast, leadTimeSeconds), [history, forecast, leadTimeSeconds]);
  const replicas = useMemo(() => replicaData(history), [history]);
  const unit = target.signals["demand"]?.unit ?? "";
  const before = useMemo(() => replayedStretch(history), [history]);
  const shared = { range, nowSeconds };
  return (
    <>
      <Chart {...shared} title="Load" unit={unit} height={300} lines={load.lines} data={load.data} shades={shadesOf(props.marks)} describe={describeLoad(props, unit)} />
      <Chart {...shared} title="Replicas" unit="" height={220} isWhole lines={replicas.lines} data={replicas.data} shades={before} describe={describeReplicas(target)} />
    </>
  );
}

function loadData(history: History, forecast: Forecast | undefined, leadTimeSeconds: number): { lines: Line[]; data: [number[], ...Column[]] } {
  const past = history.timeSeconds;
  const last = past.at(-1) ?? Number.NEGATIVE_INFINITY;
  const ahead = forecast === undefined ? [] : forecast.horizonsSeconds.map((horizon, index) => ({ time: forecast.originSeconds + horizon, index })).filter(({ time }) => time > last);
  const times = [...past, ...ahead.map(({ time }) => time)];
  const blank = ahead.map(() => null);
  // The band opens at the newest value, which every quantile agrees on.
  const path = (values: readonly (number | null)[] | undefined): Column => [
    ...past.map((_, index) => (index === past.length - 1 && ahead.length > 0 ? history.demand[index] ?? null : null)),
    ...ahead.map(({ index }) => values?.[index] ?? null),
  ];
  const lines: Line[] = [{ label: "Capacity", color: "--chart-capacity", stepped: true, width: 1.5 }];
  const columns: Column[] = [[...history.capacity, ...blank]];
  if (forecast !== undefined) {
    const leadIndex = ahead.findIndex(({ index }) => (forecast.horizonsSeconds[index] ?? 0) >= leadTimeSeconds);
    const rest = { restAt: past.length + Math.max(0, leadIndex) };
    const suffix = leadTimeSeconds > 0 ? ` in ${span(leadTimeSeconds)}` : "";
    const low = quantilePath(forecast, 0.5);
    const middle = quantilePath(forecast, 0.9);
    const high = quantilePath(forecast, 0.99);
    lines.push(
      { ...rest, label: high.label + suffix, color: "--chart-forecast", width: 1, bandTo: 2, bandFill: "--chart-band-outer" },
      { ...rest, label: middle.label + suffix, color: "--chart-forecast", width: 1, bandTo: 3, bandFill: "--chart-band-inner" },
      { ...rest, label: low.label + suffix, color: "--chart-forecast", dash: [6, 4] },
    );
    columns.push(path(high.values), path(middle.values), path(low.values));
  }
  lines.push({ label: "Load", color: "--chart-load", width: 2.25 });
  columns.push([...history.demand, ...blank]);
  return { lines, data: [times, ...columns] };
}

function quantilePath(forecast: Forecast, wanted: number): { label: string; values: readonly (number | null)[] | undefined } {
  const distances = forecast.levels.map((level) => Math.abs(level - wanted));
  const index = distances.indexOf(Math.min(...distances));
  const level = forecast.levels[index];
  return { label: level === undefined ? "Forecast" : `p${String(Number((level * 100).toFixed(1)))}`, values: forecast.quantiles[index] ?? forecast.mean };
}

function replicaData(history: History): { lines: Line[]; data: [number[], ...Column[]] } {
  const isKnown = (values: readonly (number | null)[]) => values.some((value) => value !== null);
  const lines: Line[] = [
    { label: "Ready", color: "--chart-ready", fill: "--chart-ready-fill", stepped: true },
    { label: "Desired", color: "--chart-desired", stepped: true, dash: [5, 3] },
  ];
  const columns: Column[] = [history.readyReplicas, history.desiredReplicas];
  if (isKnown(history.baselineReplicas)) {
    lines.push({ label: "HPA would run", color: "--chart-baseline", stepped: true, width: 1.5 });
    columns.push(history.baselineReplicas);
  }
  if (isKnown(history.neededReplicas)) {
    lines.push({ label: "Needed, in hindsight", color: "--chart-needed", stepped: true, width: 1.5, dash: [2, 3] });
    columns.push(history.neededReplicas);
  }
  return { lines, data: [history.timeSeconds, ...columns] };
}

/** The time before the daemon ran: what the HPA would have run then was replayed on the load that is known of it. */
function replayedStretch({ timeSeconds, readyReplicas, baselineReplicas }: History): Shade[] {
  const first = readyReplicas.findIndex((value) => value !== null);
  const [from, to] = [timeSeconds[0], timeSeconds[first]];
  if (first <= 0 || from === undefined || to === undefined || baselineReplicas[0] === null) return [];
  return [{ fromSeconds: from, toSeconds: to, label: "before Foretide started: the HPA replayed on this load" }];
}

function shadesOf(marks: readonly Mark[]): Shade[] {
  return marks.map(({ kind, fromSeconds, toSeconds }) => ({ fromSeconds, toSeconds, label: words(kind).toLowerCase() }));
}

function describeLoad({ history, forecast, marks }: ChartsProps, unit: string): string {
  const now = quantity(history.demand.at(-1));
  const capacity = quantity(history.capacity.at(-1));
  const median = forecast === undefined ? undefined : quantilePath(forecast, 0.5).values?.at(-1);
  const ahead = forecast === undefined ? "There is no forecast yet." : `The median forecast at the end of the horizon is ${quantity(median)}.`;
  const shown = marks.filter(({ toSeconds }) => toSeconds > (history.timeSeconds[0] ?? Infinity));
  const marked = shown.length === 0 ? "" : ` Not learned from: ${shown.map(({ kind }) => words(kind).toLowerCase()).join(", ")}.`;
  return `Load over time: now ${now} ${unit} against a capacity of ${capacity}. ${ahead}${marked}`;
}

function describeReplicas({ replicas }: Target): string {
  return `Replicas over time: ${count(replicas.ready)} ready, ${count(replicas.desired)} desired; the HPA would run ${count(replicas.baseline)}.`;
}
