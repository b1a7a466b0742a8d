/**
 * `npm run scoreboard:unseen [-- --lead 120] [--only TEXT] [--six | --looked-at | --held-out] [--write]`: the shipped default, driven line by line as
 * `foretide drive` is, on loads that none of its constants was chosen on; with --six on the six open traces with the clock shifted, the load
 * rescaled, beliefs that are wrong and metrics that are missing; with --looked-at on made loads that mechanisms were looked for on, and with
 * --held-out on those of the same kinds that nothing was changed for. Prints a row each, and writes its table of docs/scoreboard-scaling when asked.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { budgetedOptimum } from "../../src/replay/clairvoyant/budgeted.ts";
import { BENCHMARK_OBSERVATION, simulate } from "../../src/replay/simulate.ts";
import type { ReplayWorld } from "../../src/replay/simulate.ts";
import { BENCHMARK_CLUSTER } from "../../src/twin/cluster.ts";
import { BENCHMARK_SERVICE } from "../../src/twin/service.ts";
import { DriveController } from "./drive-controller.ts";
import type { DriveFacts } from "./drive-controller.ts";
import { benchmarkWorld, traceFolder, WARM_UP_DAYS } from "./traces.ts";
import { heldOutTraces, lookedAtTraces } from "./mechanism-traces.ts";
import type { UnseenTrace } from "./made-load.ts";
import { madeTraces, realTraces } from "./unseen-traces.ts";

const BUDGET = 0.001;
/** More levels than this make the optimum too large for memory: it is worked out for the load divided by what is over, and multiplied. */
const MOST_LEVELS = 200;

interface Case {
  readonly name: string;
  readonly world: ReplayWorld;
  readonly facts?: Partial<DriveFacts>;
}

interface Line {
  readonly name: string;
  readonly over: number;
  readonly missed: number;
  readonly changes: number;
}

interface LoadSet {
  readonly file: string;
  readonly title: string;
  traces(dataFolder: string): readonly UnseenTrace[];
}

const UNSEEN: LoadSet = { file: "unseen.md", title: "Unseen loads", traces: (data) => [...realTraces(data), ...madeTraces()] };
const SETS: Readonly<Record<string, LoadSet>> = {
  "--six": { file: "changed.md", title: "The six open traces, changed", traces: () => [] },
  "--looked-at": { file: "looked-at.md", title: "Made loads that mechanisms were looked for on", traces: lookedAtTraces },
  "--held-out": { file: "held-out.md", title: "Made loads held out", traces: heldOutTraces },
};
const SET = Object.entries(SETS).find(([option]) => process.argv.includes(option))?.[1] ?? UNSEEN;

/** Optima worked out so far, by load and lead time. */
const optima = new Map<string, number>();

const folder = traceFolder();
if (folder === undefined) {
  process.stderr.write("unseen: the traces are not there (set FORETIDE_DATA): nothing measured\n");
  process.exit(0);
}
const leadAt = process.argv.indexOf("--lead");
const onlyAt = process.argv.indexOf("--only");
const only = onlyAt >= 0 ? process.argv[onlyAt + 1] : undefined;
const leads = leadAt >= 0 ? [Number(process.argv[leadAt + 1])] : [120, 300];
const sections: string[] = [];
for (const lead of leads) sections.push(process.argv.includes("--six") ? sixSection(folder, lead) : unseenSection(folder, lead));
if (process.argv.includes("--write")) write(sections);

function unseenSection(data: string, lead: number): string {
  const traces = SET.traces(join(data, "..")).filter(({ name }) => only === undefined || name.includes(only));
  const lines = traces.map((trace) => measure({ name: trace.name, world: unseenWorld(trace, lead) }, lead));
  return section(`${SET.title}, lead time ${String(lead)} s`, lines);
}

function sixSection(data: string, lead: number): string {
  const kinds: Readonly<Record<string, (world: ReplayWorld) => Omit<Case, "name">>> = {
    "as it is": (world) => ({ world }),
    "clock shifted by 7 h 20 min": (world) => ({ world: { ...world, startSeconds: world.startSeconds + 26_400 } }),
    "load of a tenth": (world) => ({ world: scaledWorld(world, 0.1) }),
    "load ten times": (world) => ({ world: scaledWorld(world, 10) }),
    "belief 0.85": (world) => ({ world, facts: { requestsPerSecondPerReplica: 85 } }),
    "belief 1.15": (world) => ({ world, facts: { requestsPerSecondPerReplica: 115 } }),
    "belief 0.5": (world) => ({ world, facts: { requestsPerSecondPerReplica: 50 } }),
    "45 s more lag": (world) => ({ world: { ...world, observation: { ...world.observation, lagSteps: 4 } } }),
    "misses not sent": (world) => ({ world, facts: { without: ["missRatio"] } }),
    "5 % of the observations lost": (world) => ({ world: { ...world, observation: { ...world.observation, lostShare: 0.05 } } }),
  };
  const lines: Line[] = [];
  for (const [kind, make] of Object.entries(kinds)) {
    if (only !== undefined && !kind.includes(only)) continue;
    const each = Object.keys(WARM_UP_DAYS).map((trace) => measure({ name: `${trace}, ${kind}`, ...make(benchmarkWorld(data, trace, lead)) }, lead));
    lines.push(...each, mean(`**six, ${kind}**`, each));
    say(row(lines.at(-1)));
  }
  return section(`${SET.title}, lead time ${String(lead)} s`, lines);
}

function unseenWorld(trace: UnseenTrace, lead: number): ReplayWorld {
  return {
    load: trace.load, startSeconds: trace.startSeconds, stepSeconds: 15, scoreFrom: trace.warmUpDays * 5760, service: BENCHMARK_SERVICE,
    cluster: BENCHMARK_CLUSTER(lead), minReplicas: 1, maxReplicas: trace.maxReplicas, observation: BENCHMARK_OBSERVATION,
  };
}

function scaledWorld(world: ReplayWorld, factor: number): ReplayWorld {
  return { ...world, load: world.load.map((rate) => rate * factor), maxReplicas: Math.max(world.maxReplicas, Math.round(world.maxReplicas * factor)) };
}

function optimumHours(world: ReplayWorld, lead: number): number {
  const share = Math.min(1, MOST_LEVELS / world.maxReplicas);
  const key = `${String(lead)}:${String(world.load.length)}:${String(world.load.reduce((sum, rate) => sum + rate, 0))}`;
  const known = optima.get(key) ?? budgetedOptimum(scaledWorld({ ...world, maxReplicas: MOST_LEVELS }, share), lead, BUDGET).planHours / share;
  optima.set(key, known);
  return known;
}

function measure({ name, world, facts }: Case, lead: number): Line {
  const controller = new DriveController({
    leadTimeSeconds: lead, requestsPerSecondPerReplica: 100, errorBudget: BUDGET, minReplicas: world.minReplicas, maxReplicas: world.maxReplicas, intervalSeconds: 15, ...facts,
  }, world.startSeconds);
  const score = simulate(world, controller);
  const line = { name, over: score.replicaHours / optimumHours(world, lead) - 1, missed: score.missShare, changes: score.changesPerDay };
  say(row(line));
  return line;
}

function mean(name: string, lines: readonly Line[]): Line {
  const of = (pick: (line: Line) => number): number => lines.reduce((sum, line) => sum + pick(line), 0) / lines.length;
  return { name, over: Math.exp(of(({ over }) => Math.log1p(over))) - 1, missed: of(({ missed }) => missed), changes: of(({ changes }) => changes) };
}

function row(line: Line | undefined): string {
  if (line === undefined) return "";
  return `| ${line.name} | ${(100 * line.over).toFixed(1)} | ${(100 * line.missed).toFixed(3)} | ${line.changes.toFixed(0)} |`;
}

function section(title: string, lines: readonly Line[]): string {
  const text = [`## ${title}`, "", "| load | % over the optimum | missed % | changes/day |\n| --- | --- | --- | --- |", ...lines.map(row), row(mean("**all** (geometric mean, means)", lines)), ""].join("\n");
  say(text);
  return text;
}

function write(written: readonly string[]): void {
  const path = join(import.meta.dirname, "../../docs/scoreboard-scaling", SET.file);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, `# Scaling scoreboard: ${SET.title.toLowerCase()}\n\nMeasured by \`npm run scoreboard:unseen -- ${process.argv.slice(2).join(" ")}\`: the shipped default through \`foretide drive\`'s own session, one JSON line a step; the clairvoyant optimum at 0.1 % missed is the measure.\n\n${written.join("\n")}`);
  say(`wrote ${path}`);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
