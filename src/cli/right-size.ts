import { Command } from "commander";
import type { z } from "zod";
import type { rightSizingSchema } from "../app/api/schemas/money.ts";
import { parseArguments } from "./arguments.ts";
import { readDaemon, withDaemonOptions, type DaemonOptions } from "./daemon-call.ts";

type RightSizing = z.output<typeof rightSizingSchema>;
type Sizing = RightSizing["items"][number];

/** `foretide right-size`: what the replicas of targets use, and the machines that would carry them for less. Asks the daemon. */
export async function run(args: readonly string[]): Promise<number> {
  const command = new Command("right-size")
    .description("The machines that would carry the measured CPU and memory of targets for less, each with its saving and its risk. A policy names what it measures beneath spec.usage.")
    .argument("[targets...]", "only these targets; all that measure their use when left out");
  const parsed = parseArguments(withDaemonOptions(command), args);
  if (!parsed.ok) return parsed.exitCode;
  const options = parsed.options as DaemonOptions;
  const query = parsed.operands.map((target) => `target=${encodeURIComponent(target)}`).join("&");
  const answer = await readDaemon<RightSizing>(options, `/right-sizing${query === "" ? "" : `?${query}`}`);
  if (!answer.ok) {
    process.stderr.write(`foretide: ${answer.message}\n`);
    return 1;
  }
  const { items } = answer.value;
  const unmeasured = parsed.operands.filter((target) => !items.some((item) => item.target === target));
  if (unmeasured.length > 0) process.stderr.write(`foretide: no use is measured of ${unmeasured.join(", ")}: name it beneath spec.usage of the policy\n`);
  process.stdout.write(options.json === true ? `${JSON.stringify(items, null, 2)}\n` : `${items.map(textOf).join("\n")}${items.length === 0 ? "no target measures its use: see spec.usage\n" : ""}`);
  return unmeasured.length > 0 ? 1 : 0;
}

function textOf(sizing: Sizing): string {
  const { target, cpuCores, memoryGib, perReplicaUsdNow, isEnough, advice } = sizing;
  if (cpuCores === undefined || memoryGib === undefined) return `${target}: not measured yet (CPU ${cpuCores === undefined ? "absent" : "there"}, memory ${memoryGib === undefined ? "absent" : "there"})\n`;
  const head = `${target}: a replica needs ${cpuCores.toFixed(2)} cores and ${memoryGib.toFixed(2)} GiB${perReplicaUsdNow === undefined ? "; what it costs now is not known" : `, and costs $${perReplicaUsdNow.toFixed(4)} per hour`}${isEnough ? "" : "; less than a day is known"}\n`;
  if (advice.length === 0) return head;
  const rows = advice.map((one) => [one.instanceType, String(one.replicas), `$${one.perReplicaUsd.toFixed(4)}`, `${(one.savingShare * 100).toFixed(0)} %`, `${(one.cpuShortShare * 100).toFixed(1)} %`, `${(one.memoryShortShare * 100).toFixed(1)} %`]);
  return head + table([["machine", "replicas", "per replica", "saving", "CPU short", "memory short"], ...rows]);
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) => `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join("  ")}\n`).join("");
}
