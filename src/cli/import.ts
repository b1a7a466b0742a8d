import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { HISTORY_SIGNALS, type HistorySignal, parseHistoryCsv, parseTimeSeconds, pointsOf } from "../history/history-csv.ts";
import type { AppendSummary, HistoryPoint } from "../history/history-store.ts";
import { queryPrometheusRange } from "../history/prometheus-range.ts";
import { HISTORY_FILE, openSqliteHistory } from "../history/sqlite-history.ts";
import type { Result } from "../model/result.ts";
import { parseArguments } from "./arguments.ts";

const USAGE_ERROR = 64;

interface Arguments {
  readonly target: string;
  readonly signal: HistorySignal;
  readonly step: number;
  readonly data: string;
  readonly prometheus?: string;
  readonly query?: string;
  readonly from?: number;
  readonly to?: number;
  readonly bearerTokenFile?: string;
  readonly json?: true;
}

/** The points to store, by signal. */
type Past = ReadonlyMap<HistorySignal, readonly HistoryPoint[]>;
type Loaded = { readonly past: Past } | { readonly exitCode: number; readonly message: string };

/** `foretide import`: a target's past from a CSV file or a Prometheus range query into the history. */
export async function run(args: readonly string[]): Promise<number> {
  const parsed = parseArguments(describe(), args);
  if (!parsed.ok) return parsed.exitCode;
  const given = parsed.options as unknown as Arguments;
  const loaded = await load(parsed.operands[0], given);
  if ("message" in loaded) {
    process.stderr.write(`${loaded.message}\n`);
    return loaded.exitCode;
  }
  return store(loaded.past, given);
}

function describe(): Command {
  return new Command("foretide import")
    .description("Imports a target's past: from a CSV file (timestamp,value or timestamp,demand[,utilization,readyReplicas,missRatio,backlog]; ISO 8601 or epoch seconds), or from a Prometheus range query. Stop the daemon first: a history has one owner.")
    .argument("[file]", "CSV file; - is standard input")
    .requiredOption("--target <name>", "the policy's name")
    .option("--signal <name>", `which signal a query's values are: ${HISTORY_SIGNALS.join(", ")}`, signalName, "demand")
    .option("--step <seconds>", "grid of the history: the policy's forecast.step", wholeSeconds, 60)
    .option("--data <folder>", "the daemon's data folder", process.env["FORETIDE_DATA_DIR"] ?? "data")
    .option("--prometheus <url>", "server to ask instead of a file")
    .option("--query <promql>", "expression that gives one series")
    .option("--from <time>", "start (ISO 8601 or epoch seconds)", time)
    .option("--to <time>", "end", time)
    .option("--bearer-token-file <file>", "token for the server")
    .option("--json", "report as JSON");
}

async function load(file: string | undefined, given: Arguments): Promise<Loaded> {
  if (given.prometheus !== undefined) {
    if (file !== undefined) return usage("give a file or --prometheus, not both");
    if (given.query === undefined || given.from === undefined || given.to === undefined) return usage("--prometheus needs --query, --from and --to");
    return loadQuery({ url: given.prometheus, query: given.query, fromSeconds: given.from, toSeconds: given.to, stepSeconds: given.step }, given);
  }
  if (file === undefined) return usage("give a CSV file, or --prometheus with a query");
  return loadFile(file, given.step);
}

async function loadFile(file: string, stepSeconds: number): Promise<Loaded> {
  let text: string;
  try {
    text = file === "-" ? await standardInput() : await readFile(file, "utf8");
  } catch (error) {
    return usage(`${file}: expected a readable file: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = parseHistoryCsv(text);
  if (!parsed.ok) {
    const lines = parsed.problems.map((problem) => `${file}:${String(problem.line)}:${String(problem.column)}: ${problem.message}`);
    return { exitCode: USAGE_ERROR, message: `${lines.join("\n")}\nforetide import: nothing was imported` };
  }
  const { timesSeconds, signals } = parsed.value;
  const past = new Map<HistorySignal, readonly HistoryPoint[]>();
  for (const signal of HISTORY_SIGNALS) {
    const values = signals[signal];
    if (values !== undefined) past.set(signal, pointsOf(timesSeconds, values, stepSeconds));
  }
  return { past };
}

interface Query {
  readonly url: string;
  readonly query: string;
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly stepSeconds: number;
}

/** A value that a query gives for a time describes the window that ends there: it belongs to the step before. */
async function loadQuery(query: Query, given: Arguments): Promise<Loaded> {
  let bearerToken: string | undefined;
  try {
    if (given.bearerTokenFile !== undefined) bearerToken = (await readFile(given.bearerTokenFile, "utf8")).trim();
  } catch (error) {
    return usage(`--bearer-token-file: expected a readable file: ${error instanceof Error ? error.message : String(error)}`);
  }
  const aligned = { ...query, fromSeconds: (Math.floor(query.fromSeconds / query.stepSeconds) + 1) * query.stepSeconds };
  const rows = await queryPrometheusRange({ ...aligned, ...(bearerToken === undefined ? {} : { bearerToken }) });
  if (!rows.ok) return { exitCode: rows.failure === "permanent" ? USAGE_ERROR : 1, message: `foretide import: ${rows.message}\nnothing was imported` };
  if (rows.value.invalid > 0) process.stderr.write(`note: ${String(rows.value.invalid)} values were NaN or infinite and stay gaps\n`);
  const times = rows.value.timesSeconds.map((seconds) => seconds - query.stepSeconds);
  const points = [...rows.value.values].map((mean, row) => ({ timeSeconds: times[row] ?? NaN, mean, min: mean, max: mean, count: 1, coverage: 1 }));
  return { past: new Map([[given.signal, points]]) };
}

async function store(past: Past, given: Arguments): Promise<number> {
  const opened = await openSqliteHistory(join(given.data, HISTORY_FILE));
  if (!opened.ok) return failed(opened.message);
  const history = opened.value;
  try {
    // Asked in one turn, so that one commit takes all signals or none.
    const results = await Promise.all([...past].map(async ([signal, points]): Promise<readonly [HistorySignal, Result<AppendSummary>]> =>
      [signal, await history.importPoints({ target: given.target, signal, stepSeconds: given.step }, points)]));
    for (const [, result] of results) if (!result.ok) return failed(result.message);
    report(results.flatMap(([signal, result]) => (result.ok ? [{ signal, ...result.value }] : [])), given);
    return 0;
  } finally {
    await history.close();
  }
}

function report(imported: readonly ({ readonly signal: HistorySignal } & AppendSummary)[], given: Arguments): void {
  if (given.json) process.stdout.write(`${JSON.stringify({ target: given.target, stepSeconds: given.step, signals: imported })}\n`);
  else for (const one of imported) process.stdout.write(`${given.target}/${one.signal}: ${String(one.stored)} values on a grid of ${String(given.step)} s\n`);
  for (const one of imported) if (one.droppedInvalid > 0) process.stderr.write(`note: ${given.target}/${one.signal}: ${String(one.droppedInvalid)} values could not be stored\n`);
}

function usage(message: string): Loaded {
  return { exitCode: USAGE_ERROR, message: `foretide import: ${message}` };
}

function failed(message: string): number {
  process.stderr.write(`foretide import: ${message}\n`);
  return 1;
}

async function standardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function signalName(text: string): HistorySignal {
  const signal = HISTORY_SIGNALS.find((known) => known === text);
  if (signal === undefined) throw new InvalidArgumentError(`expected ${HISTORY_SIGNALS.join(", ")}, found "${text}"`);
  return signal;
}

function wholeSeconds(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1) throw new InvalidArgumentError(`expected whole seconds from 1, found "${text}"`);
  return value;
}

function time(text: string): number {
  const seconds = parseTimeSeconds(text);
  if (typeof seconds === "string") throw new InvalidArgumentError(seconds);
  return seconds;
}
