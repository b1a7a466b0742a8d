import { readFileSync } from "node:fs";
import { Command } from "commander";
import { parseHistoryCsv } from "../history/history-csv.ts";
import { believedCapacity, learnCapacity } from "../learn/capacity.ts";
import { parseArguments } from "./arguments.ts";

const BAD_INPUT = 64;
const NOTHING_LEARNED = 1;

/** `foretide calibrate`: what one replica carries, from a history with utilization and ready replicas. */
export async function run(args: readonly string[]): Promise<number> {
  const command = new Command("calibrate")
    .description("Learn the requests per second of one replica from timestamp,demand,utilization,readyReplicas.")
    .requiredOption("--history <file>", "the CSV file")
    .option("--json", "as JSON");
  const parsed = parseArguments(command, args);
  if (!parsed.ok) return parsed.exitCode;
  const { history, json = false } = parsed.options as { readonly history: string; readonly json?: boolean };
  const read = readFile(history);
  if (typeof read !== "string") return refuse(read.message);
  const csv = parseHistoryCsv(read);
  if (!csv.ok) return refuse(csv.problems.map(({ line, column, message }) => `${history}:${String(line)}:${String(column)}: ${message}`).join("\n"));
  const { demand, utilization, readyReplicas } = csv.value.signals;
  if (demand === undefined || utilization === undefined || readyReplicas === undefined) return refuse(`${history}: the columns demand, utilization and readyReplicas are needed`);
  let capacity = believedCapacity(undefined);
  demand.forEach((demandPerSecond, row) => {
    const ready = readyReplicas[row] ?? NaN;
    capacity = learnCapacity(capacity, { demandPerSecond, utilization: utilization[row] ?? NaN, readyReplicas: ready, fleetChanged: row > 0 && ready !== readyReplicas[row - 1] });
  });
  if (capacity.samples === 0) {
    process.stderr.write("foretide: no row with a use between 0.15 and 0.95 and a steady fleet: nothing learned\n");
    return NOTHING_LEARNED;
  }
  process.stdout.write(json ? `${JSON.stringify(capacity)}\n` : `requestsPerSecondPerReplica: ${capacity.requestsPerSecondPerReplica.toFixed(2)}   # ${String(capacity.samples)} rows, mean deviation ${(100 * capacity.spread).toFixed(1)} %\n`);
  return Promise.resolve(0);
}

function readFile(path: string): string | { readonly message: string } {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    return { message: `${path}: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function refuse(message: string): number {
  process.stderr.write(`foretide: ${message}\n`);
  return BAD_INPUT;
}
