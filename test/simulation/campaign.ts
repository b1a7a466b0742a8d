/**
 * `npm run simulate -- --hours 10000 --seed S --record FILE`: a campaign that can be cut off. Each world that is done is a line
 * of JSON in the file; started again with the same hours, seed and file it goes on behind the last whole line.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";

import { addReports, emptyReport, simulateWorld, worldsOf, type SimulationReport } from "./simulate.ts";

interface Line {
  readonly seed: number;
  readonly hours: number;
  readonly report: SimulationReport;
}

/** The sum over all worlds, those of earlier starts included. A file of another seed or length is refused. */
export async function campaign(file: string, { hours, seed }: { readonly hours: number; readonly seed: number }, onWorld?: (done: SimulationReport) => void): Promise<SimulationReport> {
  const lines = readLines(file);
  let sum = emptyReport();
  for (const [i, world] of worldsOf(hours, seed).entries()) {
    const kept = lines[i];
    if (kept !== undefined && (kept.seed !== world.seed || kept.hours !== world.hours)) throw new Error(`${file} line ${String(i + 1)} is of another campaign`);
    const report = kept?.report ?? (await simulateWorld(world));
    if (kept === undefined) appendFileSync(file, `${JSON.stringify({ ...world, report } satisfies Line)}\n`);
    sum = addReports(sum, report);
    onWorld?.(sum);
  }
  return sum;
}

/** A line that a kill cut short is dropped, so that its world is run again. */
function readLines(file: string): readonly Line[] {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole !== text) writeFileSync(file, whole);
  return whole.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as Line);
}
