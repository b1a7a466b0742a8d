import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, describe, expect, it } from "vitest";

const folders: string[] = [];
afterEach(() => { for (const folder of folders.splice(0)) rmSync(folder, { recursive: true }); });

interface FileReport { readonly name: string; readonly status?: string; readonly tests: readonly string[] }

/** Runs CI's closing script over reports as vitest writes them. */
function summary(files: readonly FileReport[], { acceptance = "", failedStages = 0 } = {}): { readonly lines: readonly string[]; readonly code: number | null } {
  const root = mkdtempSync(join(tmpdir(), "foretide-summary-"));
  folders.push(root);
  mkdirSync(join(root, "docs"));
  mkdirSync(join(root, "reports"));
  writeFileSync(join(root, "docs/acceptance.md"), acceptance);
  const testResults = files.map(({ name, status, tests }) => ({
    name: join(root, name),
    status: status ?? (tests.includes("failed") ? "failed" : "passed"),
    assertionResults: tests.map((state) => ({ status: state, fullName: `${name} ${state}` })),
  }));
  writeFileSync(join(root, "reports/test.json"), JSON.stringify({ testResults }));
  const done = spawnSync(process.execPath, [resolve(".ci/summary.mjs"), "reports", String(failedStages)], { cwd: root, encoding: "utf8" });
  return { lines: done.stdout.trim().split("\n"), code: done.status };
}

describe("CI's last line", () => {
  it("is the sum over the reports, without the skipped part where nothing was skipped", () => {
    expect(summary([{ name: "test/a.test.ts", tests: ["passed", "passed"] }])).toEqual({ lines: ["2 passed, 0 failed"], code: 0 });
  });

  it("counts what was skipped and names it", () => {
    expect(summary([{ name: "test/a.test.ts", tests: ["passed", "skipped"] }])).toEqual({ lines: ["skipped: test/a.test.ts: test/a.test.ts skipped", "1 passed, 0 failed, 1 skipped"], code: 0 });
  });

  it("fails for a failed test, a file that did not load, a failed stage, and a run of nothing", () => {
    expect(summary([{ name: "test/a.test.ts", tests: ["passed", "failed"] }])).toMatchObject({ lines: ["1 passed, 1 failed"], code: 1 });
    expect(summary([{ name: "test/a.test.ts", tests: ["passed"] }, { name: "test/b.test.ts", status: "failed", tests: [] }])).toMatchObject({ lines: ["1 passed, 1 failed"], code: 1 });
    expect(summary([{ name: "test/a.test.ts", tests: ["passed"] }], { failedStages: 2 })).toMatchObject({ lines: ["1 passed, 2 failed"], code: 1 });
    expect(summary([])).toMatchObject({ lines: ["0 passed, 0 failed"], code: 1 });
  });

  it("fails where the acceptance list names a test that did not run or was skipped", () => {
    const acceptance = "| L1 | `test/a.test.ts` | 2026-11-24 |\n| L2 | `test/b.test.ts` and `test/c.test.ts` | 2026-11-24 |\n| L3 | unmet | |\n";
    const run = summary([{ name: "test/a.test.ts", tests: ["passed"] }, { name: "test/b.test.ts", tests: ["skipped"] }], { acceptance });
    expect(run.lines).toContain("acceptance: L2 names test/b.test.ts, which was skipped");
    expect(run.lines).toContain("acceptance: L2 names test/c.test.ts, which did not run");
    expect(run).toMatchObject({ code: 1 });
    expect(run.lines.at(-1)).toBe("1 passed, 2 failed, 1 skipped");
  });
});
