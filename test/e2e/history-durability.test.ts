import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import type { HistoryStore, SignalKey } from "../../src/history/history-store.ts";
import { SqliteEngine } from "../../src/history/sqlite-engine.ts";
import { failureOf } from "../../src/history/sqlite-file.ts";
import { openSqliteHistory } from "../../src/history/sqlite-history.ts";
import type { Series } from "../../src/model/series.ts";
import { point, unwrap } from "../contract/history-store.contract.ts";
import { seeded } from "../fixtures/seeded.ts";

const KILLS = Number(process.env["FORETIDE_KILLS"] ?? 15);
const CHILD = fileURLToPath(new URL("../fixtures/history-kill-child.ts", import.meta.url));
const FILLER = fileURLToPath(new URL("../fixtures/history-fill-child.ts", import.meta.url));
const WEB: SignalKey = { target: "web", signal: "demand", stepSeconds: 60 };
const folder = mkdtempSync(join(tmpdir(), "foretide-durable-"));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

/** How many steps from the first on a file holds, asked without the worker; 0 where it is no history yet. */
function leadingValues(path: string, steps: number): number {
  let engine: SqliteEngine;
  try {
    engine = new SqliteEngine(path);
  } catch (error) {
    if (failureOf(error, path) === undefined) throw error;
    return 0;
  }
  const [answer] = engine.handle([{ kind: "read", key: WEB, from: 0, to: steps * 60 }]);
  engine.close();
  const { values } = (answer === undefined ? undefined : unwrap(answer)) as Series;
  const gap = values.findIndex((value) => Number.isNaN(value));
  return gap === -1 ? values.length : gap;
}

const open = async (path: string): Promise<HistoryStore> => unwrap(await openSqliteHistory(path));

describe("embedded history under kill -9", () => {
  it(`keeps every acknowledged point, once, over ${String(KILLS)} kills`, async () => {
    const path = join(folder, "killed.db");
    const random = seeded(7);
    let next = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const child = spawn(process.execPath, [CHILD, path, String(next)], { stdio: ["ignore", "pipe", "inherit"] });
      let out = "";
      child.stdout.on("data", (chunk) => {
        if (out === "") setTimeout(() => child.kill("SIGKILL"), random() * 80);
        out += String(chunk);
      });
      await once(child, "close");
      const whole = out.split("\n").slice(0, -1);
      const acknowledged = Number(whole.findLast((line) => line.startsWith("a"))?.slice(1) ?? next - 1);
      const submitted = Number(whole.findLast((line) => line.startsWith("s"))?.slice(1) ?? next - 1);
      const store = await open(path);
      for (const target of ["web", "api", "db"]) {
        const points = unwrap(await store.readPoints({ ...WEB, target }, 0, (submitted + 10) * 60));
        expect(points.length).toBeGreaterThan(acknowledged);
        expect(points.length).toBeLessThanOrEqual(submitted + 1);
        expect(points).toEqual(points.map((_, slot) => ({ timeSeconds: slot * 60, mean: slot * 1.1, min: slot, max: slot * 2, count: 3, coverage: 1 })));
        next = points.length;
      }
      await store.close();
    }
    expect(next).toBeGreaterThan(KILLS);
  }, 60_000 + KILLS * 3_000);
});

describe("embedded history and its file", () => {
  it("recovers all that was acknowledged from every prefix of its write-ahead log", async () => {
    const path = join(folder, "prefix.db");
    const store = await open(path);
    const sizes: number[] = [];
    for (let slot = 0; slot < 15; slot++) {
      unwrap(await store.append(WEB, [point(slot * 60, slot)]));
      sizes.push(statSync(`${path}-wal`).size);
    }
    const copy = join(folder, "prefix-copy.db");
    for (let length = 0; length <= (sizes.at(-1) ?? 0); length += 515) {
      copyFileSync(path, copy);
      copyFileSync(`${path}-wal`, `${copy}-wal`);
      truncateSync(`${copy}-wal`, length);
      const durable = sizes.filter((size) => size <= length).length;
      expect(leadingValues(copy, 15)).toBeGreaterThanOrEqual(durable);
      rmSync(copy);
      rmSync(`${copy}-wal`, { force: true });
    }
    await store.close();
  });

  it("opens again what it closed, on both rhythms", async () => {
    const path = join(folder, "again.db");
    const first = await open(path);
    await first.append(WEB, Array.from({ length: 300 }, (_, slot) => point(slot * 60, slot)));
    await first.close();
    const second = await open(path);
    expect([...unwrap(await second.read(WEB, 0, 300 * 60)).values]).toEqual(Array.from({ length: 300 }, (_, slot) => slot));
    expect([...unwrap(await second.read({ ...WEB, stepSeconds: 3600 }, 0, 7200)).values]).toEqual([29.5, 89.5]);
    expect(unwrap(await second.append(WEB, [point(0, 5)])).droppedLate).toBe(1);
    await second.close();
  });

  it("is refused to a second owner while the first has it, and given after", async () => {
    const path = join(folder, "owned.db");
    const first = await open(path);
    expect(await openSqliteHistory(path)).toMatchObject({ ok: false, failure: "transient", message: `${path} is in use by another process` });
    await first.close();
    await (await open(path)).close();
  });

  it("refuses a file that is something else, and leaves it as it is", async () => {
    const path = join(folder, "notes.txt");
    writeFileSync(path, "these are my notes\n".repeat(100));
    const before = readFileSync(path);
    expect(await openSqliteHistory(path)).toMatchObject({ ok: false, failure: "permanent", message: expect.stringContaining("not a history of Foretide") as string });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("refuses a database of another program, and one of a newer format", async () => {
    const { DatabaseSync } = await import("node:sqlite");
    const other = join(folder, "other.db");
    new DatabaseSync(other).exec("CREATE TABLE t (x); INSERT INTO t VALUES (1)");
    expect(await openSqliteHistory(other)).toMatchObject({ ok: false, failure: "permanent", message: expect.stringContaining("not a history of Foretide") as string });
    const newer = join(folder, "newer.db");
    await (await open(newer)).close();
    const raised = new DatabaseSync(newer);
    raised.exec("PRAGMA user_version = 99");
    raised.close();
    expect(await openSqliteHistory(newer)).toMatchObject({ ok: false, failure: "permanent", message: expect.stringContaining("newer Foretide (format 99") as string });
  });

  it("says which part is damaged, never gives it as gaps, and still reads the rest", async () => {
    const path = join(folder, "damaged.db");
    const store = await open(path);
    await store.append(WEB, Array.from({ length: 600 }, (_, slot) => point(slot * 60, 7_000 + slot)));
    await store.append({ ...WEB, target: "api" }, [point(0, 1)]);
    await store.close();
    const bytes = readFileSync(path);
    const value = Buffer.alloc(8);
    value.writeDoubleLE(7_130);
    for (let at = bytes.indexOf(value); at >= 0; at = bytes.indexOf(value, at + 1)) bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const damaged = await open(path);
    expect(await damaged.read(WEB, 0, 600 * 60)).toMatchObject({ ok: false, failure: "permanent", message: expect.stringContaining("the chunk of web/demand from 1970-01-01T02:00:00.000Z is damaged") as string });
    expect(unwrap(await damaged.read(WEB, 0, 120 * 60)).values[0]).toBe(7_000);
    expect(unwrap(await damaged.read({ ...WEB, target: "api" }, 0, 60)).values[0]).toBe(1);
    await damaged.close();
  });

  it("gives the right values or a failure, never others, whichever page of the file is overwritten", async () => {
    const path = join(folder, "pages.db");
    const store = await open(path);
    const expected = Float64Array.from({ length: 1_500 }, (_, slot) => Math.sin(slot));
    const targets = Array.from({ length: 12 }, (_, target) => ({ ...WEB, target: String(target) }));
    for (const key of targets) await store.append(key, Array.from(expected, (mean, slot) => point(slot * 60, mean)));
    await store.close();
    const whole = readFileSync(path);
    let failures = 0;
    for (let page = 0; page < whole.length / 4096; page++) {
      const bytes = Buffer.from(whole);
      bytes.fill(0xa5, page * 4096 + 16, page * 4096 + 2_000);
      writeFileSync(path, bytes);
      let engine: SqliteEngine;
      try {
        engine = new SqliteEngine(path);
      } catch (error) {
        expect(failureOf(error, path)?.failure).toBe("permanent");
        expect(readFileSync(path).equals(bytes)).toBe(true);
        failures++;
        continue;
      }
      for (const answer of engine.handle(targets.map((key) => ({ kind: "read", key, from: 0, to: 90_000 })))) {
        if (answer.ok) expect((answer.value as Series).values).toEqual(expected);
        else failures++;
      }
      engine.close();
    }
    // Most pages are free: they held the writes that are in chunks now.
    expect(failures).toBeGreaterThan(30);
  });

  it("makes a full disk a failure, keeps what was acknowledged, and goes on when there is room", async () => {
    const path = join(folder, "full.db");
    // The shell's limit on a file's size stands for the disk's end: writes beyond it fail as on a full disk.
    const script = `trap '' XFSZ; ulimit -f 400; exec "${process.execPath}" "${FILLER}" "${path}"`;
    const { stdout } = await promisify(execFile)("bash", ["-c", script]);
    const told = JSON.parse(stdout) as { acknowledged: number; failure: string; message: string; readable: number };
    expect(told.failure).toBe("transient");
    expect(told.message).toContain("nothing of this write was kept");
    expect(told.acknowledged).toBeGreaterThan(10);
    expect(told.readable).toBe(told.acknowledged);
    const store = await open(path);
    const values = unwrap(await store.read(WEB, 0, told.acknowledged * 60 * 10 + 600)).values;
    expect(values.findIndex((value) => Number.isNaN(value))).toBe(told.acknowledged * 10);
    expect(unwrap(await store.append(WEB, [point(told.acknowledged * 600, 1)])).stored).toBe(1);
    await store.close();
  });
});
