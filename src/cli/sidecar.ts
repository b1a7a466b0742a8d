import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A small young generation, and bytecode alone: a daemon that thinks every few seconds has no use for a compiler's memory. */
const NODE_FLAGS = ["--max-semi-space-size=1", "--lite-mode", "--v8-pool-size=1"];

/**
 * glibc keeps what was freed below a block in use: with one arena, and larger blocks mapped by themselves, it goes back to the
 * system. The compile cache would hold all code a second time.
 */
const ENVIRONMENT = { MALLOC_ARENA_MAX: "1", MALLOC_MMAP_THRESHOLD_: "65536", MALLOC_TRIM_THRESHOLD_: "65536", UV_THREADPOOL_SIZE: "2", NODE_DISABLE_COMPILE_CACHE: "1" };

/**
 * `foretide sidecar`: `serve` for a place beside one service, in half the memory. The process becomes another (the same id, the
 * same signals): Node anew with flags that only a start can set, and the bundled server. What the environment sets stays as it is.
 */
export async function run(args: readonly string[]): Promise<number> {
  const bundle = fileURLToPath(new URL("../../bundle/server/main.js", import.meta.url));
  const main = existsSync(bundle) ? bundle : fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "../main.ts" : "../main.js", import.meta.url));
  if (process.platform === "win32" || args.includes("--help") || args.includes("-h")) return await serve(args);
  // It warns that execve is experimental; nobody is left to hear it.
  process.removeAllListeners("warning");
  process.execve?.(process.execPath, [process.execPath, ...process.execArgv, ...NODE_FLAGS, main, "serve", ...args], { ...ENVIRONMENT, ...process.env });
  return await serve(args);
}

/** Loaded only where this process stays: what is about to be replaced needs none of it. */
async function serve(args: readonly string[]): Promise<number> {
  return await (await import("./serve.ts")).run(args);
}
