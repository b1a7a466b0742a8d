import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { quantity, timeOfDay } from "./format.ts";

type Column = (number | null)[];

/** One line of a chart. `color` and `fill` name CSS custom properties, so that a theme changes them. */
export interface Line {
  readonly label: string;
  readonly color: string;
  readonly width?: number;
  readonly dash?: readonly number[];
  readonly stepped?: boolean;
  /** Fill down to zero. */
  readonly fill?: string;
  /** Fill down to the line of this index. */
  readonly bandTo?: number;
  readonly bandFill?: string;
  /** Row to read out while no cursor is there; the newest known one when left out. */
  readonly restAt?: number;
}

/** A stretch of time that is shaded, with the word for it. */
export interface Shade {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly label: string;
}

export interface ChartProps {
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly Line[];
  /** Times, then one column per line. */
  readonly data: readonly [number[], ...Column[]];
  readonly range: readonly [number, number];
  readonly shades?: readonly Shade[];
  readonly nowSeconds: number;
  readonly height: number;
  /** Counts: no fractions on the axis. */
  readonly isWhole?: boolean;
  readonly describe: string;
}

/** A time chart with a legend that reads out the values under the cursor; both charts of the page share it. */
export function Chart(props: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const [at, setAt] = useState<number | undefined>();
  const theme = useTheme();

  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const made = new uPlot(options(latest, element.clientWidth, setAt), latest.current.data as unknown as uPlot.AlignedData, element);
    plot.current = made;
    const observer = new ResizeObserver(() => { made.setSize({ width: element.clientWidth, height: latest.current.height }); });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [theme, props.lines.map((line) => line.label).join()]);

  useEffect(() => {
    const made = plot.current;
    if (made === undefined) return;
    made.setData(props.data as unknown as uPlot.AlignedData, false);
    const [min, max] = props.range;
    made.setScale("x", { min, max });
  }, [props.data, props.range[0], props.range[1]]);

  return (
    <section class="card chart" aria-labelledby={`chart-${props.title}`}>
      <header>
        <h2 id={`chart-${props.title}`}>{props.title} <span class="unit">{props.unit}</span></h2>
        <Legend {...props} at={at} />
      </header>
      <div class="plot" role="img" aria-label={props.describe} ref={host} style={{ height: `${String(props.height)}px` }} />
    </section>
  );
}

function Legend({ lines, data, at, nowSeconds }: ChartProps & { readonly at: number | undefined }) {
  const times = data[0];
  const index = at ?? lastKnown(times, nowSeconds);
  const time = times[index];
  return (
    <ul class="legend">
      {lines.map((line, position) => (
        <li key={line.label}>
          <i class={line.dash === undefined ? "key" : "key dashed"} style={{ color: `var(${line.color})` }} />
          {line.label} <b>{quantity(valueAt(data[position + 1], at ?? line.restAt ?? index))}</b>
        </li>
      ))}
      {at !== undefined && time !== undefined ? <li class="at">{timeOfDay(time)}</li> : null}
    </ul>
  );
}

function valueAt(column: readonly (number | null)[] | undefined | number[], index: number): number | undefined {
  return column?.[index] ?? undefined;
}

function lastKnown(times: readonly number[], nowSeconds: number): number {
  const after = times.findIndex((time) => time > nowSeconds);
  return after === -1 ? times.length - 1 : Math.max(0, after - 1);
}

/** Changes when the colours do, so that a chart is drawn anew. */
function useTheme(): string {
  const read = () => `${document.documentElement.dataset["theme"] ?? ""}${String(matchMedia("(prefers-color-scheme: dark)").matches)}`;
  const [theme, setTheme] = useState(read);
  useEffect(() => {
    const query = matchMedia("(prefers-color-scheme: dark)");
    const update = () => { setTheme(read()); };
    const observer = new MutationObserver(update);
    observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    query.addEventListener("change", update);
    return () => {
      observer.disconnect();
      query.removeEventListener("change", update);
    };
  }, []);
  return theme;
}

/** A custom property as a colour that a canvas takes. */
function resolveColor(element: HTMLElement, name: string): string {
  element.style.color = `var(${name})`;
  const color = getComputedStyle(element).color;
  element.style.color = "";
  return color;
}

function options(latest: { readonly current: ChartProps }, width: number, setAt: (index: number | undefined) => void): uPlot.Options {
  const probe = document.documentElement;
  const color = (name: string) => resolveColor(probe, name);
  const { lines, height } = latest.current;
  const axis = { stroke: color("--muted"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  return {
    width,
    height,
    padding: [8, 12, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: "foretide" }, y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { x: { time: true, range: () => latest.current.range as [number, number] }, y: { range: (_plot, _min, max) => [0, niceTop(max)] } },
    axes: [
      { ...axis, space: 90, size: 30, values: (_plot, splits) => splits.map((split) => timeOfDay(split).replace(/:00$/u, "")) },
      { ...axis, size: 52, ...(latest.current.isWhole === true ? { incrs: WHOLE_STEPS } : {}), values: (_plot, splits) => splits.map((split) => quantity(split)) },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        label: line.label,
        stroke: color(line.color),
        width: line.width ?? 2,
        points: { show: false },
        spanGaps: false,
        ...(line.dash === undefined ? {} : { dash: [...line.dash] }),
        ...(line.fill === undefined ? {} : { fill: color(line.fill) }),
        ...(line.stepped === true && stepped !== undefined ? { paths: stepped } : {}),
      })),
    ],
    bands: lines.flatMap((line, index) => (line.bandTo === undefined || line.bandFill === undefined ? [] : [{ series: [index + 1, line.bandTo + 1] as [number, number], fill: color(line.bandFill) }])),
    hooks: {
      drawClear: [(plot) => { for (const shade of latest.current.shades ?? []) drawShade(plot, shade, { fill: color("--chart-mark"), text: color("--muted") }); }],
      draw: [(plot) => { drawNow(plot, latest.current.nowSeconds, color("--muted")); }],
      setCursor: [(plot) => { setAt(plot.cursor.idx ?? undefined); }],
    },
  };
}

const WHOLE_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

function niceTop(max: number | null): number {
  if (max === null || !Number.isFinite(max) || max <= 0) return 1;
  const unit = 10 ** Math.floor(Math.log10(max));
  const step = [1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 10].find((factor) => factor * unit >= max * 1.05) ?? 10;
  return step * unit;
}

function drawShade(plot: uPlot, { fromSeconds, toSeconds, label }: Shade, { fill, text }: { readonly fill: string; readonly text: string }): void {
  const { left, top, width, height } = plot.bbox;
  const within = (seconds: number): number => Math.max(left, Math.min(left + width, plot.valToPos(seconds, "x", true)));
  const [from, to] = [within(fromSeconds), within(toSeconds)];
  if (to <= from) return;
  const { ctx } = plot;
  ctx.save();
  ctx.fillStyle = fill;
  ctx.fillRect(from, top, Math.max(to - from, devicePixelRatio), height);
  ctx.fillStyle = text;
  ctx.textAlign = "left";
  ctx.font = `${String(11 * devicePixelRatio)}px system-ui, sans-serif`;
  // Where the word does not fit, the shade alone stands; the list beside the chart names it.
  if (ctx.measureText(label).width + 8 * devicePixelRatio < to - from) ctx.fillText(label, from + 4 * devicePixelRatio, top + height - 6 * devicePixelRatio);
  ctx.restore();
}

function drawNow(plot: uPlot, nowSeconds: number, color: string): void {
  const x = plot.valToPos(nowSeconds, "x", true);
  const { left, top, width, height } = plot.bbox;
  if (x < left || x > left + width) return;
  const { ctx } = plot;
  ctx.save();
  ctx.strokeStyle = color;
  ctx.fillStyle = color;
  ctx.setLineDash([3, 4]);
  ctx.beginPath();
  ctx.moveTo(x, top);
  ctx.lineTo(x, top + height);
  ctx.stroke();
  ctx.font = `${String(11 * devicePixelRatio)}px system-ui, sans-serif`;
  ctx.textAlign = "left";
  ctx.fillText("now", x + 5 * devicePixelRatio, top + 11 * devicePixelRatio);
  ctx.restore();
}
