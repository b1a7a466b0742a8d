import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSegmentJournal, JOURNAL_FOLDER } from "../../src/journal/segment-journal.ts";
import { explanationSchema, type Explanation } from "../../src/app/api/schemas/explanation.ts";
import { decisionAt, forecastFrom, type Scene } from "../fixtures/daemon/scene.ts";
import { serveFixture, type Served } from "../fixtures/daemon/served.ts";

const ROOT = join(import.meta.dirname, "../..");
const SCENE: Scene = { target: "checkout", group: "shop", baseDemand: 900, perReplica: 110, min: 2, max: 12 };
const PASSES = 4_000;
let workspace: string;
let data: string;
let served: Served;

beforeAll(async () => {
  workspace = mkdtempSync(join(tmpdir(), "foretide-explain-"));
  data = join(workspace, "data");
  const opened = await openSegmentJournal(join(data, JOURNAL_FOLDER));
  if (!opened.ok) throw new Error(opened.message);
  const journal = opened.value;
  const appends: Promise<unknown>[] = [];
  for (let index = 0; index < PASSES; index += 1) {
    const { decision, snapshot } = decisionAt(SCENE, 1_790_000_000 + 5 * index);
    const forecasts = { checkout: forecastFrom(SCENE, decision.timeSeconds) };
    appends.push(journal.appendPass({ group: "shop", snapshot, policyDigests: {}, decisions: [decision], intents: [], forecasts }));
  }
  await Promise.all(appends);
  await journal.close();
  served = await serveFixture({ token: "canary-explain" });
}, 120_000);
afterAll(async () => {
  await served.close();
  rmSync(workspace, { recursive: true, force: true });
});

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function foretide(args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  const { FORETIDE_URL: _url, FORETIDE_TOKEN: _token, ...clean } = process.env;
  return new Promise((resolve) => {
    execFile(process.execPath, [join(ROOT, "src/main.ts"), "explain", ...args], { cwd: workspace, env: { ...clean, ...env } }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

const atMaximum = `checkout@${String(1_790_000_000 + 5 * 40)}`;

describe("foretide explain, from the journal alone", () => {
  it("tells inputs with age, quantiles, each clamp, what bound and the decision without it, and the alternatives' cost and carbon", async () => {
    const { code, stdout, stderr } = await foretide(["--data", data, "--json", atMaximum]);
    expect([code, stderr]).toEqual([0, ""]);
    const told = explanationSchema.parse(JSON.parse(stdout));
    const { decision } = decisionAt(SCENE, 1_790_000_000 + 5 * 40);
    expect(told.decision).toEqual(JSON.parse(JSON.stringify(decision)));
    expect(told.inputs.find((input) => input.name === "demand")).toMatchObject({ value: decision.inputs["demand"] && "value" in decision.inputs["demand"] ? decision.inputs["demand"].value : -1, ageSeconds: 2.4, source: "otlp: http.server.request.duration" });
    expect(told.inputs.find((input) => input.name === "backlog")).toEqual({ name: "backlog", cause: "absent" });
    expect(told.quantiles.map(({ level }) => level)).toEqual([0.05, 0.5, 0.9, 0.99]);
    expect(told.steps.map(({ code: rule }) => rule)).toEqual(decision.reasons.map(({ code: rule }) => rule));
    expect(told.binding?.desiredReplicasWithout).toBe(decision.binding?.desiredReplicas);
    const onDemand = told.alternatives.find(({ name }) => name === "all on demand");
    expect(onDemand?.costPerHourUsd).toBeCloseTo(decision.desiredReplicas * 0.107, 6);
    expect(onDemand?.carbonGramsPerHour).toBeCloseTo(decision.desiredReplicas * (0.018 * 296 + 1.9), 6);
  });

  it("explains a target's newest decision, as text", async () => {
    const { code, stdout } = await foretide(["--data", data, "checkout", "--why-not", "scale-in"]);
    expect(code).toBe(0);
    expect(stdout).toContain(`[checkout@${String(1_790_000_000 + 5 * (PASSES - 1))}]`);
    expect(stdout).toContain("Why not scale-in?");
    expect(stdout).toContain("Rules, in order:");
    expect(stdout).not.toContain("\u001b[");
  });

  it("says what it does not know, and ends with 1", async () => {
    expect(await foretide(["--data", data, "nobody"])).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining('no target "nobody"') as string });
    expect(await foretide(["--data", join(data, "none"), "checkout"])).toMatchObject({ code: 1, stderr: expect.stringContaining("there is no journal") as string });
  });
});

describe("foretide explain, from the daemon", () => {
  it("says the same as the API, with the token from a file", async () => {
    const file = join(data, "token");
    writeFileSync(file, "canary-explain\n");
    const page = await served.daemon.decisions.decisions({ limit: 1, target: "search" });
    const id = page.ok ? (page.value.decisions[0]?.decision.id ?? "") : "";
    const answer = await fetch(`${served.base}/api/v1/decisions/${encodeURIComponent(id)}/explanation?whyNot=4`, { headers: { authorization: "Bearer canary-explain" } });
    for (const subject of [id, "search"]) {
      const { code, stdout } = await foretide([subject, "--url", served.base, "--token-file", file, "--why-not", "4", "--json"]);
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toEqual(await answer.clone().json());
    }
  });

  it("says when it may not ask, when nobody answers, and how to ask", async () => {
    expect(await foretide(["search", "--url", served.base])).toMatchObject({ code: 1, stderr: expect.stringContaining("no bearer token") as string });
    expect(await foretide(["nobody", "--url", served.base], { FORETIDE_TOKEN: "canary-explain" })).toMatchObject({ code: 1, stderr: expect.stringContaining('no target "nobody"') as string });
    expect(await foretide(["search", "--url", "http://127.0.0.1:9"])).toMatchObject({ code: 1, stderr: expect.stringContaining("no daemon answers") as string });
    expect(await foretide(["search", "--token-file", "/none"])).toMatchObject({ code: 1, stderr: expect.stringContaining("cannot read the token") as string });
    expect((await foretide([])).code).toBe(64);
    expect((await foretide(["search", "--why-not", "more"])).code).toBe(64);
  });

  it("falls back to the journal in the working folder where no daemon answers, and says so", async () => {
    const { code, stdout, stderr } = await foretide([atMaximum, "--json"], { FORETIDE_URL: "http://127.0.0.1:9" });
    expect(code).toBe(0);
    expect(stderr).toBe("foretide: no daemon answers, so the journal in data is read\n");
    expect((JSON.parse(stdout) as Explanation).decision.id).toBe(atMaximum);
  });
});
