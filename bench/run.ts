/**
 * Runs the benchmarks of this folder, each in a process of its own: `npm run bench`, or `npm run bench -- decode store`.
 * A benchmark is a file that exports `name` and `run()`; run() resolves to rows. Data on standard output (`--json`: one
 * object a file; else a table), talk on standard error. Exit code 3 where a row misses its goal.
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import type { BenchModule, BenchRow } from "./bench-row.ts";

const here = new URL(".", import.meta.url);
const PLUMBING = new Set(["run.ts", "bench-row.ts", "measure.ts"]);

function names(): string[] {
  return readdirSync(here)
    .filter((file) => file.endsWith(".ts") && !PLUMBING.has(file))
    .map((file) => file.slice(0, -3))
    .sort();
}

async function runOne(file: string): Promise<void> {
  const module = (await import(new URL(`${file}.ts`, here).href)) as BenchModule;
  process.stdout.write(JSON.stringify({ name: module.name, rows: await module.run() }));
}

function child(file: string): { name: string; rows: readonly BenchRow[] } | undefined {
  const done = spawnSync(process.execPath, ["--expose-gc", fileURLToPath(import.meta.url), "--child", file], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (done.status !== 0) return undefined;
  return JSON.parse(done.stdout) as { name: string; rows: readonly BenchRow[] };
}

function table(name: string, rows: readonly BenchRow[]): string {
  const lines = rows.map((row) => `| ${name} | ${row.what} | ${row.value.toLocaleString("en-US", { maximumSignificantDigits: 4 })} ${row.unit} | ${goalText(row)} |`);
  return lines.join("\n");
}

function goalText(row: BenchRow): string {
  if (row.goal === undefined) return row.note ?? "";
  return `${row.goal.atLeast !== undefined ? "≥" : "≤"} ${(row.goal.atLeast ?? row.goal.atMost ?? 0).toLocaleString("en-US")}: ${met(row) ? "met" : "missed"}`;
}

function met(row: BenchRow): boolean {
  return row.value >= (row.goal?.atLeast ?? -Infinity) && row.value <= (row.goal?.atMost ?? Infinity);
}

function main(args: readonly string[]): number {
  const json = args.includes("--json");
  const wanted = args.filter((arg) => !arg.startsWith("-"));
  const known = names();
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    process.stderr.write(`no such benchmark: ${unknown.join(", ")}; there are ${known.join(", ")}\n`);
    return 64;
  }
  if (!json) process.stdout.write(`Node ${process.version}, ${cpus()[0]?.model ?? "?"}, ${String(cpus().length)} cores\n\n| benchmark | what | measured | goal |\n| --- | --- | --- | --- |\n`);
  let code = 0;
  for (const name of wanted.length > 0 ? wanted : known) {
    const result = child(name);
    if (result === undefined) {
      process.stderr.write(`${name}: failed\n`);
      code = 1;
      continue;
    }
    process.stdout.write(`${json ? JSON.stringify(result) : table(result.name, result.rows)}\n`);
    if (code === 0 && !result.rows.every(met)) code = 3;
  }
  return code;
}

const [flag, file] = process.argv.slice(2);
if (flag === "--child" && file !== undefined) await runOne(file);
else process.exitCode = main(process.argv.slice(2));
