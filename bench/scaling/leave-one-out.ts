/**
 * `npm run scoreboard:loo [-- --lead 120] [--write]`: the constants of the planner chosen on five of the open traces and scored on
 * the sixth, for each of the six; and how many of the choices are the shipped ones. Chosen is the cheapest setting (geometric mean
 * of the five) whose five miss the budget or less in the mean and none more than a fifth over it, with no more than 132 changes
 * a day on the median trace. Writes docs/scoreboard-scaling/leave-one-out.md with --write.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CHANGE_COST } from "../../src/decide/change-cost.ts";
import { BUDGET_CONTROL } from "../../src/learn/error-budget.ts";
import { budgetedOptimum } from "../../src/replay/clairvoyant/budgeted.ts";
import { defaultPolicy } from "../../src/replay/default-policy.ts";
import { simulate } from "../../src/replay/simulate.ts";
import { StepController } from "../../src/replay/step-controller.ts";
import { benchmarkWorld, traceFolder, WARM_UP_DAYS } from "./traces.ts";

const BUDGET = 0.001;
const WORST = 0.0012;
const MOST_CHANGES = 132;
/** Each constant alone, below and above what is shipped: a choice that is stable here was not made by chance. */
const CANDIDATES: readonly { readonly name: string; readonly control?: object; readonly cost?: object }[] = [
  { name: "as shipped" },
  { name: "priorPrice 0.15", control: { priorPrice: 0.15 } },
  { name: "priorPrice 0.33", control: { priorPrice: 0.33 } },
  { name: "priceDays 3.5", control: { priceDays: 3.5 } },
  { name: "priceDays 7", control: { priceDays: 7 } },
  { name: "spareShare 0.03", cost: { spareShare: 0.03 } },
  { name: "smallSurplus 0.07", cost: { smallSurplus: 0.07 } },
  { name: "smallSurplus 0.1", cost: { smallSurplus: 0.1 } },
];

interface Result {
  readonly over: number;
  readonly missed: number;
  readonly changes: number;
}

const folder = traceFolder();
if (folder === undefined) {
  process.stderr.write("leave-one-out: the traces are not there (set FORETIDE_DATA): nothing measured\n");
  process.exit(0);
}
const leadAt = process.argv.indexOf("--lead");
const lead = leadAt < 0 ? 120 : Number(process.argv[leadAt + 1]);
const traces = Object.keys(WARM_UP_DAYS);
const worlds = traces.map((trace) => benchmarkWorld(folder, trace, lead));
const bounds = worlds.map((world) => budgetedOptimum(world, lead, BUDGET).planHours);
const shippedControl = { ...BUDGET_CONTROL };
const shippedCost = { ...CHANGE_COST };
const results = CANDIDATES.map(({ name, control, cost }) => {
  Object.assign(BUDGET_CONTROL, shippedControl, control);
  Object.assign(CHANGE_COST, shippedCost, cost);
  const each = worlds.map((world, t): Result => {
    const score = simulate(world, new StepController(defaultPolicy({ leadTimeSeconds: lead, requestsPerSecondPerReplica: 100, errorBudget: BUDGET })));
    return { over: score.replicaHours / (bounds[t] ?? NaN) - 1, missed: score.missShare, changes: score.changesPerDay };
  });
  process.stderr.write(`${name}: ${each.map(cell).join(" ")}, ${percent(geometric(each))} %\n`);
  return each;
});

const rows = traces.map((trace, left) => {
  const best = chosenWithout(left);
  const scored = results[best]?.[left];
  return scored === undefined ? undefined : { trace, chosen: CANDIDATES[best]?.name ?? "", scored };
}).filter((row) => row !== undefined);
const scores = rows.map(({ scored }) => scored);
const text = [
  "| left out | chosen on the other five | its % over / % missed | as shipped |", "| --- | --- | --- | --- |",
  ...rows.map(({ trace, chosen, scored }, t) => `| ${trace} | ${chosen} | ${cell(scored)} | ${cell(results[0]?.[t] ?? scored)} |`),
  `| **geometric mean / mean missed** | | **${percent(geometric(scores))}** / ${percent(mean(scores.map(({ missed }) => missed)), 3)} | **${percent(geometric(results[0] ?? []))}** / ${percent(mean((results[0] ?? []).map(({ missed }) => missed)), 3)} |`,
].join("\n");
process.stdout.write(`${text}\n`);
if (process.argv.includes("--write")) {
  const candidates = CANDIDATES.map(({ name }, c) => `| ${name} | ${(results[c] ?? []).map(cell).join(" | ")} | ${percent(geometric(results[c] ?? []))} |`);
  const intro = `# Chosen on five traces, scored on the sixth\n\nMeasured by \`npm run scoreboard:loo -- --lead ${String(lead)} --write\`. A cell is *% over the optimum / % missed*.\n`;
  writeFileSync(join(import.meta.dirname, "../../docs/scoreboard-scaling/leave-one-out.md"), `${intro}\n${text}\n\n## Every setting that was tried\n\n| | ${traces.join(" | ")} | geometric mean |\n|${" --- |".repeat(traces.length + 2)}\n${candidates.join("\n")}\n`);
}

/** The place of the setting that is best on all traces but one; the shipped one where none keeps the rules. */
function chosenWithout(left: number): number {
  let best = 0;
  let least = Infinity;
  results.forEach((each, c) => {
    const five = each.filter((_, t) => t !== left);
    const changes = five.map((one) => one.changes).sort((a, b) => a - b)[2] ?? Infinity;
    const keeps = mean(five.map(({ missed }) => missed)) <= BUDGET && five.every(({ missed }) => missed <= WORST) && changes <= MOST_CHANGES;
    if (!keeps || geometric(five) >= least) return;
    best = c;
    least = geometric(five);
  });
  return best;
}

function geometric(each: readonly Result[]): number {
  return Math.exp(mean(each.map(({ over }) => Math.log1p(over)))) - 1;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function percent(share: number, digits = 1): string {
  return (100 * share).toFixed(digits);
}

function cell({ over, missed }: Result): string {
  return `${percent(over)} / ${percent(missed, 3)}`;
}
