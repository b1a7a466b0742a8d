import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { readConfiguration, startDaemon } from "../../src/app/daemon.ts";
import { createLog } from "../../src/app/telemetry/log.ts";

let directory: string;
beforeEach(() => { directory = mkdtempSync(join(tmpdir(), "foretide-failed-start-")); });
afterEach(() => { rmSync(directory, { recursive: true, force: true }); });

describe("a start that fails", () => {
  it("leaves what earlier forecasts have scored as it was", async () => {
    for (const folder of ["policies", "data"]) mkdirSync(join(directory, folder));
    // A secret that is not set: the policy is sound, its actuator cannot be made.
    const spec = { mode: "observe", target: { webhook: { url: "http://127.0.0.1:9/size", secretVariable: "FORETIDE_TEST_UNSET" } }, replicas: { min: 1, max: 4 }, demand: { metric: "requests", extract: "rate" } };
    writeFileSync(join(directory, "policies", "web.yaml"), JSON.stringify({ apiVersion: "foretide.dev/v1", kind: "Policy", metadata: { name: "web" }, spec }));
    writeFileSync(join(directory, "foretide.yaml"), JSON.stringify({ listen: { http: { port: 0 }, otlpHttp: { port: 0 }, otlpGrpc: { port: 0 } }, data: { directory: join(directory, "data") }, policies: ["policies"] }));
    const scores = join(directory, "data", "forecast-scores.json");
    const kept = `${JSON.stringify({ format: 1, scores: { web: {} } })}\n`;
    writeFileSync(scores, kept);
    const loaded = readConfiguration(directory);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
    const started = await startDaemon({ configuration: loaded.configuration, reread: () => readConfiguration(directory), log: createLog({ level: "silent" }) });
    expect(started).toMatchObject({ ok: false });
    expect(readFileSync(scores, "utf8")).toBe(kept);
  });
});
