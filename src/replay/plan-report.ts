import { alignedTable, markdownTable, worstHour } from "./report-text.ts";
import type { ReplayEntry, ReplayReport } from "./run-replay.ts";

/** What one policy would have come to over the window. Shares of 1; `undefined` where not known. */
export interface PlanRow {
  readonly name: string;
  readonly meanReplicas: number;
  readonly replicaHours: number;
  readonly costUsd: number | undefined;
  readonly carbonGrams: number | undefined;
  readonly missShare: number;
  /** Minutes of full outage that the misses are worth: the window times the share missed. */
  readonly errorBudgetMinutes: number;
  readonly changesPerDay: number | undefined;
}

/** A policy beside the one that holds, today's HPA and perfect foresight, over one window. */
export interface PlanReport {
  readonly policy: string;
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly errorBudget: number;
  /** What the objective lets miss over the window, in the same minutes. */
  readonly budgetMinutes: number;
  readonly planned: PlanRow;
  readonly now: PlanRow | undefined;
  readonly hpa: PlanRow;
  readonly optimum: PlanRow | undefined;
  /** Whether the planned policy decides anything otherwise than the one that holds. */
  readonly changes: boolean | undefined;
  readonly notes: readonly string[];
}

/** Reads a plan out of a replay: its first entry is the new policy, a second policy the one that holds, and `hpa` is among the rest. */
export function planReport(report: ReplayReport): PlanReport {
  const [planned, second] = report.entries;
  const hpa = report.entries.find(({ kind, name }) => kind === "baseline" && name === "hpa");
  if (planned === undefined || hpa === undefined) throw new Error("a plan needs the policy and the HPA");
  const now = second?.kind === "policy" ? second : undefined;
  const hours = (report.toSeconds - report.fromSeconds) / 3600;
  const { optimum } = report;
  return {
    policy: report.policy, fromSeconds: report.fromSeconds, toSeconds: report.toSeconds, errorBudget: report.errorBudget, budgetMinutes: 60 * hours * report.errorBudget,
    planned: rowOf("planned", planned), now: now && rowOf("now", now), hpa: rowOf("hpa", hpa),
    optimum: optimum && {
      name: "perfect foresight", meanReplicas: optimum.planHours / hours, replicaHours: optimum.planHours, costUsd: optimum.costUsd, carbonGrams: optimum.carbonGrams,
      missShare: report.errorBudget, errorBudgetMinutes: 60 * hours * report.errorBudget, changesPerDay: undefined,
    },
    changes: now && (JSON.stringify(now.score) !== JSON.stringify(planned.score) || JSON.stringify(now.series.ready) !== JSON.stringify(planned.series.ready)),
    notes: [worstHour({ ...planned, name: "planned" }), ...(now === undefined ? [] : [worstHour({ ...now, name: "now" })]), ...report.notes],
  };
}

function rowOf(name: string, { score }: ReplayEntry): PlanRow {
  return {
    name, meanReplicas: score.replicaHours / score.scoredHours, replicaHours: score.replicaHours, costUsd: score.costUsd, carbonGrams: score.carbonGrams,
    missShare: score.missShare, errorBudgetMinutes: 60 * score.scoredHours * score.missShare, changesPerDay: score.changesPerDay,
  };
}

export function planTable(plan: PlanReport): string {
  return `${headline(plan)}\n\n${alignedTable(planRows(plan))}\n${plan.notes.join("\n")}\n`;
}

/** For a pull request. */
export function planMarkdown(plan: PlanReport): string {
  return `### Plan: ${plan.policy}\n\n${headline(plan)}\n\n${markdownTable(planRows(plan))}\n${plan.notes.map((note) => `- ${note}`).join("\n")}\n`;
}

function headline(plan: PlanReport): string {
  const iso = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 16);
  const span = `${iso(plan.fromSeconds)}Z to ${iso(plan.toSeconds)}Z, an error budget of ${plan.budgetMinutes.toFixed(1)} minutes`;
  if (plan.now === undefined) return span;
  if (plan.changes === false) return `${span}: nothing would change`;
  const { planned, now } = plan;
  const parts = [
    ...(planned.costUsd === undefined || now.costUsd === undefined ? [] : [`$ ${signed(planned.costUsd - now.costUsd, 2)}`]),
    ...(planned.carbonGrams === undefined || now.carbonGrams === undefined ? [] : [`${signed((planned.carbonGrams - now.carbonGrams) / 1000, 2)} kg CO2e`]),
    `${signed(planned.meanReplicas - now.meanReplicas, 2)} replicas`, `${signed(planned.errorBudgetMinutes - now.errorBudgetMinutes, 2)} error-budget minutes`,
  ];
  return `${span}: ${parts.join(", ")}`;
}

const HEADER = ["", "replicas", "replica-hours", "cost $", "kg CO2e", "missed %", "budget minutes", "changes/day"] as const;

function planRows({ planned, now, hpa, optimum }: PlanReport): readonly (readonly string[])[] {
  const others = [now, hpa, optimum].filter((row) => row !== undefined);
  return [HEADER, ...[planned, ...others].map(cells), ...others.map((other) => difference(planned, other))];
}

function cells(row: PlanRow): readonly string[] {
  const kg = row.carbonGrams === undefined ? "" : (row.carbonGrams / 1000).toFixed(2);
  return [row.name, row.meanReplicas.toFixed(2), row.replicaHours.toFixed(1), row.costUsd?.toFixed(2) ?? "", kg, (100 * row.missShare).toFixed(3), row.errorBudgetMinutes.toFixed(2), row.changesPerDay?.toFixed(0) ?? ""];
}

function difference(a: PlanRow, b: PlanRow): readonly string[] {
  const minus = (x: number | undefined, y: number | undefined, digits: number): string => (x === undefined || y === undefined ? "" : signed(x - y, digits));
  return [
    `planned − ${b.name}`, signed(a.meanReplicas - b.meanReplicas, 2), signed(a.replicaHours - b.replicaHours, 1), minus(a.costUsd, b.costUsd, 2),
    minus(a.carbonGrams === undefined ? undefined : a.carbonGrams / 1000, b.carbonGrams === undefined ? undefined : b.carbonGrams / 1000, 2),
    signed(100 * (a.missShare - b.missShare), 3), signed(a.errorBudgetMinutes - b.errorBudgetMinutes, 2), minus(a.changesPerDay, b.changesPerDay, 0),
  ];
}

function signed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return value >= 0 && !text.startsWith("-") ? `+${text}` : text;
}
