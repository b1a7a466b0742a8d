import type { ReplayEntry, ReplayReport } from "./run-replay.ts";

const COLUMNS: readonly { readonly title: string; readonly cell: (entry: ReplayEntry) => string }[] = [
  { title: "missed %", cell: ({ score }) => percent(score.missShare) },
  { title: "bad minutes", cell: ({ score }) => score.violationMinutes.toFixed(0) },
  { title: "replica-hours", cell: ({ score }) => score.replicaHours.toFixed(1) },
  { title: "over optimum %", cell: ({ overOptimum }) => (overOptimum === undefined ? "" : (100 * overOptimum).toFixed(1)) },
  { title: "cost $", cell: ({ score }) => score.costUsd.toFixed(2) },
  { title: "kg CO2e", cell: ({ score }) => kilograms(score.carbonGrams) },
  { title: "changes/day", cell: ({ score }) => score.changesPerDay.toFixed(0) },
  { title: "under %", cell: ({ score }) => (100 * score.underProvisionShare).toFixed(2) },
  { title: "over %", cell: ({ score }) => (100 * score.overProvisionShare).toFixed(1) },
  { title: "time under %", cell: ({ score }) => (100 * score.timeUnderShare).toFixed(2) },
  { title: "time over %", cell: ({ score }) => (100 * score.timeOverShare).toFixed(1) },
];

/** A report as rows of text: the header first. */
export function reportRows(report: ReplayReport): readonly (readonly string[])[] {
  const rows: (readonly string[])[] = [["", ...COLUMNS.map(({ title }) => title)], ...report.entries.map((entry) => [nameOf(entry), ...COLUMNS.map(({ cell }) => cell(entry))])];
  if (report.optimum !== undefined) {
    const { planHours, boundHours, strictHours, costUsd, carbonGrams } = report.optimum;
    const row = (name: string, hours: number, cells: Readonly<Record<string, string>> = {}): readonly string[] => {
      const over = (100 * (hours / planHours - 1)).toFixed(2).replace(/^-(?=0\.00$)/, "");
      const known: Readonly<Record<string, string>> = { "replica-hours": hours.toFixed(1), "over optimum %": over, ...cells };
      return [name, ...COLUMNS.map(({ title }) => known[title] ?? "")];
    };
    const budget = percent(report.errorBudget);
    rows.push(row(`optimum at ${budget} %`, planHours, { "missed %": budget, "cost $": costUsd?.toFixed(2) ?? "", "kg CO2e": kilograms(carbonGrams) }));
    rows.push(row("  its proven bound", boundHours), row("optimum without shortage", strictHours));
  }
  return rows;
}

function nameOf({ name, target }: ReplayEntry): string {
  return target === undefined ? name : `${name.replace(/\)$/, "")} ${String(target)})`;
}

function percent(share: number): string {
  return (100 * share).toFixed(3);
}

function kilograms(grams: number | undefined): string {
  return grams === undefined ? "" : (grams / 1000).toFixed(2);
}

/** Aligned columns for a terminal; the notes follow. */
export function reportTable(report: ReplayReport): string {
  return `${alignedTable(reportRows(report))}${["", ...reportNotes(report)].join("\n")}\n`;
}

export function reportMarkdown(report: ReplayReport): string {
  return `${markdownTable(reportRows(report))}\n${reportNotes(report).join("  \n")}\n`;
}

export function reportCsv(report: ReplayReport): string {
  const quoted = (cell: string): string => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  return `${reportRows(report).map((row) => row.map((cell) => quoted(cell.trim())).join(",")).join("\n")}\n`;
}

/** The worst hour of each policy with its reason, then where dollars and grams come from. */
export function reportNotes(report: ReplayReport): readonly string[] {
  return [...report.entries.filter(({ kind }) => kind === "policy").map(worstHour), ...report.notes];
}

export function worstHour(entry: ReplayEntry): string {
  return `${worstHourAlone(entry)}${entry.mates.map(({ name, score }) => `; beside it ${name}: ${(score.replicaHours / score.scoredHours).toFixed(2)} replicas, ${percent(score.missShare)} % missed`).join("")}`;
}

function worstHourAlone({ name, score, worstHourReasons }: ReplayEntry): string {
  const worst = score.worstHour;
  if (worst === undefined) return `${name}: nothing was missed`;
  const iso = (seconds: number): string => new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
  const reasons = worstHourReasons.length === 0 ? "" : `; a lead time before: ${worstHourReasons.join("; ")}`;
  return `${name}: worst hour ${iso(worst.startSeconds)}, ${worst.missed.toFixed(0)} of ${worst.requests.toFixed(0)} missed; at ${iso(worst.worstStepSeconds)} ${String(worst.readyReplicas)} were ready and ${String(worst.neededReplicas)} needed${reasons}`;
}

/** Rows in columns: the first left, the rest right. */
export function alignedTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) => `${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join("  ").trimEnd()}\n`).join("");
}

export function markdownTable([header = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.trim().replaceAll("|", "\\|")).join(" | ")} |\n`;
  return [line(header), line(header.map((_, at) => (at === 0 ? "---" : "---:"))), ...rows.map(line)].join("");
}
