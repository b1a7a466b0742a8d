import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { LiveView, type ViewParts } from "../../../src/app/status/live-view.ts";
import { MarkBook, type TargetMark } from "../../../src/app/forecasts/mark-book.ts";
import { TargetBoard } from "../../../src/app/status/target-board.ts";
import { openMemoryHistory } from "../../../src/history/memory-history.ts";
import { openMemoryJournal } from "../../../src/journal/memory-journal.ts";
import { policyOf } from "../../fixtures/policy.ts";

const NOW_SECONDS = 1_700_000_040;

async function viewWithHistory(): Promise<LiveView> {
  const history = openMemoryHistory();
  const points = Array.from({ length: 100 }, (_, row) => ({ timeSeconds: NOW_SECONDS - (100 - row) * 60, mean: row, min: row, max: row, count: 1, coverage: 1 }));
  await history.importPoints({ target: "web", signal: "demand", stepSeconds: 60 }, points);
  const policy = policyOf();
  const target = { runtime: { policy }, board: new TargetBoard(policy, NOW_SECONDS) };
  return new LiveView({
    version: "test", clock: { nowSeconds: () => NOW_SECONDS }, journal: openMemoryJournal(), history,
    targets: new Map([["web", target]]),
  } as unknown as ViewParts);
}

describe("the history of a target", () => {
  it("answers a span that begins with the epoch from what is kept, in little memory", async () => {
    const view = await viewWithHistory();
    const before = process.memoryUsage.rss();
    const rows = await view.history("web", 0, NOW_SECONDS + 1);
    expect(rows.ok && rows.value.length).toBe(100);
    expect(process.memoryUsage.rss() - before).toBeLessThan(50 * 2 ** 20);
  });

  it("has nothing of a target that is not there", async () => {
    const rows = await (await viewWithHistory()).history("other", 0, NOW_SECONDS);
    expect(rows.ok).toBe(false);
  });
});

describe("a person's mark", () => {
  it("is noted and fitted without once, however often it is sent", async () => {
    const folder = mkdtempSync(join(tmpdir(), "foretide-view-"));
    const marks = await MarkBook.open(join(folder, "marks.json"));
    if (!marks.ok) throw new Error(marks.message);
    const journal = openMemoryJournal();
    const refits: string[] = [];
    const view = new LiveView({
      version: "test", clock: { nowSeconds: () => NOW_SECONDS }, journal, marks: marks.value,
      targets: new Map(["web", "other"].map((name) => [name, { outlook: { refit: () => refits.push(name) } }])),
    } as unknown as ViewParts);
    const mark: TargetMark = { id: "m-1", target: "web", kind: "deploy", fromSeconds: 1, toSeconds: 2, reason: "release", author: "ada", createdAtSeconds: NOW_SECONDS, automatic: false };
    for (const target of ["web", "web", "other"]) expect(await view.addMark({ ...mark, target })).toEqual({ ok: true, value: mark });
    const notes: unknown[] = [];
    for await (const record of journal.read(1)) if (record.type === "note") notes.push(record.kind);
    expect([notes, refits]).toEqual([["mark"], ["web"]]);
    await marks.value.close();
    rmSync(folder, { recursive: true, force: true });
  });
});

describe("a mode above the policy's", () => {
  it("conflicts with the policy, and changes nothing", async () => {
    const target = { runtime: { policy: policyOf({ mode: "recommend" }), modeLimit: undefined } };
    const view = new LiveView({ version: "test", clock: { nowSeconds: () => NOW_SECONDS }, targets: new Map([["web", target]]) } as unknown as ViewParts);
    expect(await view.setMode("web", "full", { author: "ada", reason: "now" })).toMatchObject({ ok: false, failure: "conflict" });
    expect(target.runtime.modeLimit).toBeUndefined();
  });
});
