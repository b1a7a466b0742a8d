import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");

/** What a new clone would hold, as the working tree has it. */
export function checkout(into: string): void {
  const files = spawnSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], { cwd: ROOT, encoding: "utf8" }).stdout.split("\0").filter((path) => path !== "" && existsSync(join(ROOT, path)));
  if (files.length === 0) throw new Error("this is no git checkout");
  for (const path of files) cpSync(join(ROOT, path), join(into, path));
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => { resolve(typeof address === "object" && address !== null ? address.port : 0); });
    });
  });
}

/** The ids of the processes that work in a folder or run a file of it (Linux). */
export function processesOf(folder: string): readonly number[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return pid !== process.pid && readFileSync(`/proc/${String(pid)}/cmdline`, "utf8").includes(folder);
    } catch {
      return false;
    }
  });
}
