import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { serveFixture, type Served } from "../fixtures/daemon/served.ts";
import { DaemonFixture } from "../fixtures/daemon/daemon-fixture.ts";
import { runForetide, type Ended } from "../fixtures/run-foretide.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => { for (const cleanup of cleanups.splice(0).reverse()) await cleanup(); });

const foretide = (...args: readonly string[]): Promise<Ended> => runForetide(args);

async function daemon(token?: string): Promise<Served> {
  const served = await serveFixture({ daemon: new DaemonFixture(Math.floor(Date.now() / 5_000) * 5, 1_500), ...(token !== undefined && { token }) });
  cleanups.push(() => served.close());
  return served;
}

function policyFile(target: string): { readonly path: string; readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), "foretide-daemon-"));
  cleanups.push(() => { rmSync(folder, { recursive: true, force: true }); });
  const path = join(folder, "policy.yaml");
  writeFileSync(path, `apiVersion: foretide.dev/v1
kind: Policy
metadata: { name: ${target} }
spec:
  target: { dry-run: {} }
  replicas: { min: 2, max: 40 }
  demand: { metric: load, extract: gauge }
  scaling: { by: per-replica, target: 100 }
  leadTime: 30s
  evaluationInterval: 5s
`);
  return { path, folder };
}

describe("a running daemon", () => {
  it("lends its history to a replay, and to a plan against the policy that it holds", async () => {
    const { base } = await daemon();
    const { path } = policyFile("checkout");
    const replayed = await foretide("replay", "--policy", path, "--history", `daemon:${base}`, "--against", "hpa", "--no-hindsight", "--format", "json");
    expect(replayed).toMatchObject({ code: 0, stderr: "" });
    const report = JSON.parse(replayed.stdout) as { readonly fromSeconds: number; readonly toSeconds: number };
    expect(report.toSeconds - report.fromSeconds).toBeGreaterThan(1_500);
    const planned = await foretide("plan", "--policy", path, "--against", `daemon:${base}`, "--days", "0.02", "--format", "json");
    expect(planned.code).toBe(0);
    expect(JSON.parse(planned.stdout)).toMatchObject({ policy: "checkout", planned: { name: "planned" }, now: { name: "now" }, hpa: { name: "hpa" } });
  });

  it("that does not know the target, or is not there, or asks for a token, is said plainly", async () => {
    const { base } = await daemon("a-secret");
    const { path, folder } = policyFile("nobody");
    const token = join(folder, "token");
    writeFileSync(token, "a-secret\n");
    const unknown = await foretide("replay", "--policy", path, "--history", `daemon:${base}`, "--bearer-token-file", token);
    expect(unknown).toMatchObject({ code: 64, stdout: "" });
    expect(unknown.stderr).toContain('there is no target "nobody"');
    const refused = await foretide("replay", "--policy", path, "--history", `daemon:${base}`);
    expect(refused).toMatchObject({ code: 64, stdout: "" });
    expect(refused.stderr).toContain("401");
    expect(refused.stderr).not.toContain("a-secret");
    expect(await foretide("replay", "--policy", path, "--history", "daemon:http://127.0.0.1:1")).toMatchObject({ code: 1, stdout: "" });
  });
});
