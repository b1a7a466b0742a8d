import type { ReplayEntry, ReplayReport } from "./run-replay.ts";

const HEADER = ["", "missed %", "bad minutes", "replica-hours", "over optimum %", "cost $", "changes/day", "under %", "over %"] as const;

/** A report as rows of text: the header first. */
export function reportRows(report: ReplayReport): readonly (readonly string[])[] {
  const rows: (readonly string[])[] = [HEADER, ...report.entries.map(rowOf)];
  if (report.optimum !== undefined) {
    const { planHours, boundHours, strictHours } = report.optimum;
    const empty = ["", "", ""];
    rows.push([`optimum at ${percent(report.errorBudget)} %`, percent(report.errorBudget), "", planHours.toFixed(1), "0.0", ...empty, ""]);
    rows.push(["  its proven bound", "", "", boundHours.toFixed(1), (100 * (boundHours / planHours - 1)).toFixed(2), ...empty, ""]);
    rows.push(["optimum, never short", "", "", strictHours.toFixed(1), (100 * (strictHours / planHours - 1)).toFixed(1), ...empty, ""]);
  }
  return rows;
}

function rowOf({ name, score, overOptimum }: ReplayEntry): readonly string[] {
  return [
    name, percent(score.missShare), score.violationMinutes.toFixed(0), score.replicaHours.toFixed(1), Number.isNaN(overOptimum) ? "" : (100 * overOptimum).toFixed(1),
    score.costUsd.toFixed(2), score.changesPerDay.toFixed(0), (100 * score.underProvisionShare).toFixed(2), (100 * score.overProvisionShare).toFixed(1),
  ];
}

function percent(share: number): string {
  return (100 * share).toFixed(3);
}

/** Aligned columns for a terminal. */
export function reportTable(report: ReplayReport): string {
  const rows = reportRows(report);
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const lines = rows.map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join("  ").trimEnd());
  return `${[...lines, ...worstHour(report)].join("\n")}\n`;
}

export function reportMarkdown(report: ReplayReport): string {
  const [header = [], ...rows] = reportRows(report);
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.trim().replaceAll("|", "\\|")).join(" | ")} |`;
  return `${[line(header), line(header.map(() => "---")), ...rows.map(line), "", ...worstHour(report)].join("\n")}\n`;
}

export function reportCsv(report: ReplayReport): string {
  const quoted = (cell: string): string => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  return `${reportRows(report).map((row) => row.map((cell) => quoted(cell.trim())).join(",")).join("\n")}\n`;
}

function worstHour(report: ReplayReport): readonly string[] {
  const worst = report.entries[0]?.score.worstHour;
  if (worst === undefined) return ["", "Nothing was missed."];
  const at = new Date(worst.startSeconds * 1000).toISOString();
  return ["", `Worst hour: ${at}, ${worst.missed.toFixed(0)} of ${worst.requests.toFixed(0)} requests missed. ${report.worstHourReasons.join("; ")}`];
}

/** One self-contained page: the table, and load and replicas as plots. */
export function reportHtml(report: ReplayReport): string {
  const [header = [], ...rows] = reportRows(report);
  const cells = (tag: string, row: readonly string[]): string => `<tr>${row.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`;
  const { times, load, ready } = report.series;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Replay of ${escaped(report.policy)}</title>
<style>body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}td,th{padding:.2rem .7rem;text-align:right;border-bottom:1px solid #ddd}td:first-child,th:first-child{text-align:left}
svg{width:100%;height:auto;background:#fafafa;border:1px solid #ddd}figcaption{color:#444}</style></head><body>
<h1>Replay of ${escaped(report.policy)}</h1>
<p>${escaped(new Date(report.fromSeconds * 1000).toISOString())} to ${escaped(new Date(report.toSeconds * 1000).toISOString())}, lead time ${String(report.leadTimeSeconds)} s, policy ${escaped(report.digest.slice(0, 12))}</p>
<table><thead>${cells("th", header)}</thead><tbody>${rows.map((row) => cells("td", row)).join("")}</tbody></table>
<p>${escaped(worstHour(report).join(" ").trim())}</p>
<figure>${plot(times, load, "#0b62a8")}<figcaption>Load, requests per second (highest ${Math.max(0, ...load).toFixed(0)})</figcaption></figure>
<figure>${plot(times, ready, "#b4450b")}<figcaption>Ready replicas (highest ${String(Math.max(0, ...ready))})</figcaption></figure>
</body></html>
`;
}

function plot(times: readonly number[], values: readonly number[], colour: string): string {
  const first = times[0] ?? 0;
  const span = Math.max(1, (times.at(-1) ?? 1) - first);
  const highest = Math.max(1e-9, ...values);
  const points = times.map((time, i) => `${((1000 * (time - first)) / span).toFixed(1)},${(220 - (200 * (values[i] ?? 0)) / highest).toFixed(1)}`);
  return `<svg viewBox="0 0 1000 230" role="img" aria-label="plot over time"><polyline fill="none" stroke="${colour}" stroke-width="1.2" points="${points.join(" ")}"/></svg>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
