import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSegmentJournal } from "../../src/journal/segment-journal.ts";
import { canonicalJson } from "../../src/model/canonical-json.ts";
import { unwrap } from "../contract/history-store.contract.ts";
import { appendRecord, recordAt } from "../fixtures/journal-work.ts";
import { runForetide, type Ended } from "../fixtures/run-foretide.ts";

const RECORDS = 60;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "foretide-journal-command-"));
  const journal = unwrap(await openSegmentJournal(join(folder, "a", "journal"), { segmentBytes: 12_000 }));
  for (let sequence = 1; sequence <= RECORDS; sequence++) unwrap(await appendRecord(journal, recordAt(sequence)));
  await journal.close();
});
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

const foretide = (args: readonly string[], input = ""): Promise<Ended> => runForetide(["journal", ...args], { cwd: folder, input });

describe("foretide journal", () => {
  it("exports the records of a journal that a daemon holds, and imports them into another", async () => {
    const daemon = unwrap(await openSegmentJournal(join(folder, "a", "journal")));
    const exported = await foretide(["export", "--data", "a"]);
    await daemon.close();
    expect(exported.code).toBe(0);
    expect(exported.stdout).toBe(Array.from({ length: RECORDS }, (_, i) => `${canonicalJson(recordAt(i + 1))}\n`).join(""));
    expect(await foretide(["import", "--data", "b"], exported.stdout)).toEqual({ code: 0, stdout: `${String(RECORDS)} records imported\n`, stderr: "" });
    expect((await foretide(["export", "--data", "b"])).stdout).toBe(exported.stdout);
    expect((await foretide(["export", "--data", "b", "--from", String(RECORDS)])).stdout).toBe(`${canonicalJson(recordAt(RECORDS))}\n`);
  });

  it("checks a journal, and says what is damaged with exit code 3", async () => {
    expect(await foretide(["check", "--data", "a"])).toEqual({ code: 0, stdout: `${String(RECORDS)} records are whole, 0 are damaged\n`, stderr: "" });
    const sealed = join(folder, "a", "journal", readdirSync(join(folder, "a", "journal")).find((name) => name.endsWith(".sealed")) ?? "");
    const bytes = readFileSync(sealed);
    writeFileSync(sealed, Buffer.from(bytes).fill(0, 40, 60));
    const checked = await foretide(["check", "--data", "a"]);
    writeFileSync(sealed, bytes);
    expect(checked.code).toBe(3);
    expect(checked.stderr).toContain("is damaged at byte");
  });

  it("calls unknown work, a missing journal and a bad line bad usage", async () => {
    expect((await foretide(["polish"])).code).toBe(64);
    expect((await foretide(["check", "--data", "nowhere"])).code).toBe(64);
    expect(await foretide(["import", "--data", "c"], "what\n")).toEqual({ code: 64, stdout: "", stderr: "foretide journal: -: line 1 is no record of a journal\n" });
  });
});
