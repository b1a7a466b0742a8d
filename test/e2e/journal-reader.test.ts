import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { openSegmentJournal } from "../../src/journal/segment-journal.ts";
import { canonicalJson } from "../../src/model/canonical-json.ts";
import { unwrap } from "../contract/history-store.contract.ts";
import { recordAt } from "../fixtures/journal-work.ts";

const WRITER = fileURLToPath(new URL("../fixtures/journal-kill-child.ts", import.meta.url));
const ROUNDS = 12;
const folder = mkdtempSync(join(tmpdir(), "foretide-reader-"));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

describe("a reader beside a process that appends, seals and prunes", () => {
  it("reads only whole and right records, each time up to a newer one", async () => {
    const writer = spawn(process.execPath, [WRITER, folder, "1", "0"], { stdio: ["ignore", "pipe", "inherit"] });
    await once(writer.stdout, "data");
    writer.stdout.resume();
    try {
      let newest = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const journal = unwrap(await openSegmentJournal(folder, { readOnly: true }));
        expect(journal.damage).toEqual([]);
        let last = 0;
        for await (const record of journal.read(1)) {
          // Pruned before it came there, or on its way.
          if (record.type === "damaged") expect(record.detail).toMatch(/no longer in the journal|could not be read/);
          else expect(canonicalJson(record)).toBe(canonicalJson(recordAt(record.sequence)));
          last = record.type === "damaged" ? record.throughSequence : record.sequence;
        }
        const page = await journal.decisions({ limit: 5 });
        if (page.ok) for (const { decision } of page.value.decisions) expect(decision.target).toBe("web");
        expect(last).toBeGreaterThanOrEqual(newest);
        newest = last;
        await journal.close();
        await sleep(150);
      }
      expect(newest).toBeGreaterThan(60);
    } finally {
      writer.kill("SIGKILL");
      await once(writer, "exit");
    }
  });
});
