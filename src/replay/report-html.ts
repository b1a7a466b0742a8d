import { reportNotes, reportRows } from "./report-text.ts";
import type { ReplayReport, ReplayEntry } from "./run-replay.ts";

const STYLE = `:root{color-scheme:light dark;--ink:#1a1a1a;--paper:#fff;--line:#ddd;--soft:#555}
@media(prefers-color-scheme:dark){:root{--ink:#e6e6e6;--paper:#161616;--line:#3a3a3a;--soft:#aaa}}
body{font:15px/1.5 system-ui,sans-serif;max-width:76rem;margin:2rem auto;padding:0 1rem;color:var(--ink);background:var(--paper)}
.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums;white-space:nowrap}
td,th{padding:.2rem .6rem;text-align:right;border-bottom:1px solid var(--line)}td:first-child,th:first-child{text-align:left;font-weight:normal}
figure{margin:1.5rem 0}svg{width:100%;height:auto;border:1px solid var(--line)}svg text{fill:var(--soft);font:11px system-ui,sans-serif}
svg .grid{stroke:var(--line);stroke-width:1}figcaption{color:var(--soft)}.key{display:inline-block;width:1.2em;height:.25em;vertical-align:middle;margin:0 .4em 0 1em}`;

/** Told apart by those who see few colours too (Okabe and Ito, 2008). */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c8c8c"];
const MOST_LINES = COLOURS.length;

/** One self-contained page, without a script: the table, and load and replicas over time as plots. */
export function reportHtml(report: ReplayReport): string {
  const [header = [], ...rows] = reportRows(report);
  const [first] = report.entries;
  const shown = report.entries.filter(({ target }) => target === undefined).slice(0, MOST_LINES);
  const span = `${iso(report.fromSeconds)} to ${iso(report.toSeconds)}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Replay of ${escaped(report.policy)}</title>
<style>${STYLE}</style></head><body><main>
<h1>Replay of ${escaped(report.policy)}</h1>
<p>${span}, lead time ${String(report.leadTimeSeconds)} s, policy ${escaped(report.digest.slice(0, 12))}</p>
<div class="wide" role="region" aria-label="Figures" tabindex="0"><table><thead><tr>${header.map((cell) => `<th scope="col">${escaped(cell === "" ? "policy" : cell)}</th>`).join("")}</tr></thead>
<tbody>${rows.map(([name = "", ...cells]) => `<tr><th scope="row">${escaped(name)}</th>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join("")}</tr>`).join("\n")}</tbody></table></div>
${reportNotes(report).map((note) => `<p>${escaped(note)}</p>`).join("\n")}
${first === undefined ? "" : plot("Load, requests per second", [{ name: "load", colour: "#0072b2", times: first.series.times, values: first.series.load }])}
${plot("Ready replicas", shown.map(lineOf))}
</main></body></html>
`;
}

interface Line {
  readonly name: string;
  readonly colour: string;
  readonly times: readonly number[];
  readonly values: readonly number[];
}

function lineOf({ name, series }: ReplayEntry, at: number): Line {
  return { name, colour: COLOURS[at] ?? "#000", times: series.times, values: series.ready };
}

const [WIDTH, HEIGHT, LEFT, BOTTOM] = [1000, 260, 50, 24] as const;

function plot(title: string, lines: readonly Line[]): string {
  const times = lines[0]?.times ?? [];
  const first = times[0] ?? 0;
  const last = times.at(-1) ?? first;
  const highest = niceAbove(lines.reduce((most, { values }) => values.reduce((high, value) => Math.max(high, value), most), 0));
  const x = (time: number): number => LEFT + ((WIDTH - LEFT - 8) * (time - first)) / Math.max(1, last - first);
  const y = (value: number): number => HEIGHT - BOTTOM - ((HEIGHT - BOTTOM - 10) * value) / highest;
  const rules = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const at = y(share * highest).toFixed(1);
    return `<line class="grid" x1="${String(LEFT)}" x2="${String(WIDTH - 8)}" y1="${at}" y2="${at}"/><text x="${String(LEFT - 6)}" y="${at}" text-anchor="end" dominant-baseline="middle">${String(Number((share * highest).toPrecision(3)))}</text>`;
  });
  const dates = [0, 0.2, 0.4, 0.6, 0.8].map((share) => `<text x="${x(first + share * (last - first)).toFixed(1)}" y="${String(HEIGHT - 7)}">${iso(first + share * (last - first)).slice(0, 16).replace("T", " ")}</text>`);
  const drawn = [...lines].reverse().map(({ name, colour, times: at, values }) =>
    `<polyline fill="none" stroke="${colour}" stroke-width="1.3" points="${values.map((value, i) => `${x(at[i] ?? 0).toFixed(1)},${y(value).toFixed(1)}`).join(" ")}"><title>${escaped(name)}</title></polyline>`);
  const legend = lines.length > 1 ? lines.map(({ name, colour }) => `<span class="key" style="background:${colour}"></span>${escaped(name)}`).join("") : "";
  return `<figure><figcaption>${escaped(title)}${legend}</figcaption><svg viewBox="0 0 ${String(WIDTH)} ${String(HEIGHT)}" role="img" aria-label="${escaped(title)} over time: ${escaped(lines.map(({ name }) => name).join(", "))}">${[...rules, ...dates, ...drawn].join("")}</svg></figure>`;
}

/** 1, 2, 2.5 or 5 times a power of ten, at or above a value. */
function niceAbove(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 2.5, 5].find((factor) => factor * power >= value) ?? 10) * power;
}

function iso(seconds: number): string {
  return new Date(Math.round(seconds) * 1000).toISOString().replace(".000Z", "Z");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
