import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { mean } from "simple-statistics";

import { scoreSet, type SetScore } from "./point-scores.ts";
import type { Task } from "./data.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** A virtual environment of its own, never the system's Python. */
const ENVIRONMENT = join(ROOT, ".runtime/oracle");
const REQUIREMENT = "statsforecast==2.1.1";

interface OracleLine {
  readonly series: string;
  readonly path: readonly number[];
  readonly cpuMilliseconds: number;
}

/** Installs statsforecast from PyPI beside the runtime; returns whether it is there. */
export function installOracle(): boolean {
  const python = join(ENVIRONMENT, "bin/python");
  if (!existsSync(python) && spawnSync("python3", ["-m", "venv", ENVIRONMENT]).status !== 0) return false;
  return spawnSync(python, ["-m", "pip", "install", "--quiet", REQUIREMENT], { stdio: ["ignore", "ignore", "inherit"] }).status === 0;
}

/** statsforecast's MSTL on the M4 tasks, scored as the others are; or why it was not measured. */
export function scoreOracle(tasks: readonly Task[]): SetScore | string {
  const own = join(ENVIRONMENT, "bin/python");
  const script = join(ROOT, "bench/forecasts/statsforecast_oracle.py");
  const done = spawnSync(existsSync(own) ? own : "python3", [script], { encoding: "utf8", maxBuffer: 1 << 28 });
  if (done.status !== 0) return "not measured: statsforecast is not installed (`npm run scoreboard:forecasts -- --install-oracle` does it, from PyPI)";
  const lines = done.stdout.trim().split("\n").map((line) => JSON.parse(line) as OracleLine);
  const paths = new Map(lines.map(({ series, path }) => [series, Float64Array.from(path)]));
  const run = ({ series }: Task): { mean: Float64Array; quantiles: readonly Float64Array[] } => {
    const path = paths.get(series);
    if (path === undefined) throw new Error(`the oracle has no path for ${series}`);
    return { mean: path, quantiles: [] };
  };
  return { ...scoreSet({ name: `${REQUIREMENT.replace("==", " ")} MSTL + AutoETS (oracle)`, run }, tasks), cpuMilliseconds: mean(lines.map(({ cpuMilliseconds }) => cpuMilliseconds)) };
}
