import { execFile } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serveFixture, type Served } from "../fixtures/daemon/served.ts";

const ROOT = join(import.meta.dirname, "../..");
let served: Served;
beforeAll(async () => {
  served = await serveFixture();
});
afterAll(() => served.close());

function foretide(args: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [join(ROOT, "src/main.ts"), ...args], { cwd: ROOT, env: { ...process.env, FORETIDE_URL: served.base } }, (error, out, err) => {
      done({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

describe("foretide right-size", () => {
  it("tells what a replica needs, and each machine with its saving and its risk", async () => {
    const { code, out } = await foretide(["right-size", "checkout"]);
    expect(code).toBe(0);
    expect(out).toContain("checkout: a replica needs 0.80 cores and 1.20 GiB, and costs $0.1070 per hour");
    expect(out).toMatch(/c6g\.large\s+2\s+\$0\.0340\s+68 %\s+6\.0 %\s+0\.0 %/u);
  });

  it("prints JSON, and ends with 1 for a target that measures nothing", async () => {
    const { code, out, err } = await foretide(["right-size", "--json", "search"]);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual([]);
    expect(err).toContain("spec.usage");
  });

  it("ends with 64 on a mistake in its arguments", async () => {
    expect((await foretide(["right-size", "--no-such"])).code).toBe(64);
  });
});
