import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";

// The real launcher and the real npm, in a small project of its own whose one package is a folder: nothing is downloaded.
const PROJECT = {
  "package.json": JSON.stringify({ name: "probe", version: "1.0.0", private: true, scripts: { start: "exec node run.mjs start" }, dependencies: { typescript: "file:./compiler" } }),
  "compiler/bin/tsc": `
    import { mkdirSync, copyFileSync } from "node:fs";
    mkdirSync("dist/src", { recursive: true });
    copyFileSync("main.mjs", "dist/src/main.js");`,
  // A daemon that says what reached it. It ends a moment after a signal, as one that flushes its files does.
  "main.mjs": `
    import { writeFileSync, appendFileSync } from "node:fs";
    const end = (why) => { appendFileSync("said", why + "\\n"); setTimeout(() => process.exit(0), 200); };
    for (const name of ["SIGINT", "SIGTERM"]) process.on(name, () => end(name));
    if (process.connected) process.once("disconnect", () => end("disconnect"));
    setInterval(() => {}, 1000);
    writeFileSync("pid", String(process.pid));`,
};

const folders: string[] = [];
const children: ChildProcess[] = [];

function emptyFolderWithProject(): string {
  const folder = mkdtempSync(join(tmpdir(), "foretide-launcher-"));
  folders.push(folder);
  mkdirSync(join(folder, "compiler/bin"), { recursive: true });
  for (const [name, text] of Object.entries(PROJECT)) writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, "compiler/package.json"), JSON.stringify({ name: "typescript", version: "1.0.0", type: "module" }));
  copyFileSync("run.mjs", join(folder, "run.mjs"));
  const lock = spawnSync("npm", ["install", "--package-lock-only", "--offline", "--ignore-scripts"], { cwd: folder, encoding: "utf8" });
  if (lock.status !== 0) throw new Error(lock.stderr);
  return folder;
}

interface Launch {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly stderr: string }>;
}

function launch(folder: string, command: readonly string[], env: NodeJS.ProcessEnv = {}): Launch {
  const [program = "", ...args] = command;
  const child = spawn(program, args, { cwd: folder, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => { stderr += chunk.toString(); });
  child.stdout.resume();
  return { child, ended: new Promise((resolve) => child.on("close", (code) => { resolve({ code, stderr }); })) };
}

const node = (folder: string, args: readonly string[], env?: NodeJS.ProcessEnv): Launch => launch(folder, [process.execPath, "run.mjs", ...args], env);

async function appearance(path: string): Promise<string> {
  for (let wait = 0; wait < 400; wait++) {
    if (existsSync(path) && readFileSync(path, "utf8") !== "") return readFileSync(path, "utf8");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${path} did not appear`);
}

async function isGone(pid: number): Promise<boolean> {
  for (let wait = 0; wait < 100; wait++) {
    try { process.kill(pid, 0); } catch { return true; }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

const countOf = (text: string, part: string): number => text.split(part).length - 1;

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const folder of folders.splice(0)) {
    const pid = existsSync(join(folder, "pid")) ? Number(readFileSync(join(folder, "pid"), "utf8")) : 0;
    try { if (pid > 0) process.kill(pid, "SIGKILL"); } catch { /* it is gone, as it should be */ }
    rmSync(folder, { recursive: true, force: true });
  }
});

describe("the launcher, in a folder that was empty", () => {
  it("installs and builds once; the second time it needs neither npm nor a network", async () => {
    const folder = emptyFolderWithProject();
    const first = await node(folder, ["build"]).ended;
    expect(first).toMatchObject({ code: 0 });
    expect(countOf(first.stderr, "installing packages")).toBe(1);
    const second = await node(folder, ["build"], { PATH: "/nonexistent", npm_config_registry: "http://127.0.0.1:9/" }).ended;
    expect(second).toEqual({ code: 0, stderr: "" });
  });

  it("installs again when the lockfile has changed, by its content and not by its time", async () => {
    const folder = emptyFolderWithProject();
    await node(folder, ["build"]).ended;
    utimesSync(join(folder, "package-lock.json"), new Date(), new Date());
    expect((await node(folder, ["build"]).ended).stderr).toBe("");
    writeFileSync(join(folder, "package-lock.json"), `${readFileSync(join(folder, "package-lock.json"), "utf8")}\n`);
    expect((await node(folder, ["build"]).ended).stderr).toContain("installing packages");
  });

  it("installs once when two are started together", async () => {
    const folder = emptyFolderWithProject();
    const both = await Promise.all([node(folder, ["build"]).ended, node(folder, ["build"]).ended]);
    expect(both.map((one) => one.code)).toEqual([0, 0]);
    expect(both.reduce((sum, one) => sum + countOf(one.stderr, "installing packages"), 0)).toBe(1);
  });

  it("takes over the lock of a process that died, and waits for one that lives", async () => {
    const folder = emptyFolderWithProject();
    const dead = spawnSync(process.execPath, ["-e", ""]).pid;
    mkdirSync(join(folder, ".runtime"));
    writeFileSync(join(folder, ".runtime/install.lock"), String(dead));
    expect(await node(folder, ["build"]).ended).toMatchObject({ code: 0 });
    rmSync(join(folder, "node_modules"), { recursive: true });
    writeFileSync(join(folder, ".runtime/install.lock"), String(process.pid));
    const waiting = node(folder, ["build"]);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(waiting.child.exitCode).toBeNull();
    rmSync(join(folder, ".runtime/install.lock"));
    const done = await waiting.ended;
    expect(done.code).toBe(0);
    expect(done.stderr).toContain("waiting for it");
  });

  it.each(["SIGTERM", "SIGINT"] as const)("hands %s on once, waits for the end, and leaves no process", async (signal) => {
    const folder = emptyFolderWithProject();
    const started = node(folder, ["start"]);
    const pid = Number(await appearance(join(folder, "pid")));
    started.child.kill(signal);
    // What npm sends on top of what the terminal sent.
    started.child.kill(signal);
    expect((await started.ended).code).toBe(0);
    expect(await isGone(pid)).toBe(true);
    expect(readFileSync(join(folder, "said"), "utf8")).toBe(`${signal}\n`);
  });

  it("ends what it started when it is itself killed with no chance to say so", async () => {
    const folder = emptyFolderWithProject();
    const started = node(folder, ["start"]);
    const pid = Number(await appearance(join(folder, "pid")));
    started.child.kill("SIGKILL");
    expect(await isGone(pid)).toBe(true);
    expect(readFileSync(join(folder, "said"), "utf8")).toBe("disconnect\n");
  });

  it("leaves nothing when `npm start` is told to end", async () => {
    const folder = emptyFolderWithProject();
    const started = launch(folder, ["npm", "start"]);
    const pid = Number(await appearance(join(folder, "pid")));
    started.child.kill("SIGTERM");
    await started.ended;
    expect(await isGone(pid)).toBe(true);
  });

  const older = ["/usr/local/bin/node", "/usr/bin/node"].find((path) => existsSync(path) && Number(/^v(\d+)/.exec(spawnSync(path, ["-v"], { encoding: "utf8" }).stdout)?.[1] ?? 99) < 24);
  const runtime = join(import.meta.dirname, "../../.runtime/node-24.21.0");
  it.skipIf(older === undefined || !existsSync(join(runtime, ".complete")))("runs on an older Node with the runtime that was installed once (skipped where no older Node is at hand)", async () => {
    const folder = emptyFolderWithProject();
    mkdirSync(join(folder, ".runtime"));
    symlinkSync(runtime, join(folder, ".runtime/node-24.21.0"));
    const bin = older ?? "";
    const { ended, child } = launch(folder, [bin, "run.mjs", "node", "-e", "require('fs').writeFileSync('pid', process.version)"], { PATH: `${join(bin, "..")}:${process.env["PATH"] ?? ""}` });
    expect(child.pid).toBeDefined();
    expect((await ended).code).toBe(0);
    expect(readFileSync(join(folder, "pid"), "utf8")).toBe("v24.21.0");
    rmSync(join(folder, "pid"));
  });
});
