import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { TrafficDesk, type SplitSettings, type TrafficParts } from "../../../src/app/traffic/traffic-desk.ts";
import { openMemoryJournal } from "../../../src/journal/memory-journal.ts";
import { failure, success } from "../../../src/model/result.ts";

const NOW = 1_795_521_600;
const SETTINGS: SplitSettings = { name: "shop", mode: "full", regions: { a: "shop-a", b: "shop-b" }, step: 0.5, settle: 1, switch: { simulated: {} } };

let folder: string;
const problems: string[] = [];
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), "foretide-traffic-")); });
afterEach(() => {
  problems.length = 0;
  rmSync(folder, { recursive: true, force: true });
});

async function open(settings: Partial<SplitSettings> = {}, parts: Partial<TrafficParts> = {}): Promise<TrafficDesk> {
  const opened = await TrafficDesk.open([{ ...SETTINGS, ...settings }], {
    now: () => NOW, journal: openMemoryJournal(), path: join(folder, "traffic.json"), killSwitch: { state: () => ({ engaged: false }) },
    target: () => ({ demandPerSecond: 10, readyReplicas: 10, perReplica: 100, maxReplicas: 20 }), allocated: () => undefined,
    floors: { list: () => [], add: () => success(undefined), remove: () => success(undefined) },
    onProblem: (split, reason) => { problems.push(`${split}: ${reason}`); },
    ...parts,
  });
  if (!opened.ok) throw new Error(opened.message);
  return opened.value;
}

const REQUEST = { id: "e-1", split: "shop", region: "a", reason: "packet loss", author: "ann", createdAtSeconds: NOW, expiresAtSeconds: NOW + 3_600 };

describe("the turns of the traffic desk", () => {
  it("do not queue behind a router that is slow: a person's word is next", async () => {
    let asked = 0;
    const router = createServer((_, response) => {
      asked += 1;
      setTimeout(() => response.setHeader("content-type", "application/json").end(JSON.stringify({ shares: { a: 0.5, b: 0.5 } })), 50);
    });
    await new Promise<void>((resolve) => { router.listen(0, "127.0.0.1", resolve); });
    process.env["FORETIDE_TEST_ROUTER"] = "a secret of the router";
    const desk = await open({ switch: { webhook: { url: `http://127.0.0.1:${String((router.address() as AddressInfo).port)}/split`, secretVariable: "FORETIDE_TEST_ROUTER" } } });
    const turns = Array.from({ length: 20 }, () => desk.tick());
    expect((await desk.evacuate(REQUEST)).ok).toBe(true);
    await Promise.all(turns);
    expect(asked).toBe(2);
    await desk.close();
    delete process.env["FORETIDE_TEST_ROUTER"];
    await new Promise((resolve) => router.close(resolve));
  });

  it("tell of a journal that takes no move, and send nothing", async () => {
    const journal = openMemoryJournal();
    const desk = await open({}, { journal: { appendNote: (at, kind, detail) => (kind === "traffic-intent" ? Promise.resolve(failure("transient", "the disk is full")) : journal.appendNote(at, kind, detail)) } });
    await desk.evacuate(REQUEST);
    await desk.tick();
    await desk.tick();
    expect(problems.at(-1)).toBe("shop: the journal did not take the move, so it was not sent: the disk is full");
    expect(desk.splits()[0]?.shares).toEqual({ a: 0.5, b: 0.5 });
  });

  it("tell of a bug and go on", async () => {
    const desk = await open({}, { target: () => { throw new Error("no status"); } });
    await desk.evacuate(REQUEST);
    await desk.tick();
    await desk.tick();
    expect(problems).toEqual(["shop: a turn threw: this is a bug: Error: no status", "shop: a turn threw: this is a bug: Error: no status"]);
  });
});

describe("an evacuation under way", () => {
  it.each([
    { what: "its split", settings: { name: "other" }, code: "split-removed", words: /no longer has the split shop/u },
    { what: "its region", settings: { regions: { b: "shop-b", c: "shop-c" } }, code: "region-removed", words: /no longer has the region a of shop/u },
  ])("ends, loudly and with its floors, where foretide.yaml no longer has $what", async ({ settings, code, words }) => {
    const before = await open();
    await before.evacuate(REQUEST);
    await before.tick();
    await before.close();
    const removed: string[] = [];
    const floor = { id: "traffic-shop-shop-b", target: "shop-b", kind: "floor", replicas: 4, reason: "", author: "ann", createdAtSeconds: NOW, expiresAtSeconds: NOW + 900 } as const;
    const after = await open(settings, { floors: { list: () => [floor], add: () => success(undefined), remove: (id) => { removed.push(id); return success(undefined); } } });
    expect(after.evacuations()).toMatchObject([{ id: "e-1", phase: "abandoned", code, note: expect.stringMatching(words) as string }]);
    expect(problems.at(-1)).toMatch(words);
    expect(removed).toEqual([floor.id]);
    await after.close();
    // Where the split is there again, the evacuation is over all the same, and another may begin.
    const again = await open();
    expect(again.splits()[0]?.evacuation).toBeUndefined();
    expect((await again.evacuate({ ...REQUEST, id: "e-2" })).ok).toBe(true);
    await again.close();
  });

  it("keeps another from beginning: a conflict", async () => {
    const desk = await open();
    await desk.evacuate(REQUEST);
    expect(await desk.evacuate({ ...REQUEST, id: "e-2", region: "b" })).toMatchObject({ ok: false, failure: "conflict", message: expect.stringContaining("a is being evacuated") as string });
    expect(await desk.evacuate({ ...REQUEST, id: "e-3", region: "constructor" })).toMatchObject({ ok: false, failure: "missing" });
  });
});
