import { afterEach, describe, expect, it } from "vitest";
import type { DecisionQuery, Journal, JournalRecord } from "../../src/journal/journal.ts";
import type { Decision } from "../../src/model/decision.ts";
import { canonicalJson } from "../../src/model/canonical-json.ts";
import { installAt, intentOf, outcomeOf, passAt, T0 } from "../fixtures/journal-values.ts";
import { unwrap } from "./history-store.contract.ts";

export async function recordsOf(journal: Journal, from = 1): Promise<JournalRecord[]> {
  const records: JournalRecord[] = [];
  for await (const record of journal.read(from)) records.push(record);
  return records;
}

export async function pagesOf(journal: Journal, query: DecisionQuery): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = unwrap(await journal.decisions({ ...query, ...(cursor === undefined ? {} : { cursor }) }));
    pages.push(page.decisions.map((entry) => entry.decision.id));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return pages;
}

/** What every journal keeps to. `open` gives an empty one. */
export function journalContract(name: string, open: () => Promise<Journal>): void {
  describe(`journal: ${name}`, () => {
    const opened: Journal[] = [];
    const fresh = async (): Promise<Journal> => {
      const journal = await open();
      opened.push(journal);
      return journal;
    };
    afterEach(async () => {
      for (const journal of opened.splice(0)) await journal.close();
    });

    it("reads an empty journal", async () => {
      const journal = await fresh();
      expect(await recordsOf(journal)).toEqual([]);
      expect(unwrap(await journal.decisions({ limit: 10 }))).toEqual({ decisions: [], nextCursor: undefined });
      expect(unwrap(await journal.openIntents())).toEqual([]);
      expect(unwrap(await journal.latestCheckpoint("default"))).toBeUndefined();
      expect(await journal.decision("web@1")).toMatchObject({ ok: false, failure: "missing" });
    });

    it("gives back every record in order, byte for byte, whichever record it starts at", async () => {
      const journal = await fresh();
      const expected: unknown[] = [];
      for (let tick = 0; tick < 300; tick++) {
        const pass = passAt({ tick, group: tick % 3 === 0 ? "a" : "b", targets: tick % 5 === 0 ? ["web", "api"] : ["web"], intents: tick % 40 === 39, forecast: tick % 2 === 0 });
        expect(unwrap(await journal.appendPass(pass))).toBe(expected.length + 1);
        expected.push({ type: "pass", sequence: expected.length + 1, pass });
        if (tick % 100 !== 50) continue;
        unwrap(await journal.appendNote(T0, "override", { by: "someone", odd: NaN, list: [undefined, -0, Infinity] }));
        expected.push({ type: "note", sequence: expected.length + 1, timeSeconds: T0, kind: "override", detail: { by: "someone", odd: NaN, list: [undefined, -0, Infinity] } });
        unwrap(await journal.appendCheckpoint("a", T0 + tick, { tick, weights: Float64Array.of(0.1, NaN) }));
        expected.push({ type: "checkpoint", sequence: expected.length + 1, group: "a", timeSeconds: T0 + tick, state: { tick, weights: Float64Array.of(0.1, NaN) } });
      }
      expect((await recordsOf(journal)).map(canonicalJson)).toEqual(expected.map(canonicalJson));
      for (const from of [2, 63, 64, 65, 170]) expect((await recordsOf(journal, from)).map(canonicalJson)).toEqual(expected.slice(from - 1).map(canonicalJson));
    });

    it("keeps the order of the members of a snapshot, since a step may walk them", async () => {
      const journal = await fresh();
      const orders = [["web", "api", "db"], ["db", "web", "api"], ["web"], ["api", "web"], ["api", "web", "db"]];
      for (const [tick, targets] of orders.entries()) await journal.appendPass(passAt({ tick, targets }));
      const read = (await recordsOf(journal)).map((record) => (record.type === "pass" ? Object.keys(record.pass.snapshot.targets) : []));
      expect(read).toEqual(orders);
    });

    it("stores a fit with the pass that installs it, and resolves it on reading", async () => {
      const journal = await fresh();
      const install = installAt("web", "abc");
      unwrap(await journal.storeFit(install));
      await journal.appendPass(passAt({ tick: 0, installs: [install] }));
      await journal.appendPass(passAt({ tick: 1, installs: [installAt("web", "unannounced")] }));
      const [first, second] = await recordsOf(journal);
      expect(canonicalJson(first)).toBe(canonicalJson({ type: "pass", sequence: 1, pass: passAt({ tick: 0, installs: [install] }) }));
      expect(second?.type === "pass" && canonicalJson(second.pass.snapshot.installs)).toBe(canonicalJson([installAt("web", "unannounced")]));
    });

    it("reads a journal that holds a fit and no record yet", async () => {
      const journal = await fresh();
      unwrap(await journal.storeFit(installAt("web", "abc", 5_000)));
      unwrap(await journal.storeFit(installAt("api", "def", 5_001)));
      expect(await recordsOf(journal)).toEqual([]);
      unwrap(await journal.appendNote(T0, "first", 1));
      expect((await recordsOf(journal)).map((record) => record.sequence)).toEqual([1]);
    });

    it("pages through decisions newest first, without gap or repetition while more are appended", async () => {
      const journal = await fresh();
      for (let tick = 0; tick < 25; tick++) await journal.appendPass(passAt({ tick, targets: ["web", "api"] }));
      const first = unwrap(await journal.decisions({ limit: 7 }));
      await journal.appendPass(passAt({ tick: 25, targets: ["web", "api"] }));
      const ids = first.decisions.map((entry) => entry.decision.id);
      let cursor = first.nextCursor;
      while (cursor !== undefined) {
        const page = unwrap(await journal.decisions({ limit: 7, cursor }));
        ids.push(...page.decisions.map((entry) => entry.decision.id));
        cursor = page.nextCursor;
      }
      const expected = Array.from({ length: 25 }, (_, i) => 24 - i).flatMap((tick) => [`api@${String(T0 + tick * 15)}`, `web@${String(T0 + tick * 15)}`]);
      expect(ids).toEqual(expected);
    });

    it("filters decisions by target, kind and time", async () => {
      const journal = await fresh();
      for (let tick = 0; tick < 120; tick++) await journal.appendPass(passAt({ tick, targets: tick % 2 === 0 ? ["web"] : ["api", "web"] }));
      const at = (target: string, tick: number): string => `${target}@${String(T0 + tick * 15)}`;
      expect(await pagesOf(journal, { kind: "scale-out", target: "web", limit: 2 })).toEqual([[at("web", 119), at("web", 79)], [at("web", 39)]]);
      expect((await pagesOf(journal, { target: "api", fromSeconds: T0 + 15, toSeconds: T0 + 75, limit: 10 })).flat()).toEqual([at("api", 3), at("api", 1)]);
      expect(await pagesOf(journal, { target: "unknown", limit: 10 })).toEqual([[]]);
      expect((await pagesOf(journal, { limit: 1000 })).flat()).toHaveLength(180);
    });

    it("refuses a limit out of range and a foreign cursor", async () => {
      const journal = await fresh();
      for (const query of [{ limit: 0 }, { limit: 1001 }, { limit: 1.5 }, { limit: NaN }, { limit: 5, cursor: "no-cursor" }, { limit: 5, cursor: "" }]) {
        expect(await journal.decisions(query)).toMatchObject({ ok: false, failure: "permanent" });
      }
    });

    it("lists intents until their first outcome", async () => {
      const journal = await fresh();
      const passes = [39, 79, 119].map((tick) => passAt({ tick, intents: true }));
      for (const pass of passes) await journal.appendPass(pass);
      const intents = passes.flatMap((pass) => pass.intents);
      expect(unwrap(await journal.openIntents())).toEqual(intents);
      await journal.appendOutcome(outcomeOf(intents[1] ?? intentOf({} as Decision)));
      expect(unwrap(await journal.openIntents())).toEqual([intents[0], intents[2]]);
    });

    it("tells all of one decision: inputs, policy, forecast, outcomes in order", async () => {
      const journal = await fresh();
      for (let tick = 0; tick < 100; tick++) await journal.appendPass(passAt({ tick, intents: tick % 40 === 39, forecast: true }));
      const pass = passAt({ tick: 39, intents: true, forecast: true });
      const outcomes = pass.intents.flatMap((intent) => [outcomeOf(intent, "unknown", 1), outcomeOf(intent, "applied", 5)]);
      for (const outcome of outcomes) await journal.appendOutcome(outcome);
      const told = unwrap(await journal.decision(`web@${String(T0 + 39 * 15)}`));
      expect(canonicalJson(told)).toBe(canonicalJson({
        decision: pass.decisions[0], sequence: 40, group: "default", snapshot: pass.snapshot, policyDigest: "digest-of-web",
        forecast: pass.forecasts?.["web"], outcomes,
      }));
      expect(told.forecast?.mean).toBeInstanceOf(Float64Array);
      const page = unwrap(await journal.decisions({ kind: "scale-out", limit: 5 }));
      expect(page.decisions.map((entry) => entry.outcome?.kind)).toEqual([undefined, "applied"]);
    });

    it("gives the newest checkpoint of each group", async () => {
      const journal = await fresh();
      await journal.appendCheckpoint("a", 1, { n: 1 });
      await journal.appendCheckpoint("b", 2, { n: 2 });
      await journal.appendCheckpoint("a", 3, { n: 3 });
      expect(unwrap(await journal.latestCheckpoint("a"))).toEqual({ sequence: 3, state: { n: 3 } });
      expect(unwrap(await journal.latestCheckpoint("b"))).toEqual({ sequence: 2, state: { n: 2 } });
    });

    it("numbers appends asked at once in their order", async () => {
      const journal = await fresh();
      const numbers = await Promise.all(Array.from({ length: 200 }, (_, tick) => journal.appendPass(passAt({ tick, group: String(tick % 7) }))));
      expect(numbers.map((result) => unwrap(result))).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
      const ids = (await recordsOf(journal)).map((record) => (record.type === "pass" ? record.pass.decisions[0]?.timeSeconds : NaN));
      expect(ids).toEqual(Array.from({ length: 200 }, (_, tick) => T0 + tick * 15));
    });

    it("refuses appends after close", async () => {
      const journal = await fresh();
      await journal.close();
      expect(await journal.appendPass(passAt({ tick: 0 }))).toMatchObject({ ok: false });
    });
  });
}
