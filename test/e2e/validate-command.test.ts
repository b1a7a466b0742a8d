import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, describe, expect, it } from "vitest";

const folders: string[] = [];
afterEach(() => { for (const folder of folders.splice(0)) rmSync(folder, { recursive: true }); });

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "foretide-cli-"));
  folders.push(folder);
  return folder;
}

function foretide(args: readonly string[], env: NodeJS.ProcessEnv = {}): { readonly code: number | null; readonly stdout: string; readonly stderr: string } {
  const done = spawnSync(process.execPath, [resolve("src/main.ts"), ...args], { encoding: "utf8", env: { ...process.env, ...env } });
  return { code: done.status, stdout: done.stdout, stderr: done.stderr };
}

const BAD = resolve("test/fixtures/policies/bad/many-at-once.yaml");

describe("foretide validate", () => {
  it("finds nothing wrong with the configuration that comes with the program", () => {
    expect(foretide(["validate", "config"])).toMatchObject({ code: 0, stdout: "" });
  });

  it("prints every error as file:line:column with a fix, and ends with 64", () => {
    const { code, stdout, stderr } = foretide(["validate", BAD]);
    expect(code).toBe(64);
    expect(stdout.trim().split("\n")).toHaveLength(7);
    expect(stdout).toContain('many-at-once.yaml:2:7: kind: "policy" is not Policy or PolicySet; did you mean "Policy"?');
    expect(stderr).toBe("foretide: 7 errors\n");
  });

  it("prints the same as JSON and as SARIF", () => {
    const json = JSON.parse(foretide(["validate", "--json", BAD]).stdout) as { valid: boolean; errors: { line: number; column: number; suggestion: string }[] };
    expect(json.valid).toBe(false);
    expect(json.errors[0]).toMatchObject({ line: 2, column: 7, path: "kind", suggestion: 'did you mean "Policy"?' });
    const sarif = JSON.parse(foretide(["validate", "--sarif", BAD]).stdout) as { version: string; runs: { results: { level: string; locations: unknown[] }[] }[] };
    expect(sarif.version).toBe("2.1.0");
    expect(sarif.runs[0]?.results).toHaveLength(7);
    expect(sarif.runs[0]?.results[0]?.locations[0]).toMatchObject({ physicalLocation: { region: { startLine: 2, startColumn: 7 } } });
  });

  it("says where a missing path is missing, and never shows a secret", () => {
    expect(foretide(["validate", "/nonexistent/policy.yaml"])).toMatchObject({ code: 64, stdout: "/nonexistent/policy.yaml:1:1: no such file or folder; correct the path\n" });
    const folder = emptyFolder();
    writeFileSync(join(folder, "foretide.yaml"), 'api: { token: "${env:FORETIDE_TOKEN}" }\nmodeCeiling: fully\n');
    const { code, stdout, stderr } = foretide(["validate", "--json", folder], { FORETIDE_TOKEN: "canary-5f3e" });
    expect(code).toBe(64);
    expect(`${stdout}${stderr}`).not.toContain("canary-5f3e");
  });
});

describe("foretide init", () => {
  it("writes a configuration that validates, with the modeline that leads an editor to the schema beside it", () => {
    const folder = emptyFolder();
    const made = foretide(["init", folder, "--name", "api", "--preset", "rpc", "--max", "30"]);
    expect(made.code).toBe(0);
    const policy = readFileSync(join(folder, "policies/api.yaml"), "utf8");
    const [, schema] = /^# yaml-language-server: \$schema=(\S+)/.exec(policy) ?? [];
    expect(existsSync(join(folder, "policies", schema ?? "-"))).toBe(true);
    expect(policy).toContain("max: 30");
    expect(foretide(["validate", "--json", folder])).toMatchObject({ code: 0 });
    expect(JSON.parse(foretide(["validate", "--json", folder]).stdout)).toMatchObject({ valid: true, policies: [{ name: "api", mode: "recommend" }] });
  });

  it("overwrites nothing unless it is told to, and writes nothing that would not validate", () => {
    const folder = emptyFolder();
    expect(foretide(["init", folder]).code).toBe(0);
    expect(foretide(["init", folder])).toMatchObject({ code: 1, stdout: "" });
    expect(foretide(["init", folder, "--force"]).code).toBe(0);
    const other = emptyFolder();
    expect(foretide(["init", other, "--preset", "htp-rate"])).toMatchObject({ code: 64, stdout: "" });
    expect(existsSync(join(other, "foretide.yaml"))).toBe(false);
  });
});
