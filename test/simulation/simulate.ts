/** `npm run simulate -- --hours N --seed S [--record FILE]`: runs simulated worlds over the production code and checks the invariants. */
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";

import { campaign } from "./campaign.ts";
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

/** One world of a run: its own seed, and how long it lasts. */
export interface WorldRun {
  readonly seed: number;
  readonly hours: number;
}

export function worldsOf(hours: number, seed: number): readonly WorldRun[] {
  return Array.from({ length: Math.ceil(hours / HOURS_PER_WORLD) }, (_, i) => ({ seed: seed * 1_000_003 + i, hours: Math.min(HOURS_PER_WORLD, hours - i * HOURS_PER_WORLD) }));
}

export async function simulateWorld({ seed, hours }: WorldRun, sabotage?: Sabotage): Promise<SimulationReport> {
  const world = new World(seed, sabotage);
  await world.run(hours);
  // The timers of killed lives fire and let go of the world: else a campaign holds all its journals.
  await wait(30);
  const { passes, writes, lives, faults, watcher } = world;
  return { hours, worlds: 1, passes, writes, lives, faults: faults.counts, checks: watcher.checks, violations: watcher.violations.map((violation) => ({ ...violation, seed })) };
}

/** Simulates so many hours, in worlds of their own seeds. The same arguments give the same report. */
export async function simulate(hours: number, seed: number, options: { readonly sabotage?: Sabotage } = {}): Promise<SimulationReport> {
  let sum = emptyReport();
  for (const world of worldsOf(hours, seed)) sum = addReports(sum, await simulateWorld(world, options.sabotage));
  return sum;
}

export function emptyReport(): SimulationReport {
  const zero = <Name extends string>(names: readonly Name[]): Record<Name, number> => Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
  return { hours: 0, worlds: 0, passes: 0, writes: 0, lives: 0, faults: zero(FAULTS), checks: zero(INVARIANTS), violations: [] };
}

export function addReports(one: SimulationReport, other: SimulationReport): SimulationReport {
  const add = <Name extends string>(a: Readonly<Record<Name, number>>, b: Readonly<Record<Name, number>>): Record<Name, number> =>
    Object.fromEntries((Object.keys(a) as Name[]).map((name) => [name, a[name] + b[name]])) as Record<Name, number>;
  return {
    hours: one.hours + other.hours, worlds: one.worlds + other.worlds, passes: one.passes + other.passes, writes: one.writes + other.writes, lives: one.lives + other.lives,
    faults: add(one.faults, other.faults), checks: add(one.checks, other.checks), violations: [...one.violations, ...other.violations],
  };
}

if (process.argv[1] !== undefined && import.meta.url.endsWith(process.argv[1].split("/").at(-1) ?? "")) {
  const { values } = parseArgs({ options: { hours: { type: "string", default: "500" }, seed: { type: "string", default: "1" }, record: { type: "string" } } });
  const [hours, seed, record] = [Number(values.hours), Number(values.seed), values.record];
  const told = (done: SimulationReport): void => {
    if (process.stderr.isTTY || done.worlds % 10 === 0) process.stderr.write(`${process.stderr.isTTY ? "\r" : ""}${String(done.hours)} of ${values.hours} h, ${String(done.violations.length)} violations${process.stderr.isTTY ? "" : "\n"}`);
  };
  const report = record === undefined ? await simulate(hours, seed) : await campaign(record, { hours, seed }, told);
  process.stdout.write(`${JSON.stringify({ ...report, violations: report.violations.slice(0, 20), violationCount: report.violations.length }, undefined, 2)}\n`);
  process.exitCode = report.violations.length === 0 ? 0 : 3;
}
