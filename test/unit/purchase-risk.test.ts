import { describe, expect, it } from "vitest";
import { companyShare, splitByRegion, watchCompany } from "../../src/purchase/company.ts";
import { lossesPerHour, newDomain, poolRisk, watchDomain } from "../../src/purchase/domain-risk.ts";
import type { DomainMemory } from "../../src/purchase/purchase-request.ts";

const HOUR = 3600;

/** A domain watched by the minute; each entry is what is held and whether it would give more. */
function watched(from: DomainMemory, sights: readonly { held: number; room: boolean; disturbed?: boolean }[], start = 0): DomainMemory {
  return sights.reduce((before, { held, room, disturbed = false }, at) => watchDomain(before, { up: held > 0 || room, disturbed, held, room }, start + at * 60, start + (at + 1) * 60), from);
}

describe("the hazard of a domain", () => {
  it("is tight when it gives no more though nothing more was taken, until it gives again", () => {
    const open = watched(newDomain(0, true), [{ held: 2, room: true }, { held: 2, room: true }]);
    expect(open.tight).toBe(false);
    const tight = watched(open, [{ held: 2, room: false }, { held: 2, room: false }], 120);
    expect(tight).toMatchObject({ tight: true, lastLossSeconds: 0, quietSinceSeconds: 180 });
    expect(watched(tight, [{ held: 2, room: true }], 240).tight).toBe(false);
  });

  it("is not tight where our own order took the last of it", () => {
    const open = watched(newDomain(0, true), [{ held: 1, room: true }]);
    expect(watched(open, [{ held: 2, room: false }], 60).tight).toBe(false);
  });

  it("learns that what is left in a tight domain goes soon", () => {
    let memory = newDomain(0, true);
    for (let round = 0; round < 6; round += 1) memory = watched(memory, [...Array.from({ length: 240 }, () => ({ held: 1, room: true })), { held: 1, room: false }, { held: 1, room: false, disturbed: true }, { held: 1, room: true }], round * 243 * 60);
    const now = 6 * 243 * 60;
    const pooled = poolRisk([memory]);
    const loose = lossesPerHour({ ...memory, tight: false, quietSinceSeconds: now - 3 * HOUR }, pooled, 0.02, now);
    expect(lossesPerHour({ ...memory, tight: true }, pooled, 0.02, now)).toBeGreaterThan(10 * loose);
  });

  it("leaves the counts of an earlier version's bins behind", () => {
    const old: DomainMemory = { up: true, quietSinceSeconds: 0, lastLossSeconds: 0, losses: [9, 9, 9, 9], hours: [1, 1, 1, 1] };
    const now = watchDomain(old, { up: true, disturbed: false, held: 1, room: true }, 0, 60);
    expect(now.losses.reduce((sum, count) => sum + count, 0)).toBe(0);
    expect(now.hours.reduce((sum, hours) => sum + hours, 0)).toBeCloseTo(1 / 60, 9);
  });
});

describe("losses in company", () => {
  const regionOf = new Map([["a1", "a"], ["a2", "a"], ["b1", "b"]]);
  const domain = (lastLossSeconds: number, up = true): DomainMemory => ({ ...newDomain(0, up), lastLossSeconds });

  it("counts a loss beside another of its region, and those that come together", () => {
    const alone = watchCompany({ losses: 0, together: 0 }, new Map([["a1", domain(600)], ["a2", domain(0)], ["b1", domain(600)]]), regionOf, 600);
    expect(alone).toEqual({ losses: 1, together: 0 });
    expect(watchCompany(alone, new Map([["a1", domain(900, false)], ["a2", domain(960)], ["b1", domain(600)]]), regionOf, 960)).toEqual({ losses: 2, together: 1 });
  });

  it("prices a region only where two of its domains could be lost", () => {
    const share = companyShare({ losses: 10, together: 4 });
    expect(share).toBeCloseTo(0.25, 9);
    const split = splitByRegion([4, 2, 8, 0], [0, 0, 1, 1], share);
    expect(split.byRegion).toEqual([1, 0]);
    expect(split.alone).toEqual([3, 1.5, 8, 0]);
  });
});
