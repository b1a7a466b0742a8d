import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import AxeBuilder from "@axe-core/playwright";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSqliteHistory } from "../../src/history/sqlite-history.ts";
import { openSegmentJournal } from "../../src/journal/segment-journal.ts";
import { launchBrowser } from "../fixtures/browser.ts";
import { unwrap } from "../contract/history-store.contract.ts";
import { runForetide, type Ended } from "../fixtures/run-foretide.ts";

const START = 1_700_006_400;
const MINUTES = 2 * 1_440;
const folder = mkdtempSync(join(tmpdir(), "foretide-replay-"));
const at = (name: string): string => join(folder, name);

/** Two days at a wave with a rush at noon of each. */
function loadAt(minute: number): number {
  const ofDay = minute % 1_440;
  return Math.round(900 - 500 * Math.cos((2 * Math.PI * ofDay) / 1_440) + (ofDay >= 720 && ofDay < 735 ? 500 : 0));
}

const POLICY = (spec: string): string => `apiVersion: foretide.dev/v1
kind: Policy
metadata: { name: web }
spec:
  target: { simulated: {} }
  replicas: { min: 2, max: 60 }
  demand: { metric: load, extract: gauge }
  utilization: { metric: cpu, extract: gauge }
  leadTime: 2m
  cost: { replicaPerHourUsd: 0.25 }
  ${spec}
`;

const foretide = (...args: readonly string[]): Promise<Ended> => runForetide(args);

beforeAll(() => {
  const rows = Array.from({ length: MINUTES }, (_, minute) => `${String(START + 60 * minute)},${String(loadAt(minute))}`);
  writeFileSync(at("demand.csv"), `timestamp,demand\n${rows.join("\n")}\n`);
  writeFileSync(at("web.yaml"), POLICY("scaling: { requestsPerSecondPerReplica: 100 }"));
  writeFileSync(at("lean.yaml"), POLICY("scaling: { by: per-replica, target: 95 }\n  behavior: { tolerance: 0%, scaleIn: { stabilization: 60s } }"));
});
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

const replay = (...args: readonly string[]): Promise<Ended> => foretide("replay", "--policy", at("web.yaml"), "--history", at("demand.csv"), "--warm-up", "1", ...args);

describe("foretide replay", () => {
  it("compares the policy with the peers, at their defaults and in hindsight, and with the optimum: misses, money and grams in every row", async () => {
    const ended = await replay("--format", "csv");
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    const [header = [], ...rows] = ended.stdout.trim().split("\n").map((line) => line.split(","));
    const table = rows.map((cells) => Object.fromEntries(header.map((name, column) => [name, cells[column] ?? ""])));
    expect(table.map((row) => (row[""] ?? "").replace(/ [\d.]+\)/, ")"))).toEqual([
      "web", "hpa", "hpa (best target)", "keda", "keda (best target)", "aws-target-tracking", "aws-target-tracking (best target)", "aws-predictive", "aws-predictive (best target)",
      "phpa", "phpa (best target)", "static", "static (best target)", "optimum at 0.100 %", "its proven bound", "optimum without shortage",
    ]);
    for (const row of table.slice(0, 14)) {
      expect(Number(row["kg CO2e"])).toBeGreaterThan(0);
      expect(Number(row["cost $"])).toBeCloseTo(0.25 * Number(row["replica-hours"]), 0);
    }
    for (const row of table.slice(0, 13)) for (const name of ["missed %", "bad minutes", "changes/day", "under %", "over %", "time under %", "time over %"]) expect(row[name]).toMatch(/^[\d.]+$/);
    const best = table.find((row) => (row[""] ?? "").startsWith("hpa (best"));
    expect(Number(best?.["missed %"])).toBeLessThanOrEqual(0.1);
  });

  it("gives the same bytes on one thread and on many", async () => {
    const [one, many] = await Promise.all(["1", "3"].map((threads) => replay("--format", "json", "--threads", threads, "--failed-starts", "0.1", "--start-sigma", "0.3", "--uneven", "0.1", "--lost", "0.05", "--retries", "0.5")));
    expect(one?.code).toBe(0);
    expect(many?.stdout).toBe(one?.stdout);
  });

  it("reads the same demand from the data folder of a stopped daemon, and from its journal", async () => {
    const points = Array.from({ length: MINUTES }, (_, minute) => ({ timeSeconds: START + 60 * minute, mean: loadAt(minute), min: 0, max: 0, count: 1, coverage: 1 }));
    const history = unwrap(await openSqliteHistory(at("data/history.sqlite")));
    unwrap(await history.importPoints({ target: "web", signal: "demand", stepSeconds: 60 }, points));
    await history.close();
    const journal = unwrap(await openSegmentJournal(at("data/journal")));
    for (let minute = 0; minute < 600; minute += 1) {
      const timeSeconds = START + 60 * minute;
      const absent = { kind: "absent", cause: "absent", detail: "" } as const;
      const web = { demand: { kind: "value", value: loadAt(minute), timeSeconds }, utilization: absent, missRatio: absent, backlog: absent, workload: absent, notices: [] } as const;
      unwrap(await journal.appendPass({ group: "web", snapshot: { timeSeconds, wake: "tick", epoch: 1, targets: { web }, installs: [], outcomes: [], overrides: [] }, policyDigests: {}, decisions: [], intents: [] }));
    }
    await journal.close();
    const common = ["replay", "--policy", at("web.yaml"), "--against", "hpa", "--no-hindsight", "--format", "json"];
    // One after the other: a history has one owner at a time, and while it has one the journal is read in its place.
    const stored = await foretide(...common, "--history", at("data"));
    const unknown = await foretide(...common, "--history", at("data"), "--from", String(START + 3 * 86_400));
    const [csv, journalled] = await Promise.all([foretide(...common, "--history", at("demand.csv")), foretide(...common, "--history", `journal:${at("data")}`)]);
    const report = (text: string): { readonly fromSeconds: number; readonly toSeconds: number; readonly entries: readonly { readonly score: unknown }[] } => JSON.parse(text) as ReturnType<typeof report>;
    // A stored mean holds in the middle of its minute; the rows of a file where they stand.
    expect(report(stored.stdout).toSeconds - report(csv.stdout).toSeconds).toBe(30);
    expect(report(stored.stdout).entries.length).toBe(2);
    expect(report(journalled.stdout).toSeconds - report(journalled.stdout).fromSeconds).toBeCloseTo(5 * 3_600, -3);
    expect(unknown).toMatchObject({ code: 64, stdout: "" });
    expect(unknown.stderr).toContain("two values of demand");
  });

  it.each<[string, readonly string[], RegExp]>([
    ["a history that is not there", ["--history", "nowhere.csv"], /nowhere\.csv/],
    ["a journal that is not there", ["--history", "journal:nowhere"], /no journal/],
    ["a share above one", ["--lost", "1.5"], /between 0 and 1/],
    ["a number that is none", ["--warm-up", "soon"], /expected a number/],
    ["an unknown baseline", ["--against", "magic"], /neither a baseline/],
    ["an unknown region", ["--region", "mars-1"], /no region "mars-1"/],
    ["an unknown policy", ["--target", "other"], /holds no policy "other": it has web/],
  ])("refuses %s with its name, exit code 64", async (_name, args, message) => {
    const ended = await replay(...args);
    expect(ended).toMatchObject({ code: 64, stdout: "" });
    expect(ended.stderr).toMatch(message);
  });

  it("says at once that a policy which can learn no capacity holds, as the daemon would", async () => {
    writeFileSync(at("blind.yaml"), POLICY("").replace(/ {2}utilization:.*\n/, ""));
    const ended = await foretide("replay", "--policy", at("blind.yaml"), "--history", at("demand.csv"), "--against", "hpa", "--no-hindsight");
    expect(ended.code).toBe(0);
    expect(ended.stderr).toContain("cannot be learned");
  });
});

describe("the replay's page", () => {
  let browser: Browser;
  beforeAll(async () => { browser = await launchBrowser(); }, 120_000);
  afterAll(async () => { await browser.close(); });

  it("shows figures and plots in a browser, from one file, without a script, an error or an obstacle", async () => {
    const ended = await replay("--format", "html", "--output", at("report.html"), "--against", "hpa,keda");
    expect(ended).toMatchObject({ code: 0, stdout: "" });
    expect(readFileSync(at("report.html"), "utf8")).not.toMatch(/<script|https?:\/\//);
    const page = await (await browser.newContext()).newPage();
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(pathToFileURL(at("report.html")).href);
    expect(await page.getByRole("heading", { level: 1 }).innerText()).toBe("Replay of web");
    expect(await page.locator("tbody tr").count()).toBe(8);
    expect(await page.getByRole("img", { name: /^Load, requests per second/u }).locator("polyline").count()).toBe(1);
    const replicas = page.getByRole("img", { name: /^Ready replicas over time: web, hpa, keda/u });
    expect(await replicas.locator("polyline").count()).toBe(3);
    const box = await replicas.locator("polyline").first().boundingBox();
    expect(box?.width).toBeGreaterThan(500);
    expect(box?.height).toBeGreaterThan(30);
    expect(await page.getByText(/^web: worst hour/u).count()).toBe(1);
    expect((await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id)).toEqual([]);
    expect(requests).toHaveLength(1);
    expect(complaints).toEqual([]);
  });
});

describe("foretide plan", () => {
  const plan = (...args: readonly string[]): Promise<Ended> =>
    foretide("plan", "--policy", at("lean.yaml"), "--against", at("web.yaml"), "--history", at("demand.csv"), "--days", "1", ...args);

  it("says what would change in replicas, dollars, grams and error-budget minutes, and by its exit code that something does", async () => {
    const ended = await plan("-detailed-exitcode", "--format", "markdown");
    expect(ended).toMatchObject({ code: 2, stderr: "" });
    expect(ended.stdout).toMatch(/error budget of 1\.4 minutes: \$ -\d+\.\d\d, -\d+\.\d\d kg CO2e, -\d+\.\d\d replicas, \+\d+\.\d\d error-budget minutes/);
    for (const name of ["planned", "now", "hpa", "perfect foresight", "planned − now", "planned − hpa", "planned − perfect foresight"]) expect(ended.stdout).toContain(`| ${name} |`);
    const same = await foretide("plan", "--policy", at("web.yaml"), "--against", at("web.yaml"), "--history", at("demand.csv"), "--days", "1", "-detailed-exitcode");
    expect(same.code).toBe(0);
    expect(same.stdout).toContain("nothing would change");
  });

  it("equals what replay says of the same policy over the same days", async () => {
    const [planned, replayed] = await Promise.all([plan("--format", "json"), foretide("replay", "--policy", at("lean.yaml"), "--history", at("demand.csv"), "--warm-up", "1", "--true-rate", "100", "--against", "hpa", "--format", "json")]);
    const row = (JSON.parse(planned.stdout) as { readonly planned: { readonly replicaHours: number; readonly missShare: number; readonly costUsd: number; readonly carbonGrams: number } }).planned;
    const [entry] = (JSON.parse(replayed.stdout) as { readonly entries: readonly { readonly score: typeof row }[] }).entries;
    expect(entry?.score).toMatchObject({ replicaHours: row.replicaHours, missShare: row.missShare, costUsd: row.costUsd, carbonGrams: row.carbonGrams });
  });

  it("is saved, shown again, and refused once the policy or the history has changed", async () => {
    const made = await plan("-out", at("plan.json"));
    const shown = await foretide("plan", "--show", at("plan.json"));
    expect(shown).toMatchObject({ code: 0, stdout: made.stdout });
    expect(await foretide("plan", "--check", at("plan.json"))).toMatchObject({ code: 0, stdout: "" });
    const [csv, policy] = [readFileSync(at("demand.csv"), "utf8"), readFileSync(at("lean.yaml"), "utf8")];
    writeFileSync(at("lean.yaml"), policy.replace("95", "94"));
    const edited = await foretide("plan", "--check", at("plan.json"));
    expect(edited.code).toBe(3);
    expect(edited.stderr).toContain("lean.yaml has changed");
    writeFileSync(at("lean.yaml"), policy);
    writeFileSync(at("demand.csv"), csv.replace(/,\d+\n$/, ",7\n"));
    const moved = await foretide("plan", "--check", at("plan.json"));
    expect(moved.code).toBe(3);
    expect(moved.stderr).toContain("says otherwise of the same days");
    writeFileSync(at("demand.csv"), csv);
    expect(await foretide("plan", "--show", at("demand.csv"))).toMatchObject({ code: 64 });
  });
});

describe("foretide replay of more than one demand", () => {
  const short = ["--against", "hpa", "--no-hindsight", "--format", "json"] as const;
  interface Entries { readonly entries: readonly { readonly name: string; readonly score: { readonly replicaHours: number }; readonly mates: readonly { readonly name: string; readonly score: { readonly replicaHours: number } }[] }[] }
  const rows = (cells: (minute: number) => string): string => Array.from({ length: 600 }, (_, minute) => `${String(START + 60 * minute)},${cells(minute)}`).join("\n");

  it("takes the policy's other signals from columns of their names, and says which is not there", async () => {
    writeFileSync(at("signals.yaml"), POLICY("scaling: { requestsPerSecondPerReplica: 100 }\n  signals:\n    - { name: connections, metric: open, extract: gauge, target: 20 }\n    - { name: busy, metric: busy, extract: gauge, by: utilization, target: 50% }"));
    writeFileSync(at("signals.csv"), `timestamp,demand,connections,busy,readyReplicas\n${rows((minute) => `${String(loadAt(minute))},${String(loadAt(minute))},0.2,10`)}\n`);
    const ended = await foretide("replay", "--policy", at("signals.yaml"), "--history", at("signals.csv"), ...short);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    const [web, hpa] = (JSON.parse(ended.stdout) as Entries).entries;
    expect(web?.score.replicaHours).toBeGreaterThan(3 * (hpa?.score.replicaHours ?? Infinity));
    const missing = await foretide("replay", "--policy", at("signals.yaml"), "--history", at("demand.csv"), ...short);
    expect(missing).toMatchObject({ code: 64, stdout: "" });
    expect(missing.stderr).toMatch(/^\S+demand\.csv:1: a replay of web needs the column connections/);
  });

  it("replays a group together: what one gets of a shared limit the other lacks", async () => {
    const two = (limit: number): string => `${POLICY(`scaling: { requestsPerSecondPerReplica: 100 }\n  shared: { maxReplicas: ${String(limit)}, priority: 10 }`).replace("name: web", "name: web, group: shop")}---\n${POLICY("scaling: { requestsPerSecondPerReplica: 100 }").replace("name: web", "name: api, group: shop")}`;
    writeFileSync(at("group.yaml"), two(14));
    writeFileSync(at("free.yaml"), two(100));
    writeFileSync(at("group.csv"), `timestamp,demand,api/demand\n${rows((minute) => `${String(loadAt(minute))},${String(loadAt(minute))}`)}\n`);
    const [tight, free] = await Promise.all(["group.yaml", "free.yaml"].map(async (file) => (JSON.parse((await foretide("replay", "--policy", at(file), "--history", at("group.csv"), ...short)).stdout) as Entries).entries[0]));
    expect(tight?.mates[0]).toMatchObject({ name: "api" });
    const piped = await runForetide(["replay", "--policy", at("group.yaml"), "--history", "-", ...short], { input: readFileSync(at("group.csv"), "utf8") });
    expect((JSON.parse(piped.stdout) as Entries).entries[0]?.mates).toEqual(tight?.mates);
    expect(tight?.mates[0]?.score.replicaHours).toBeLessThan(0.8 * (free?.mates[0]?.score.replicaHours ?? 0));
    const plan = await foretide("plan", "--policy", at("group.yaml"), "--against", at("free.yaml"), "--history", at("group.csv"), "--days", "0.2");
    expect(plan).toMatchObject({ code: 0 });
    expect(plan.stdout).toContain("beside it api:");
    const alone = await foretide("replay", "--policy", at("group.yaml"), "--history", at("demand.csv"), ...short);
    expect(alone).toMatchObject({ code: 64, stdout: "" });
    expect(alone.stderr).toContain("needs the column api/demand");
  });
});
