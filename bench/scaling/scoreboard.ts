/**
 * `npm run scoreboard:scaling [-- --quick | --lead 120]`: the shipped default and the peers against perfect foresight. Rewrites
 * docs/scoreboard-scaling/lead-<seconds>.md of each lead time that it measures; --quick measures two traces and writes nothing.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BASELINES } from "../../src/replay/baselines/registry.ts";
import { budgetedOptimum } from "../../src/replay/clairvoyant/budgeted.ts";
import { strictOptimumHours } from "../../src/replay/clairvoyant/strict.ts";
import { defaultPolicy } from "../../src/replay/default-policy.ts";
import type { ReplayWorld } from "../../src/replay/simulate.ts";
import { simulate } from "../../src/replay/simulate.ts";
import { StepController } from "../../src/replay/step-controller.ts";
import type { ReplayScore } from "../../src/replay/tally.ts";
import { serviceRate } from "../../src/twin/service.ts";
import { ABLATIONS } from "./ablations.ts";
import type { Ablation } from "./ablations.ts";
import { benchmarkWorld, traceFolder, WARM_UP_DAYS } from "./traces.ts";

const BUDGET = 0.001;
const quick = process.argv.includes("--quick");
const traces = quick ? ["ms_mongo01", "ms_ingress01"] : Object.keys(WARM_UP_DAYS);
const one = process.argv.indexOf("--lead");
const onlyAt = process.argv.indexOf("--only");
/** Measures the rows of one kind of baseline alone, and writes nothing. */
const only = onlyAt >= 0 ? process.argv[onlyAt + 1] : undefined;
const leadTimes = one >= 0 ? [Number(process.argv[one + 1])] : quick ? [120] : [30, 120, 300];
const HINDSIGHT_BUDGETS = [0.001, 0.0014];
const TARGETS = [0.6, 0.66, 0.7, 0.74, 0.78];

interface Row {
  readonly name: string;
  readonly over: readonly number[];
  readonly missed: readonly number[];
  readonly changes: readonly number[];
}

const folder = traceFolder();
if (folder === undefined) {
  process.stderr.write("scoreboard: the traces are not there (set FORETIDE_DATA): nothing measured\n");
  process.exit(0);
}

for (const lead of leadTimes) {
  const worlds = traces.map((trace) => benchmarkWorld(folder, trace, lead));
  const optima = worlds.map((world) => ({ strict: strictOptimumHours(world, lead), budgeted: budgetedOptimum(world, lead, BUDGET) }));
  const bounds = optima.map(({ budgeted }) => budgeted.planHours);
  say(`lead ${String(lead)} s: optima ${bounds.map((hours) => hours.toFixed(0)).join(" ")}`);
  const rows: Row[] = [];
  const measure = (name: string, run: (world: ReplayWorld) => ReplayScore): void => {
    if (only !== undefined && !name.startsWith(only)) return;
    const scores = worlds.map(run);
    rows.push(rowOf(name, scores, bounds));
    say(lineOf(rows.at(-1)));
  };
  measure("**foretide, shipped default**", (world) => ours(world, { lead }));
  if (lead === 120) measure("foretide, belief 15 % high", (world) => ours(world, { lead, belief: 115 }));
  if (lead === 120) measure("foretide, belief 15 % low", (world) => ours(world, { lead, belief: 85 }));
  if (lead === 120) measure("foretide, 45 s more lag", (world) => ours({ ...world, observation: { ...world.observation, lagSteps: 4 } }, { lead }));
  if (lead === 120 && !quick) measure("foretide without forecast (ablation)", (world) => ours(world, { lead, forecast: false }));
  if (lead === 120 && !quick) for (const ablation of ABLATIONS) measure(`foretide ${ablation.name} (ablation)`, (world) => ablation.during(() => ours(world, { lead, ...ablation })));
  if (!quick && only === undefined) {
    const candidates = HINDSIGHT_BUDGETS.map((budget) => worlds.map((world) => ours(world, { lead, budget })));
    rows.push(rowOf("foretide, best error budget per trace in hindsight", worlds.map((_, t) => cheapest(candidates.map((scores) => scores[t]))), bounds));
  }
  for (const [name, baseline] of Object.entries(BASELINES)) {
    const at = (world: ReplayWorld, target: number): ReplayScore => simulate(world, baseline.create(factsOf(world, lead), target));
    measure(`${name}, default (${String(baseline.defaultTarget)})`, (world) => at(world, baseline.defaultTarget));
    if (["hpa-tolerance-2"].includes(name) && !quick) measure(`${name}, best target per trace in hindsight`, (world) => cheapest(TARGETS.map((target) => at(world, target))));
  }
  if (!quick && only === undefined) write(lead, sectionOf(lead, optima, rows));
}

function ours(world: ReplayWorld, given: { readonly lead: number; readonly belief?: number; readonly budget?: number; readonly forecast?: boolean; readonly wrap?: Ablation["wrap"] }): ReplayScore {
  const policy = defaultPolicy({ leadTimeSeconds: given.lead, requestsPerSecondPerReplica: given.belief ?? 100, errorBudget: given.budget ?? BUDGET });
  const controller = new StepController(given.forecast === false ? { ...policy, forecast: { ...policy.forecast, enabled: false } } : policy);
  return simulate(world, given.wrap?.(controller) ?? controller);
}

function factsOf(world: ReplayWorld, leadTimeSeconds: number): Parameters<(typeof BASELINES)[string]["create"]>[0] {
  return { requestsPerSecondPerReplica: serviceRate(world.service), leadTimeSeconds, peakLoad: world.load.subarray(0, world.scoreFrom).reduce((most, rate) => Math.max(most, rate), 0) };
}

/** The cheapest that keeps the budget; where none does, the one that misses least. */
function cheapest(scores: readonly (ReplayScore | undefined)[]): ReplayScore {
  const known = scores.filter((score) => score !== undefined);
  const keeping = known.filter(({ missShare }) => missShare <= BUDGET).sort((a, b) => a.replicaHours - b.replicaHours);
  const best = keeping[0] ?? known.toSorted((a, b) => a.missShare - b.missShare)[0];
  if (best === undefined) throw new Error("no scores");
  return best;
}

function rowOf(name: string, scores: readonly ReplayScore[], bounds: readonly number[]): Row {
  return {
    name, over: scores.map(({ replicaHours }, i) => replicaHours / (bounds[i] ?? NaN) - 1),
    missed: scores.map(({ missShare }) => missShare), changes: scores.map(({ changesPerDay }) => changesPerDay),
  };
}

function lineOf(row: Row | undefined): string {
  if (row === undefined) return "";
  const geometric = Math.exp(row.over.reduce((sum, over) => sum + Math.log1p(over), 0) / row.over.length) - 1;
  const cells = row.over.map((over, i) => `${(100 * over).toFixed(1)} / ${(100 * (row.missed[i] ?? NaN)).toFixed(3)}`);
  const mean = row.missed.reduce((sum, share) => sum + share, 0) / row.missed.length;
  return `| ${row.name} | ${cells.join(" | ")} | **${(100 * geometric).toFixed(1)}** | ${(100 * mean).toFixed(3)} | ${(100 * Math.max(...row.missed)).toFixed(3)} | ${median(row.changes).toFixed(0)} |`;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? NaN) + (sorted[sorted.length >> 1] ?? NaN)) / 2;
}

function sectionOf(lead: number, optima: readonly { readonly strict: number; readonly budgeted: { readonly planHours: number; readonly boundHours: number } }[], rows: readonly Row[]): string {
  const header = `| | ${traces.join(" | ")} | geometric mean | mean missed % | worst missed % | changes/day, median |\n|${" --- |".repeat(traces.length + 5)}`;
  const hours = (name: string, pick: (one: (typeof optima)[number]) => number): string => `| ${name} | ${optima.map((one) => pick(one).toFixed(0)).join(" | ")} | | | | |`;
  return [`## Lead time ${String(lead)} s`, "", header, hours("optimum, never short (replica-hours)", ({ strict }) => strict), hours("optimum at 0.1 % missed: plan", ({ budgeted }) => budgeted.planHours), hours("the same: proven bound", ({ budgeted }) => budgeted.boundHours), ...rows.map(lineOf), ""].join("\n");
}

function write(lead: number, section: string): void {
  const path = join(import.meta.dirname, `../../docs/scoreboard-scaling/lead-${String(lead)}.md`);
  mkdirSync(join(path, ".."), { recursive: true });
  const intro = "# Scaling scoreboard\n\nMeasured by `npm run scoreboard:scaling` on the six open traces: 15 s steps, M/M/8 replicas of 100 requests/s, an objective of 250 ms queueing delay, " +
    "observations one step late with 1 % noise. A cell is *% of replica-hours over the clairvoyant optimum at 0.1 % missed / % of requests missed*. " +
    "The shipped default is one setting for every trace; its few constants (decide/change-cost.ts, learn/error-budget.ts) were chosen on these traces; leave-one-out.md chooses them on five and scores the sixth, unseen.md drives loads that nothing was chosen on. " +
    "A baseline's default target is its project's usual one.\n";
  writeFileSync(path, `${intro}\n${section}`);
  say(`wrote ${path}`);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
