import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { openSegmentJournal } from "../../src/journal/segment-journal.ts";
import { appendRecord, checkAfterCrash, recordAt } from "../fixtures/journal-work.ts";
import { PowerLossFiles } from "../fixtures/power-loss-files.ts";
import { seeded } from "../fixtures/seeded.ts";
import { unwrap } from "../contract/history-store.contract.ts";

/** The slow form asks for more: FORETIDE_CRASHES=20000. */
const CRASHES = Number(process.env["FORETIDE_CRASHES"] ?? 500);
const SEGMENT_BYTES = 12_000;
const folder = mkdtempSync(join(tmpdir(), "foretide-power-"));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

describe("journal under loss of power", () => {
  it(`keeps all that it acknowledged over ${String(CRASHES)} crashes, each at another operation`, async () => {
    const seed = Number(process.env["FORETIDE_SEED"] ?? 1);
    const random = seeded(seed);
    let disk = new Map<string, Buffer>();
    let [acknowledged, submitted] = [0, 0];
    for (let crash = 0; crash < CRASHES; crash++) {
      const files = new PowerLossFiles(disk, 1 + Math.floor(random() ** 2 * 40), random);
      const opened = await openSegmentJournal(folder, { files, segmentBytes: SEGMENT_BYTES });
      if (!opened.ok) expect(opened.message).toContain("no power");
      else {
        const journal = opened.value;
        try {
          acknowledged = await checkAfterCrash(journal, acknowledged, submitted);
        } catch (error) {
          throw new Error(`seed ${String(seed)}, crash ${String(crash)}: ${String(error)}`);
        }
        submitted = acknowledged;
        for (let lost = false; !lost;) {
          const round = Array.from({ length: 1 + Math.floor(random() * 4) }, (_, i) => recordAt(submitted + 1 + i));
          submitted += round.length;
          const results = await Promise.all(round.map((record) => appendRecord(journal, record)));
          for (const result of results) {
            if (result.ok) acknowledged = Math.max(acknowledged, result.value);
            else lost = true;
          }
          // Sealing has its turns between commits.
          await nextTurn();
          if (!lost && submitted % 40 < 4) lost = !(await journal.prune(0, 30_000)).ok;
        }
        await journal.close();
      }
      disk = files.survivors();
    }
    const last = unwrap(await openSegmentJournal(folder, { files: new PowerLossFiles(disk, Infinity, random), segmentBytes: SEGMENT_BYTES }));
    expect(await checkAfterCrash(last, acknowledged, submitted)).toBeGreaterThan(CRASHES);
    await last.close();
  }, 60_000 + CRASHES * 100);
});
