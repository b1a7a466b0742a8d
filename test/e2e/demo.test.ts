import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { launchBrowser } from "../fixtures/browser.ts";

const MAIN = fileURLToPath(new URL("../../dist/src/main.js", import.meta.url));
const FIRST_LOOK_MS = 60_000;
const END_WITHIN_MS = 5_000;

interface Target {
  readonly replicas: { readonly ready?: number; readonly desired?: number; readonly baseline?: number };
  readonly signals: Readonly<Record<string, { readonly observation: { readonly kind: string; readonly value?: number } }>>;
  readonly forecast: { readonly model: string };
  readonly spend: { readonly costPerHourUsd?: number; readonly carbonGramsPerHour?: number };
}

/** The demo as `npm start` runs it after the build, on a port that is taken. */
describe("the demo", () => {
  const taken = createServer();
  let child: ChildProcess;
  let said = "";
  let page = "";

  beforeAll(async () => {
    taken.listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    child = spawn(process.execPath, [MAIN, "demo", "--port", String(port)], { stdio: ["ignore", "ignore", "pipe"] });
    child.stderr?.on("data", (chunk: Buffer) => { said += chunk.toString(); });
    for (let tries = 0; tries < 600 && page === ""; tries += 1) {
      page = /the page is on (http:\/\/[\d.:]+\/)/.exec(said)?.[1] ?? "";
      await wait(100);
    }
  }, FIRST_LOOK_MS);
  afterAll(() => {
    child.kill("SIGKILL");
    taken.close();
  });

  const target = async (): Promise<Target> => {
    const answer = (await (await fetch(`${page}api/v1/targets`)).json()) as { readonly items: readonly Target[] };
    const [first] = answer.items;
    if (first === undefined) throw new Error("no target");
    return first;
  };

  it("takes the next port where one is taken, and says so in one line", () => {
    const lines = said.split("\n").filter((line) => line.includes("is taken"));
    expect(lines).toHaveLength(1);
    expect(page).not.toContain(String((taken.address() as AddressInfo).port));
  });

  it("shows load, forecast, replicas, money and decisions within a minute", { timeout: FIRST_LOOK_MS + 30_000 }, async () => {
    const deadline = Date.now() + FIRST_LOOK_MS;
    let seen = await target();
    while (Date.now() < deadline && (seen.signals["demand"]?.observation.kind !== "value" || seen.replicas.baseline === undefined || seen.forecast.model === "" || seen.spend.costPerHourUsd === undefined)) {
      await wait(500);
      seen = await target();
    }
    expect(seen.signals["demand"]?.observation.value).toBeGreaterThan(100);
    expect(seen.replicas.ready).toBeGreaterThan(1);
    expect(seen.forecast.model).not.toBe("");
    expect(seen.spend.costPerHourUsd).toBeGreaterThan(0);
    expect(seen.spend.carbonGramsPerHour).toBeGreaterThan(0);
    const forecast = (await (await fetch(`${page}api/v1/targets/shop/forecast`)).json()) as { readonly horizonsSeconds: readonly number[] };
    expect(forecast.horizonsSeconds.length).toBeGreaterThan(10);
    const browser = await launchBrowser();
    const tab = await browser.newPage();
    await tab.goto(page);
    await tab.getByText("Latest decisions").waitFor({ timeout: 10_000 });
    expect(await tab.locator("canvas").count()).toBeGreaterThanOrEqual(2);
    await browser.close();
  });

  it("ends at once on SIGTERM and leaves no process", { timeout: 20_000 }, async () => {
    const children = childrenOf(child.pid ?? 0);
    expect(children.length).toBeGreaterThan(0);
    const begin = Date.now();
    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number | null];
    expect(code).toBe(0);
    expect(Date.now() - begin).toBeLessThan(END_WITHIN_MS);
    for (let tries = 0; tries < 50 && children.some((pid) => existsSync(`/proc/${String(pid)}`)); tries += 1) await wait(100);
    expect(children.filter((pid) => existsSync(`/proc/${String(pid)}`))).toEqual([]);
  });
});

function childrenOf(parent: number): readonly number[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return Number(readFileSync(`/proc/${String(pid)}/stat`, "utf8").split(") ")[1]?.split(" ")[1]) === parent;
    } catch {
      return false;
    }
  });
}
