import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Daemon } from "../../src/app/daemon.ts";
import type { TargetMark } from "../../src/app/forecasts/mark-book.ts";
import { openSqliteHistory } from "../../src/history/sqlite-history.ts";
import { daemonOver } from "../fixtures/daemon/daemon-over.ts";

const DAY = 86_400;
const MAIN = join(import.meta.dirname, "../../src/main.ts");
let directory: string;
let daemon: Daemon;

async function start(): Promise<Daemon> {
  return await daemonOver(directory);
}

/** Two targets on a real day's rhythm: "old" with three weeks behind it, "new" with three hours, half as large. */
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "foretide-records-"));
  mkdirSync(join(directory, "policies"));
  mkdirSync(join(directory, "data"));
  for (const name of ["old", "new"]) {
    const spec = { mode: "observe", target: { simulated: { replicas: 3 } }, replicas: { min: 1, max: 40 }, demand: { metric: `${name}.requests`, extract: "rate" }, evaluationInterval: "5s", forecast: { step: "5m", horizon: "1d", history: "28d" } };
    writeFileSync(join(directory, "policies", `${name}.yaml`), JSON.stringify({ apiVersion: "foretide.dev/v1", kind: "Policy", metadata: { name }, spec }));
  }
  writeFileSync(join(directory, "foretide.yaml"), JSON.stringify({ listen: { http: { port: 0 }, otlpHttp: { port: 0 }, otlpGrpc: { port: 0 } }, data: { directory: join(directory, "data") }, policies: ["policies"] }));
  const history = await openSqliteHistory(join(directory, "data", "history.sqlite"));
  if (!history.ok) throw new Error(history.message);
  const end = Math.floor(Date.now() / 300_000) * 300;
  for (const [target, days, scale] of [["old", 21, 1], ["new", 0.125, 0.5]] as const) {
    const points = Array.from({ length: (days * DAY) / 300 }, (_, row) => {
      const timeSeconds = end - (row + 1) * 300;
      // Old was out for six hours, nine days ago.
      const isOut = target === "old" && row > 9 * 288 && row <= 9 * 288 + 72;
      const mean = isOut ? 0 : scale * (1_000 + 600 * Math.sin((2 * Math.PI * timeSeconds) / DAY) + 20 * Math.sin(row * 1.7));
      return { timeSeconds, mean, min: mean, max: mean, count: 1, coverage: 1 };
    });
    const imported = await history.value.importPoints({ target, signal: "demand", stepSeconds: 300 }, points);
    if (!imported.ok) throw new Error(imported.message);
  }
  await history.value.close();
  daemon = await start();
}, 180_000);
afterAll(async () => {
  await daemon.stop();
  rmSync(directory, { recursive: true, force: true });
});

const get = async <T>(path: string): Promise<T> => (await (await fetch(`http://127.0.0.1:${String(daemon.httpPort)}${path}`)).json()) as T;

async function until<T>(read: () => Promise<T> | T, holds: (value: T) => boolean): Promise<T> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    const value = await read();
    if (holds(value)) return value;
    await wait(50);
  }
  throw new Error("it never came to hold");
}

async function mark(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const url = `http://127.0.0.1:${String(daemon.httpPort)}`;
  return await promisify(execFile)(process.execPath, [MAIN, "mark", ...args, "--url", url]).then(({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }), (error: unknown) => {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  });
}

interface Quality {
  readonly model: string;
  readonly fittedAtSeconds?: number;
  readonly note: string;
}

describe("the daemon's record of its forecasts", () => {
  it("finds an outage of the past when it fits, and says in the forecast's health that it is not learned from", async () => {
    const quality = await until(() => get<Quality>("/api/v1/targets/old/forecast/quality"), ({ model }) => model === "auto");
    expect(quality.note).toContain("1 marked stretch is not learned from");
    const { items } = await get<{ items: TargetMark[] }>("/api/v1/targets/old/marks");
    expect(items).toMatchObject([{ kind: "outage", author: "foretide", automatic: true }]);
    expect((items[0]?.toSeconds ?? 0) - (items[0]?.fromSeconds ?? 0)).toBe(6 * 3_600);
  });

  it("lets a new target borrow the past of the one that is alike, and says so", async () => {
    await until(() => get<Quality>("/api/v1/targets/new/forecast/quality"), ({ model }) => model === "auto");
    // At the start nobody had been fitted yet who could lend: the next fit finds one.
    const made = await mark("new", "--kind", "deploy", "--from", new Date(Date.now() - 7_200_000).toISOString(), "--to", new Date(Date.now() - 7_100_000).toISOString(), "--reason", "a release", "--author", "ada");
    expect(made.code).toBe(0);
    const quality = await until(() => get<Quality>("/api/v1/targets/new/forecast/quality"), ({ note }) => note.includes("those of"));
    expect(quality.note).toMatch(/\d+ rows of its own: \d+ rows before them are those of "old" times 0\.[45]/u);
    const status = await get<{ forecast: { note: string } }>("/api/v1/targets/new");
    expect(status.forecast.note).toContain('those of "old"');
  });

  it("takes marks by the command line, keeps them over a restart, and lets them go", async () => {
    const listed = await mark("new");
    expect(listed.out).toMatch(/^m-[0-9a-f]{16} {2}deploy {2}20.*Z {2}ada: a release\n$/u);
    await daemon.stop();
    daemon = await start();
    expect((await mark("new")).out).toBe(listed.out);
    const id = listed.out.split(" ")[0] ?? "";
    expect((await mark("new", "--undo", id, "--reason", "it was none", "--author", "ada")).code).toBe(0);
    expect((await mark("new")).out).toBe("");
    expect(await mark("new", "--kind", "deploi", "--reason", "x", "--author", "ada")).toMatchObject({ code: 64, err: expect.stringContaining("--kind takes outage, deploy") as string });
    expect(await mark("nobody")).toMatchObject({ code: 1, err: 'foretide: there is no target "nobody"\n' });
    for await (const record of daemon.view.decisions.read(1)) {
      if (record.type === "note" && record.kind === "mark") expect(JSON.stringify(record.detail)).toContain("a release");
    }
  });

  it("measures how long each commit of the journal took, and tells the explanation's quantiles and age", async () => {
    await until(async () => (await fetch(`http://127.0.0.1:${String(daemon.httpPort)}/metrics`)).text(), (text) => /^foretide_journal_sync_duration_seconds_count \d*[1-9]/mu.test(text));
    const quality = await get<{ horizons: { horizonSeconds: number; matured: number }[]; trust: { uses: string }[] }>("/api/v1/targets/old/forecast/quality");
    expect(quality.horizons.map(({ horizonSeconds }) => horizonSeconds)).toEqual([300, 900, 3_600, 86_400]);
  });
});
