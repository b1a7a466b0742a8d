import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serveFixture, type Served } from "../fixtures/daemon/served.ts";

const COMMAND = join(import.meta.dirname, "../../.venv/bin/schemathesis");
const TOKEN = "canary-schemathesis";
const missing = existsSync(COMMAND) ? "" : " (skipped: schemathesis is not in .venv; node test/fixtures/daemon/install-schemathesis.mjs)";
/** How many cases an operation gets in each phase; 10,000 for a release: FORETIDE_CASES=10000. */
const CASES = process.env["FORETIDE_CASES"] ?? "60";

let served: Served;

describe.skipIf(missing !== "")(`schemathesis against the API's own document${missing}`, () => {
  beforeAll(async () => {
    served = await serveFixture({ token: TOKEN, metrics: () => Promise.resolve("# HELP a b\n# TYPE a gauge\na 1\n") });
  });
  afterAll(() => served.close());

  it("finds no undocumented status, no answer beside its schema, no bad input taken and no good one refused", async () => {
    const { code, output } = await schemathesis([
      "--config-file", join(import.meta.dirname, "../fixtures/daemon/schemathesis.toml"), "run", `${served.base}/api/v1/openapi.json`,
      "--header", `Authorization: Bearer ${TOKEN}`,
      "--checks", "all",
      "--phases", "examples,coverage,fuzzing,stateful",
      "--max-examples", CASES,
      "--seed", "1",
      // A stream has no end to wait for; its suite is test/contract/api-events.test.ts.
      "--exclude-path", "/api/v1/events",
      "--suppress-health-check", "all",
      "--warnings", "off",
      "--output-truncate", "false",
    ]);
    expect(output.slice(-6_000)).toContain("No issues found");
    expect(code).toBe(0);
  }, 900_000);
});

function schemathesis(args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const hooks = { SCHEMATHESIS_HOOKS: "schemathesis_hooks", PYTHONPATH: join(import.meta.dirname, "../fixtures/daemon") };
    execFile(COMMAND, [...args], { env: { ...process.env, ...hooks, NO_COLOR: "1" }, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : error === null ? 0 : 1, output: stdout + stderr });
    });
  });
}
