import type { Explanation } from "../app/api/schemas/explanation.ts";

/** How terminals mark what matters; empty strings where colour is not wanted. */
export interface Style {
  readonly strong: string;
  readonly quiet: string;
  readonly alert: string;
  readonly end: string;
}

export const PLAIN: Style = { strong: "", quiet: "", alert: "", end: "" };
export const COLOURED: Style = { strong: "\u001b[1m", quiet: "\u001b[2m", alert: "\u001b[33m", end: "\u001b[0m" };

/** An explanation as text for people: the sentence first, then how it came about, what else was possible, and what came of it. */
export function explanationText(explanation: Explanation, style: Style): string {
  const parts = [headOf(explanation, style), whyNotOf(explanation), stepsOf(explanation, style), inputsOf(explanation, style), quantilesOf(explanation), alternativesOf(explanation), outcomesOf(explanation)];
  return `${parts.filter((part) => part.length > 0).map((part) => part.join("\n")).join("\n\n")}\n`;
}

function headOf({ decision, summary }: Explanation, { strong, quiet, end }: Style): string[] {
  const time = new Date(decision.timeSeconds * 1000).toISOString().replace(".000Z", "Z");
  const money = decision.costPerHourUsd === undefined ? "" : `, ${usd(decision.costPerHourUsd)} per hour`;
  const carbon = decision.carbonGramsPerHour === undefined ? "" : `, ${grams(decision.carbonGramsPerHour)} CO2e per hour`;
  return [`${strong}${summary}${end}`, `${quiet}${decision.target} at ${time}${money}${carbon}  [${decision.id}]${end}`];
}

function whyNotOf({ whyNot }: Explanation): string[] {
  return whyNot === undefined ? [] : [`Why not ${/^\d+$/u.test(whyNot.asked) ? `${whyNot.asked} replicas` : whyNot.asked}? ${whyNot.answer}`];
}

function stepsOf({ steps, binding, decision }: Explanation, { alert, quiet, end }: Style): string[] {
  const rows = steps.map((step) => [step.changed ? `${String(step.before)} → ${String(step.after)}` : String(step.after), step.code, step.text]);
  const lines = table(rows, ["right", "left", "left"]).map((line, index) => (steps[index]?.changed === true ? line : `${quiet}${line}${end}`));
  if (binding === undefined) return ["Rules, in order:", ...lines];
  const cost = binding.costPerHourUsdWithout === undefined || decision.costPerHourUsd === undefined ? "" : `, ${usd(binding.costPerHourUsdWithout - decision.costPerHourUsd, true)} per hour`;
  return ["Rules, in order:", ...lines, `  ${alert}${binding.code} bound: without it ${String(binding.desiredReplicasWithout)} replicas${cost}${end}`];
}

function inputsOf({ inputs }: Explanation, { alert, end }: Style): string[] {
  const rows = inputs.map((input) => [
    input.name,
    input.cause === undefined ? round(input.value) : `${alert}${input.cause}${end}`,
    input.ageSeconds === undefined ? "" : `${round(input.ageSeconds)} s old`,
    input.source ?? "",
  ]);
  return ["Inputs, as they were seen:", ...table(rows, ["left", "right", "right", "left"])];
}

function quantilesOf({ quantiles, forecast: origin, decision: { forecast } }: Explanation): string[] {
  if (forecast === undefined || quantiles.length === 0) return [];
  const levels = quantiles.map(({ level, demand }) => `p${String(Number((level * 100).toFixed(1)))} ${round(demand)}`);
  const fit = origin?.fitAgeSeconds === undefined ? "" : `, by a fit that had seen all but the last ${round(origin.fitAgeSeconds)} s`;
  return [
    `Forecast in ${round(forecast.leadTimeSeconds)} s (${forecast.model}; decided by ${forecast.used}): ${levels.join(", ")}`,
    ...(origin === undefined ? [] : [`  made from demand that was ${round(origin.ageSeconds)} s old${fit}`]),
    ...(origin?.standsIn === undefined ? [] : [`  the newest load, held, stands in ${origin.standsIn}`]),
  ];
}

function alternativesOf({ alternatives }: Explanation): string[] {
  if (alternatives.length === 0) return [];
  const rows = alternatives.map((one) => [one.name, `${String(one.replicas)} replicas`, difference(one.costPerHourUsd, one.costDifferencePerHourUsd, usd), difference(one.carbonGramsPerHour, one.carbonDifferenceGramsPerHour, grams), one.notTaken]);
  return ["Not done (per hour, and against what was decided):", ...table(rows, ["left", "right", "right", "right", "left"])];
}

function outcomesOf({ outcomes }: Explanation): string[] {
  return outcomes.map((outcome) => `Outcome at ${new Date(outcome.timeSeconds * 1000).toISOString()}: ${outcome.kind} (${outcome.code}) ${outcome.detail}`);
}

function difference(value: number | undefined, change: number | undefined, format: (value: number, signed?: boolean) => string): string {
  if (value === undefined) return "";
  return change === undefined ? format(value) : `${format(value)} (${format(change, true)})`;
}

function usd(value: number, signed = false): string {
  return `${sign(value, signed)}$${Math.abs(value).toFixed(2)}`;
}

function grams(value: number, signed = false): string {
  return `${sign(value, signed)}${round(Math.abs(value))} g`;
}

function sign(value: number, signed: boolean): string {
  return value < 0 ? "-" : signed ? "+" : "";
}

function round(value: number | undefined): string {
  return value === undefined ? "" : String(Number(value.toPrecision(4)));
}

/** Columns padded to their widest cell; escape codes take no width. */
function table(rows: readonly (readonly string[])[], aligns: readonly ("left" | "right")[]): string[] {
  const widths = aligns.map((_, column) => Math.max(0, ...rows.map((row) => visible(row[column] ?? ""))));
  return rows.map((row) => `  ${row.map((cell, column) => pad(cell, widths[column] ?? 0, aligns[column] ?? "left")).join("  ").trimEnd()}`);
}

function pad(cell: string, width: number, align: "left" | "right"): string {
  const blanks = " ".repeat(Math.max(0, width - visible(cell)));
  return align === "right" ? blanks + cell : cell + blanks;
}

function visible(text: string): number {
  return text.replaceAll(/\u001b\[\d+m/gu, "").length;
}
