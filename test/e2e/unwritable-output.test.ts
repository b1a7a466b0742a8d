import { execFile } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const MAIN = join(import.meta.dirname, "../../src/main.ts");

describe("an output that cannot be written", () => {
  it("is told in one line, with exit code 1", async () => {
    const { code, stderr } = await new Promise<{ readonly code: unknown; readonly stderr: string }>((resolve) => {
      execFile(process.execPath, [MAIN, "schema", "--write", "/dev/null/schema"], (error, _, text) => { resolve({ code: error?.code ?? 0, stderr: text }); });
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^foretide: ENOTDIR: .*\/dev\/null\/schema.*\n$/u);
  });
});
