import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { campaign } from "./campaign.ts";
import { FAULTS } from "./faults.ts";
import { INVARIANTS, type Invariant } from "./invariants.ts";
import { simulate } from "./simulate.ts";
import type { Sabotage } from "./world.ts";

const HOURS = 500;
/** Each bug that can be planted, and the invariant that must tell of it. */
const PLANTED: readonly (readonly [Sabotage, Invariant])[] = [
  ["no-minimum", "never-below-minimum"],
  ["no-maximum", "never-above-maximum"],
  ["absent-is-zero", "no-scale-in-on-bad-data"],
  ["resend-after-restart", "one-effect-per-decision"],
  ["hidden-input", "journal-replays"],
  ["deaf-to-pause", "pause-holds"],
  ["resend-after-restart", "one-write-per-key"],
  ["never-expires", "no-late-effect"],
  ["reads-zero", "zero-only-when-idle"],
];

/** Bugs that show in few worlds, or after days. */
const RARE: ReadonlySet<Sabotage> = new Set(["never-expires", "reads-zero"]);

describe("the simulation of the production code", () => {
  it(`keeps every invariant over ${String(HOURS)} simulated hours of faults and kills`, { timeout: 300_000 }, async () => {
    const report = await simulate(HOURS, 1);
    expect(report.violations).toEqual([]);
    for (const fault of FAULTS) expect(report.faults[fault], fault).toBeGreaterThan(5);
    for (const invariant of INVARIANTS) expect(report.checks[invariant], invariant).toBeGreaterThan(invariant === "zero-only-when-idle" ? 2 : 100);
    expect(report.writes).toBeGreaterThan(1_000);
  });

  it.each(PLANTED)("finds the planted bug %s by %s", { timeout: 300_000 }, async (sabotage, invariant) => {
    const [hours, seed] = RARE.has(sabotage) ? [150, 9] : [50, 7];
    const report = await simulate(hours, seed, { sabotage });
    expect(report.violations.map((violation) => violation.invariant)).toContain(invariant);
  });

  it("gives the same report for the same seed", { timeout: 300_000 }, async () => {
    expect(await simulate(20, 3)).toEqual(await simulate(20, 3));
  });

  it("goes on after a cut where its record ends, to the same report", { timeout: 300_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "foretide-campaign-"));
    const [whole, cut] = [join(folder, "whole"), join(folder, "cut")];
    const report = await campaign(whole, { hours: 60, seed: 5 });
    writeFileSync(cut, readFileSync(whole, "utf8").slice(0, -20));
    expect(await campaign(cut, { hours: 60, seed: 5 })).toEqual(report);
    await expect(campaign(cut, { hours: 60, seed: 6 })).rejects.toThrow("another campaign");
    rmSync(folder, { recursive: true });
  });
});
