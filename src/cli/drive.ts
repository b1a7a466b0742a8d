import { readFileSync } from "node:fs";
import { once } from "node:events";
import { Command } from "commander";
import { parseHistoryCsv } from "../history/history-csv.ts";
import type { HistoryCsv } from "../history/history-csv.ts";
import type { Policy } from "../model/policy.ts";
import { formatConfigError } from "../policy/config-error.ts";
import { effectivePolicy } from "../policy/effective-policy.ts";
import { loadPolicies } from "../policy/load-configuration.ts";
import type { DriveObservation } from "../replay/drive-line.ts";
import { DriveSession } from "../replay/drive-session.ts";
import { parseArguments } from "./arguments.ts";

const BAD_INPUT = 64;

/** `foretide drive`: the pure step under someone else's clock; one JSON object a line in and out. */
export async function run(args: readonly string[]): Promise<number> {
  const command = new Command("drive")
    .description("Run the pure step under an outside clock: one JSON object a line on standard input, one answer a line on standard output.")
    .requiredOption("--policy <file>", "the policy")
    .option("--history <file>", "what happened before: timestamp,demand[,utilization,readyReplicas,missRatio,backlog] and columns of the policy's other signals");
  const parsed = parseArguments(command, args);
  if (!parsed.ok) return parsed.exitCode;
  const { policy: path, history: past } = parsed.options as { readonly policy: string; readonly history?: string };
  const policy = readPolicy(path);
  if (policy === undefined) return BAD_INPUT;
  const history = past === undefined ? [] : readHistory(past, (policy.extraSignals ?? []).flatMap(({ name, spec }) => (spec === undefined ? [] : [name])));
  if (history === undefined) return BAD_INPUT;
  await converse(new DriveSession({ policy, history, effective: effectivePolicy }));
  return 0;
}

async function converse(session: DriveSession): Promise<void> {
  let rest = "";
  process.stdin.setEncoding("utf8");
  for await (const chunk of process.stdin as AsyncIterable<string>) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    await answerAll(session, lines);
    if (session.ended) break;
  }
  if (!session.ended && rest.trim() !== "") await answerAll(session, [rest]);
  if (!session.ended) await write(`${JSON.stringify(session.end())}\n`);
}

/** All that came together is answered in one write, at once. */
async function answerAll(session: DriveSession, lines: readonly string[]): Promise<void> {
  let text = "";
  for (const line of lines) {
    if (session.ended) break;
    if (line.trim() !== "") text += `${JSON.stringify(session.answer(line))}\n`;
  }
  if (text !== "") await write(text);
}

async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, "drain");
}

function readPolicy(path: string): Policy | undefined {
  const loaded = loadPolicies([path]);
  if (!loaded.ok) {
    for (const error of loaded.errors) process.stderr.write(`${formatConfigError(error)}\n`);
    return undefined;
  }
  const [policy] = loaded.policies;
  if (policy === undefined) process.stderr.write(`foretide: ${path} holds no policy\n`);
  return policy;
}

function readHistory(path: string, others: readonly string[]): readonly DriveObservation[] | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    process.stderr.write(`foretide: ${path}: ${error instanceof Error ? error.message : String(error)}\n`);
    return undefined;
  }
  const result = parseHistoryCsv(text, others);
  if (result.ok) return rowsOf(result.value);
  for (const { line, column, message } of result.problems) process.stderr.write(`${path}:${String(line)}:${String(column)}: ${message}\n`);
  return undefined;
}

function rowsOf({ timesSeconds, signals, others }: HistoryCsv): readonly DriveObservation[] {
  const at = (values: Float64Array | undefined, row: number): number | undefined => {
    const value = values?.[row];
    return value === undefined || Number.isNaN(value) ? undefined : value;
  };
  return Array.from(timesSeconds, (time, row) => ({
    type: "observation" as const, time,
    demand: at(signals.demand, row), utilization: at(signals.utilization, row), readyReplicas: at(signals.readyReplicas, row),
    pendingReplicas: undefined, missRatio: at(signals.missRatio, row), backlog: at(signals.backlog, row),
    signals: Object.fromEntries(Object.entries(others).flatMap(([name, values]) => { const value = at(values, row); return value === undefined ? [] : [[name, value]]; })),
    offerings: undefined, running: undefined, pending: undefined, notices: [], carbon: undefined,
  }));
}
