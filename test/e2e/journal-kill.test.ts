import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { killAgainAndAgain } from "../fixtures/journal-kill.ts";
import { seeded } from "../fixtures/seeded.ts";

/** The slow form asks for more: FORETIDE_KILLS=5000. */
const KILLS = Number(process.env["FORETIDE_KILLS"] ?? 30);
const folder = mkdtempSync(join(tmpdir(), "foretide-kill-"));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

describe("journal under kill -9", () => {
  it(`loses nothing acknowledged and repeats nothing over ${String(KILLS)} kills, at write boundaries and at any time`, async () => {
    const records = await killAgainAndAgain({ folder, kills: KILLS, random: seeded(Number(process.env["FORETIDE_SEED"] ?? 1)) });
    expect(records).toBeGreaterThan(KILLS);
  }, 60_000 + KILLS * 3_000);
});
