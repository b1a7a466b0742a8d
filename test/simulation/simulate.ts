/** `npm run simulate -- --hours N --seed S`: runs simulated worlds over the production code and checks the invariants. */
import { parseArgs } from "node:util";

import { FAULTS, type Fault } from "./faults.ts";
import { INVARIANTS, type Invariant, type Violation } from "./invariants.ts";
import { World, type Sabotage } from "./world.ts";

/** A world's length: long enough for days, short enough for its journal to fit in memory. */
const HOURS_PER_WORLD = 50;

export interface SimulationReport {
  readonly hours: number;
  readonly worlds: number;
  readonly passes: number;
  readonly writes: number;
  readonly lives: number;
  readonly faults: Readonly<Record<Fault, number>>;
  readonly checks: Readonly<Record<Invariant, number>>;
  readonly violations: readonly (Violation & { readonly seed: number })[];
}

/** Simulates so many hours, in worlds of their own seeds. The same arguments give the same report. */
export async function simulate(hours: number, seed: number, options: { readonly sabotage?: Sabotage; onWorld?(done: number): void } = {}): Promise<SimulationReport> {
  const faults = Object.fromEntries(FAULTS.map((fault) => [fault, 0])) as Record<Fault, number>;
  const checks = Object.fromEntries(INVARIANTS.map((name) => [name, 0])) as Record<Invariant, number>;
  const violations: (Violation & { readonly seed: number })[] = [];
  let [done, worlds, passes, writes, lives] = [0, 0, 0, 0, 0];
  while (done < hours) {
    const worldSeed = seed * 1_000_003 + worlds;
    const world = new World(worldSeed, options.sabotage);
    const length = Math.min(HOURS_PER_WORLD, hours - done);
    await world.run(length);
    for (const fault of FAULTS) faults[fault] += world.faults.counts[fault];
    for (const name of INVARIANTS) checks[name] += world.watcher.checks[name];
    violations.push(...world.watcher.violations.map((violation) => ({ ...violation, seed: worldSeed })));
    done += length;
    worlds += 1;
    passes += world.passes;
    writes += world.writes;
    lives += world.lives;
    options.onWorld?.(done);
  }
  return { hours: done, worlds, passes, writes, lives, faults, checks, violations };
}

if (process.argv[1] !== undefined && import.meta.url.endsWith(process.argv[1].split("/").at(-1) ?? "")) {
  const { values } = parseArgs({ options: { hours: { type: "string", default: "500" }, seed: { type: "string", default: "1" } } });
  const report = await simulate(Number(values.hours), Number(values.seed), {
    onWorld: (done) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${String(done)} of ${values.hours} h`);
    },
  });
  process.stdout.write(`${JSON.stringify({ ...report, violations: report.violations.slice(0, 20), violationCount: report.violations.length }, undefined, 2)}\n`);
  process.exitCode = report.violations.length === 0 ? 0 : 3;
}
