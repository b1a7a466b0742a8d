import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isInstalled, prometheus, type Rows, victoriaMetrics } from "../fixtures/range-servers.ts";
import { runForetide } from "../fixtures/run-foretide.ts";

/** Nine days of minutes: more than one answer of a server holds. */
const MINUTES = 9 * 1_440;
const END = Math.floor(Date.now() / 86_400_000) * 86_400;
const ROWS: Rows = Array.from({ length: MINUTES + 1 }, (_, minute) => [END - 60 * (MINUTES - minute), Math.round(900 - 500 * Math.cos((2 * Math.PI * (minute % 1_440)) / 1_440))]);
const POLICY = `apiVersion: foretide.dev/v1
kind: Policy
metadata: { name: web }
spec:
  target: { simulated: {} }
  replicas: { min: 2, max: 60 }
  demand: { metric: load, extract: gauge }
  scaling: { requestsPerSecondPerReplica: 100 }
  leadTime: 2m
  evaluationInterval: 60s
`;

interface Report {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly entries: readonly { readonly score: { readonly missShare: number; readonly replicaHours: number } }[];
}

describe.each([prometheus, victoriaMetrics])("a replay of what $name holds", ({ command, start }) => {
  const missing = isInstalled(command) ? "" : ` (skipped: ${command} is not installed; apt-get install ${command})`;
  describe.skipIf(missing !== "")(`of Debian${missing}`, () => {
    const folder = mkdtempSync(join(tmpdir(), "foretide-replay-"));
    const policy = join(folder, "web.yaml");
    const csv = join(folder, "demand.csv");
    let url = "";
    let stop: (() => Promise<void>) | undefined;
    beforeAll(async () => {
      mkdirSync(join(folder, "server"));
      writeFileSync(policy, POLICY);
      // A value at a time describes the minute before it.
      writeFileSync(csv, `timestamp,demand\n${ROWS.map(([time, value]) => `${String(time - 30)},${String(value)}`).join("\n")}\n`);
      ({ url, stop } = await start(join(folder, "server"), ROWS));
    });
    afterAll(async () => {
      await stop?.();
      rmSync(folder, { recursive: true, force: true });
    });

    it("asks for the policy's own signal, page by page, and equals the replay of the same rows in a file", async () => {
      const common = ["replay", "--policy", policy, "--against", "hpa", "--no-hindsight", "--format", "json", "--warm-up", "4"];
      const span = ["--from", String(END - 60 * MINUTES), "--to", String(END)];
      const [asked, read] = await Promise.all([runForetide([...common, ...span, "--history", url]), runForetide([...common, ...span, "--history", csv])]);
      expect(asked).toMatchObject({ code: 0, stderr: "" });
      const [fromServer, fromFile] = [JSON.parse(asked.stdout) as Report, JSON.parse(read.stdout) as Report];
      expect(fromServer.toSeconds).toBe(fromFile.toSeconds);
      for (const [at, { score }] of fromServer.entries.entries()) {
        expect(score.replicaHours).toBeCloseTo(fromFile.entries[at]?.score.replicaHours ?? NaN, 6);
        expect(score.missShare).toBeCloseTo(fromFile.entries[at]?.score.missShare ?? NaN, 12);
      }
    });

    it("is planned on, and the saved plan still holds when the server is asked again", async () => {
      const plan = join(folder, "plan.json");
      const made = await runForetide(["plan", "--policy", policy, "--history", url, "--query", "sum(load)", "--to", String(END), "--days", "4", "--out", plan]);
      expect(made).toMatchObject({ code: 0, stderr: "" });
      expect(await runForetide(["plan", "--check", plan])).toMatchObject({ code: 0 });
    });

    it("that holds nothing of the policy's signal is refused with the query that was asked", async () => {
      writeFileSync(join(folder, "other.yaml"), POLICY.replace("{ metric: load, extract: gauge }", "{ preset: http-rate, service: shop }"));
      const ended = await runForetide(["replay", "--policy", join(folder, "other.yaml"), "--history", url]);
      expect(ended).toMatchObject({ code: 64, stdout: "" });
      expect(ended.stderr).toContain('sum(rate(http_server_request_duration_seconds_count{job=~"(.+/)?shop"}[60s]))');
    });
  });
});
