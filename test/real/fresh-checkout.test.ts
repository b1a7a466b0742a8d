import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkout, freePort, processesOf } from "./checkout.ts";

// A new user's first minutes: an empty folder, the checkout, `npm start`. Twice; the second time without a network; ended by a signal.
let folder: string;
const started: ChildProcess[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "foretide-fresh-"));
  checkout(folder);
});

afterAll(() => {
  for (const child of started) child.kill("SIGKILL");
  for (const pid of processesOf(folder)) process.kill(pid, "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** An older Node where the machine has one: the launcher has to find its own way then. */
const OLDER = ["/usr/local/bin/node", "/usr/bin/node"].find((path) => existsSync(path) && Number(/^v(\d+)/.exec(spawnSync(path, ["-v"], { encoding: "utf8" }).stdout)?.[1] ?? 99) < 24);

interface Demo {
  readonly child: ChildProcess;
  readonly base: string;
  readonly secondsFromBuild: number;
  readonly ended: Promise<number | null>;
  said(): string;
}

async function npmStart(env: NodeJS.ProcessEnv): Promise<Demo> {
  const port = await freePort();
  const path = `${OLDER === undefined ? dirname(process.execPath) : dirname(OLDER)}:${process.env["PATH"] ?? ""}`;
  const child = spawn("npm", ["start", "--", "--port", String(port)], { cwd: folder, env: { ...process.env, PATH: path, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  started.push(child);
  let text = "";
  let builtAt = 0;
  const hear = (chunk: Buffer): void => {
    text += chunk.toString();
    if (builtAt === 0 && text.includes("the page is on")) builtAt = Date.now();
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  const ended = new Promise<number | null>((resolve) => child.on("exit", (code) => { resolve(code); }));
  for (let wait = 0; wait < 1200; wait++) {
    const base = /the page is on (http:\/\/127\.0\.0\.1:\d+)\//.exec(text)?.[1];
    if (base !== undefined && (await decisions(base)) > 0) return { child, base, secondsFromBuild: (Date.now() - builtAt) / 1000, ended, said: () => text };
    if (child.exitCode !== null) break;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`npm start did not come up:\n${text}`);
}

async function decisions(base: string): Promise<number> {
  try {
    const answer = await fetch(`${base}/api/v1/decisions`);
    if (!answer.ok) return 0;
    const body = (await answer.json()) as Readonly<Record<string, unknown>>;
    return Object.values(body).reduce<number>((most, value) => Math.max(most, Array.isArray(value) ? value.length : 0), 0);
  } catch {
    return 0;
  }
}

async function endWith(demo: Demo, signal: NodeJS.Signals): Promise<void> {
  const asked = Date.now();
  demo.child.kill(signal);
  await demo.ended;
  for (let wait = 0; wait < 40 && processesOf(folder).length > 0; wait++) await new Promise((resolve) => setTimeout(resolve, 100));
  expect(processesOf(folder), demo.said()).toEqual([]);
  expect(Date.now() - asked).toBeLessThan(10_000);
}

describe("a fresh checkout", () => {
  it("comes up with npm start: installed, built, the page served, decisions made within a minute; SIGTERM leaves no process", async () => {
    const demo = await npmStart({});
    expect(demo.said()).toContain("installing packages");
    expect(demo.secondsFromBuild).toBeLessThan(60);
    const page = await fetch(`${demo.base}/`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain("<script");
    await endWith(demo, "SIGTERM");
  }, 600_000);

  it("comes up again without a network; SIGINT leaves no process", async () => {
    const demo = await npmStart({ npm_config_registry: "http://127.0.0.1:9/", npm_config_offline: "true" });
    expect(demo.said()).not.toContain("installing packages");
    await endWith(demo, "SIGINT");
  }, 300_000);

  it("runs a test file with npm test, twice", () => {
    for (let run = 0; run < 2; run++) {
      const done = spawnSync("npm", ["test", "--", "test/unit/policy/effective-policy.test.ts"], { cwd: folder, encoding: "utf8", env: { ...process.env, npm_config_registry: "http://127.0.0.1:9/" } });
      expect(done.status, done.stdout + done.stderr).toBe(0);
    }
  }, 300_000);
});
