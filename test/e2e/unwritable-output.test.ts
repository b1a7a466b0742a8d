import { describe, expect, it } from "vitest";
import { runForetide } from "../fixtures/run-foretide.ts";

describe("an output that cannot be written", () => {
  it("is told in one line, with exit code 1", async () => {
    const { code, stderr } = await runForetide(["schema", "--write", "/dev/null/schema"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^foretide: ENOTDIR: .*\/dev\/null\/schema.*\n$/u);
  });
});
