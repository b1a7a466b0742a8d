import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createApi } from "../../src/app/api/create-api.ts";
import { createLog } from "../../src/app/telemetry/log.ts";
import type { TargetStatus } from "../../src/app/status/daemon-view.ts";
import { launchBrowser } from "../fixtures/browser.ts";
import { DaemonFixture } from "../fixtures/daemon/daemon-fixture.ts";
import { serveFixture, type Served } from "../fixtures/daemon/served.ts";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const TOKEN = "canary-page";
let pageDirectory: string;
let browser: Browser;
const opened: Served[] = [];
const pages: Page[] = [];

beforeAll(async () => {
  pageDirectory = mkdtempSync(join(tmpdir(), "foretide-page-"));
  await build({ configFile: join(import.meta.dirname, "../../src/app/dashboard/vite.config.ts"), logLevel: "error", build: { outDir: pageDirectory } });
  browser = await launchBrowser();
}, 120_000);
afterAll(async () => {
  await browser.close();
  rmSync(pageDirectory, { recursive: true, force: true });
});
afterEach(async () => {
  await Promise.all(pages.splice(0).map((page) => page.context().close()));
  await Promise.all(opened.splice(0).map((served) => served.close()));
});

/** A fixture whose clock is the browser's, so that "now" is where the charts draw it. */
async function serve(options: Parameters<typeof serveFixture>[0] = {}): Promise<Served> {
  const daemon = options.daemon ?? new DaemonFixture(Math.floor(Date.now() / 5_000) * 5, 400);
  const served = await serveFixture({ pageDirectory, ...options, daemon });
  opened.push(served);
  return served;
}

interface Visit {
  readonly page: Page;
  readonly requests: string[];
  readonly complaints: string[];
}

async function visit(base: string, options: { readonly dark?: boolean; readonly width?: number; readonly hash?: string; readonly quiet?: boolean } = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: options.width ?? 1440, height: 1000 }, colorScheme: options.dark === true ? "dark" : "light" });
  const page = await context.newPage();
  pages.push(page);
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => { if (message.type() === "error" || message.type() === "warning") complaints.push(message.text()); });
  await page.goto(`${base}/${options.hash ?? ""}`);
  return { page, requests, complaints };
}

async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  return found.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`));
}

/** How many different colours a chart's canvas holds: a blank one holds a single colour. */
function coloursOf(page: Page, chart: string): Promise<number> {
  return page.getByRole("region", { name: chart }).locator("canvas").evaluate((element) => {
    const canvas = element as unknown as { width: number; height: number; getContext(kind: "2d"): { getImageData(x: number, y: number, w: number, h: number): { data: Uint8ClampedArray } } };
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const seen = new Set<number>();
    for (let index = 0; index < data.length; index += 4) seen.add(((data[index] ?? 0) << 16) | ((data[index + 1] ?? 0) << 8) | (data[index + 2] ?? 0));
    return seen.size;
  });
}

describe("the page", () => {
  it("shows load, forecast, replicas, money and decisions, from the daemon alone", async () => {
    const { base, daemon } = await serve();
    const { page, requests, complaints } = await visit(base);
    await page.getByRole("img", { name: /^Load over time/u }).waitFor();
    const status = daemon.target("checkout");
    await expect.poll(() => page.getByText("Saved against the HPA").count()).toBe(1);
    const tiles = await page.locator(".tiles").innerText();
    expect(tiles).toContain(`${String(status?.replicas.ready)} of ${String(status?.replicas.desired)}`);
    expect(tiles).toContain(`$${(status?.spend.costPerHourUsd ?? 0).toFixed(2)}`);
    expect(tiles).toContain("−38%");
    expect(tiles).toContain("p99 held 98.8%");
    expect(await page.locator(".legend").first().innerText()).toMatch(/Capacity [\s\S]*p99 in 30 s [\s\S]*p50 in 30 s [\s\S]*Load/u);
    expect(await page.locator(".legend").nth(1).innerText()).toMatch(/Ready[\s\S]*Desired[\s\S]*HPA would run[\s\S]*Needed, in hindsight/u);
    expect(await page.getByRole("region", { name: "Latest decisions" }).locator("tbody tr").count()).toBeGreaterThanOrEqual(5);
    await expect.poll(() => coloursOf(page, "Load requests/s")).toBeGreaterThan(20);
    await expect.poll(() => coloursOf(page, "Replicas")).toBeGreaterThan(20);
    expect(requests.filter((url) => !url.startsWith(`${base}/`))).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it("is drawn within five seconds of being asked for, in less than 60 kB", async () => {
    const { base } = await serve();
    const sizes: number[] = [];
    const { page } = await visit("about:blank");
    page.on("response", (response) => { if (!response.url().includes("/api/")) sizes.push(Number(response.headers()["content-length"] ?? 0)); });
    const started = performance.now();
    await page.goto(base);
    await page.locator(".chart canvas").first().waitFor();
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(60_000);
  });

  it("goes on by itself as the daemon decides", async () => {
    const { base, daemon } = await serve();
    const { page } = await visit(base);
    await page.locator(".connection.live").waitFor();
    for (let index = 0; index < 3; index += 1) daemon.tick();
    const newest = await daemon.decisions.decisions({ target: "checkout", limit: 1 });
    const text = newest.ok ? (newest.value.decisions[0]?.decision.reasons.findLast((reason) => reason.before !== reason.after)?.text ?? newest.value.decisions[0]?.decision.reasons[0]?.text ?? "") : "";
    await expect.poll(() => page.getByRole("region", { name: "Latest decisions" }).locator("tbody tr").first().innerText()).toContain(text);
    await expect.poll(() => page.locator(".tiles").innerText()).toContain(`${String(daemon.target("checkout")?.replicas.ready)} of`);
  });

  it("comes back after the daemon was gone", async () => {
    const { base, daemon, api } = await serve();
    const { page } = await visit(base);
    await page.locator(".connection.live").waitFor();
    const { port } = new URL(base);
    await api.close();
    await page.getByText("The daemon does not answer").waitFor();
    const again = await createApi(daemon, { log: createLog({ level: "silent" }), pageDirectory });
    await again.listen({ port: Number(port) });
    await page.locator(".connection.live").waitFor({ timeout: 15_000 });
    expect(await page.getByText("The daemon does not answer").count()).toBe(0);
    await again.close();
  });

  it("follows the target that is picked, and keeps it in the address", async () => {
    const { base } = await serve();
    const { page } = await visit(base);
    await page.getByLabel("Target").selectOption("search");
    await expect.poll(() => page.url()).toContain("#search");
    await expect.poll(() => page.locator(".mode").innerText()).toContain("Recommend");
    expect(await page.locator(".headline").innerText()).toContain("not carried out: recommend lets no write through");
  });
});

describe("the first look", () => {
  it("says in sentences what was decided and how money and misses stand against the HPA", async () => {
    const { base } = await serve();
    const { page } = await visit(base);
    const verdict = page.getByRole("region", { name: "Against the HPA" });
    await verdict.waitFor();
    expect(await verdict.innerText()).toMatch(/Foretide cost \$1\.84 less than the HPA would have, and missed 18 times fewer requests/u);
    expect(await verdict.innerText()).toContain("HPA 0.54%, Foretide 0.03%");
    expect(await page.locator(".headline .say").innerText()).toMatch(/(?:Holding \d+ replicas?|Scaling (?:out|in) from \d+ replicas? to \d+): /u);
  });

  it("shows where the load goes, where the target is one of several regions, and which is being left", async () => {
    const { base, daemon } = await serve();
    const evacuated = await daemon.traffic.evacuate({ id: "e-1", split: "shop", region: "us-east-1", reason: "a zone burns", author: "ada", createdAtSeconds: daemon.now(), expiresAtSeconds: daemon.now() + 3_600 });
    expect(evacuated.ok).toBe(true);
    const { page } = await visit(base);
    const card = page.getByRole("region", { name: "Traffic of shop" });
    await card.waitFor();
    expect(await card.innerText()).toMatch(/us-east-1[\s\S]*50%[\s\S]*eu-west-1[\s\S]*50%[\s\S]*Leaving: us-east-1 · begun · “a zone burns” \(ada\), returns in/u);
    expect(await violations(page)).toEqual([]);
    await page.getByLabel("Target").selectOption("invoices");
    await expect.poll(() => page.locator(".mode").innerText()).toContain("Observe");
    await expect.poll(() => card.count()).toBe(0);
  });
});

describe("money", () => {
  it("shows the budgets that cover the target, which will not hold and when, and the machines that would carry it for less", async () => {
    const { base } = await serve();
    const { page } = await visit(base);
    const budgets = page.getByRole("region", { name: "Budgets" });
    await budgets.getByText("checkout-day").waitFor();
    expect(await budgets.getByRole("listitem").filter({ hasText: "shop-carbon" }).innerText()).toMatch(/1\.5 kg spent, 3\.9 kg of 2 kg expected this day, passed in 2 h \(chance 99%\)/u);
    const row = page.getByRole("region", { name: "Right size" }).getByRole("row", { name: /c6g\.large/u });
    expect(await row.innerText()).toMatch(/2\s+68%\s+6%, 0%/u);
  });
});

describe("a challenger", () => {
  it("is compared with the champion and the HPA: replicas, cost, misses, changes, and what it would have saved", async () => {
    const { base, daemon } = await serve();
    const { page, complaints } = await visit(base);
    const card = page.getByRole("region", { name: "Challenger in shadow" });
    await card.waitFor();
    const compared = daemon.comparison("checkout");
    expect(await card.innerText()).toMatch(/it would have saved \$\d+\.\d\d, 1,234 more misses/u);
    expect(await card.innerText()).toContain("objective.errorBudget: 0.001 → 0.005");
    expect(await card.getByRole("rowheader").allInnerTexts()).toEqual(["Champion", "Challenger", "HPA"]);
    const row = await card.getByRole("row").nth(2).innerText();
    expect(row).toContain((compared?.contestants[1]?.replicaHours ?? NaN).toFixed(1));
    expect(row).toMatch(/1,544 \(0\.31%\)/u);
    expect(await violations(page)).toEqual([]);
    await page.evaluate("location.hash = 'search'");
    await expect.poll(() => card.count()).toBe(0);
    await expect.poll(() => page.locator(".headline").innerText()).toContain("recommend lets no write through");
    expect(await card.count()).toBe(0);
    expect(complaints).toEqual([]);
  });
});

describe("the forecasts on the page", () => {
  it("say how often they held, of how many, what stands in since when and why, and what was borrowed", async () => {
    const { base } = await serve();
    const { page, complaints } = await visit(base);
    const card = page.getByRole("region", { name: "Forecast", exact: true });
    await card.getByText("said 90%, was 91% of 1,204").waitFor();
    const text = await card.innerText();
    expect(text).toContain("38% less error than last season");
    expect(text).toMatch(/24 h ahead: last season stands in for 2 h: seasonal naive is used: the ensemble's recent error is 1\.12 times its/u);
    expect(await card.getByRole("img", { name: /^By day/u }).count()).toBe(4);
    await page.getByLabel("Target").selectOption("search");
    await card.getByText('those of "checkout" times 2.67').waitFor();
    await page.getByLabel("Target").selectOption("invoices");
    await card.getByText("No forecast has come due yet").waitFor();
    expect(complaints).toEqual([]);
  });

  it("mark a stretch that is not learned from, show it on the load, and undo it", async () => {
    const { base, daemon } = await serve();
    const { page } = await visit(base);
    await page.getByRole("img", { name: /Not learned from: deploy\./u }).waitFor();
    await page.getByRole("button", { name: "Mark a stretch…" }).click();
    await page.getByLabel("What it was").selectOption("one-off");
    await page.getByLabel("Reason").fill("a film was shown");
    await page.getByLabel("Your name").fill("ada");
    await page.getByRole("button", { name: "Mark it" }).click();
    await page.getByText("“a film was shown” · ada").waitFor();
    expect(daemon.marks("checkout").map(({ kind, toSeconds, fromSeconds }) => [kind, toSeconds - fromSeconds])).toContainEqual(["one-off", 3_600]);
    await page.getByRole("button", { name: /^Undo deploy/u }).click();
    await page.getByLabel("Reason").fill("it was none");
    await page.getByRole("button", { name: "Undo it" }).click();
    await expect.poll(() => daemon.mark("deploy-1")).toBeUndefined();
    expect(await violations(page)).toEqual([]);
  });
});

describe("a decision", () => {
  it("is explained by keyboard alone: steps, what bound, quantiles, alternatives and why not", async () => {
    const { base } = await serve();
    const { page } = await visit(base);
    const bound = page.locator("tbody tr button").filter({ hasText: "the highest need" }).first();
    await bound.focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog");
    await dialog.getByText("How it was reached").waitFor();
    const text = await dialog.innerText();
    expect(text).toMatch(/Forecast need\s+\d+ requests\/s expected at p99 in 30 s/u);
    expect(text).toContain("This bound. Without it:");
    expect(text).toMatch(/p99\s+[\d,]+/u);
    expect(text).toContain("All on demand");
    await dialog.getByRole("button", { name: "Rebalance" }).click();
    await dialog.getByText("No rule spoke of a rebalance").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    expect(await page.getByRole("dialog").count()).toBe(0);
    expect(await page.evaluate("document.activeElement.textContent")).toBe(await bound.textContent());
  });
});

describe("a person's hand", () => {
  it("pauses with a reason and a time limit, and ends it", async () => {
    const { base, daemon } = await serve();
    const { page } = await visit(base);
    await page.getByRole("button", { name: "Pause scale-in…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("For").selectOption("14400");
    await dialog.getByLabel("Reason").fill("sale at noon");
    await dialog.getByLabel("Your name").fill("ada");
    await dialog.getByRole("button", { name: "Pause scale-in" }).click();
    await page.getByText("“sale at noon” · ada").waitFor();
    const [made] = daemon.overrides();
    expect(made).toMatchObject({ kind: "pause-scale-in", target: "checkout", reason: "sale at noon", author: "ada" });
    expect((made?.expiresAtSeconds ?? 0) - (made?.createdAtSeconds ?? 0)).toBe(14_400);
    await page.getByRole("button", { name: "End pause scale-in" }).click();
    await page.getByRole("dialog").getByLabel("Reason").fill("sold out");
    await page.getByRole("button", { name: "End it" }).click();
    await page.getByText("None. Foretide decides by the policy alone.").waitFor();
    expect(daemon.overrides()).toEqual([]);
  });

  it("is told in words what the daemon refuses", async () => {
    const { base, daemon } = await serve();
    const { page } = await visit(base);
    await page.getByRole("button", { name: "Pin…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Replicas").evaluate((input: unknown) => { (input as { removeAttribute(name: string): void }).removeAttribute("max"); });
    await dialog.getByLabel("Replicas").fill("99");
    await dialog.getByLabel("Reason").fill("too much");
    await dialog.getByLabel("Your name").fill("ada");
    await dialog.getByRole("button", { name: "Pin", exact: true }).click();
    await dialog.getByText("99 is outside what the policy of \"checkout\" allows: 2 to 40").waitFor();
    expect(daemon.overrides()).toEqual([]);
  });

  it("sets the mode and stops every write", async () => {
    const { base, daemon } = await serve();
    const { page } = await visit(base);
    await page.locator(".mode").click();
    await page.getByRole("dialog").getByLabel("Observe").check();
    await page.getByLabel("Reason").fill("let us watch");
    await page.getByLabel("Your name").fill("ada");
    await page.getByRole("button", { name: "Set mode" }).click();
    await expect.poll(() => page.locator(".mode").innerText()).toContain("Observe");
    await page.getByRole("button", { name: "Stop all writes" }).click();
    await page.getByLabel("Reason").fill("incident 12");
    await page.getByRole("button", { name: "Stop every write" }).click();
    await page.getByText("Every write is stopped: “incident 12” (ada), by api.").waitFor();
    expect(daemon.killSwitch()).toMatchObject({ engaged: true, author: "ada" });
    expect(await violations(page)).toEqual([]);
  });
});

describe("what is not there", () => {
  it("is said: no target, no forecast, no value, not ready", async () => {
    const empty = await serve();
    Object.assign(empty.daemon, { targets: () => [], checks: [{ name: "policies", ok: false, detail: "none loaded" }] });
    const first = await visit(empty.base);
    await first.page.getByText("No target yet").waitFor();
    await first.page.getByText("Not ready yet: policies (none loaded).").waitFor();
    expect(await violations(first.page)).toEqual([]);

    const blind = await serve();
    const [checkout] = blind.daemon.targets();
    const unknown: TargetStatus = {
      ...(checkout as TargetStatus),
      signals: { demand: { observation: { kind: "absent", cause: "stale", detail: "last seen 90 s ago" }, unit: "requests/s", source: "otlp" } },
      capacity: undefined, errorBudgetUsedShare: undefined, forecast: { ...(checkout as TargetStatus).forecast, relativeError: undefined, coverage: undefined },
      spend: { sinceSeconds: 0, costPerHourUsd: undefined, carbonGramsPerHour: undefined, baselineCostPerHourUsd: undefined, baselineCarbonGramsPerHour: undefined, costUsd: undefined, baselineCostUsd: undefined, savedUsd: undefined, savedCarbonGrams: undefined },
      objective: undefined,
    };
    Object.assign(blind.daemon, { targets: () => [unknown], target: () => unknown, forecast: () => undefined });
    const second = await visit(blind.base);
    await second.page.getByText("No value: last seen 90 s ago").waitFor();
    const tiles = await second.page.locator(".tiles").innerText();
    expect(tiles).not.toMatch(/NaN|undefined|\$0|\b0%/u);
    expect(await second.page.getByRole("img", { name: /There is no forecast yet/u }).count()).toBe(1);
    expect(second.complaints).toEqual([]);
  });

  it("is asked for: the token of a daemon that has one", async () => {
    const { base } = await serve({ token: TOKEN });
    const { page } = await visit(base);
    const field = page.getByLabel("Bearer token");
    await field.waitFor();
    expect(await violations(page)).toEqual([]);
    await field.fill(TOKEN);
    await page.getByRole("button", { name: "Connect" }).click();
    await page.locator(".connection.live").waitFor();
    await page.locator(".chart canvas").first().waitFor();
  });
});

describe("everyone can use it", () => {
  it.each([
    ["light", {}],
    ["dark", { dark: true }],
    ["a phone", { width: 390 }],
  ])("axe finds nothing: %s", async (_name, options) => {
    const { base } = await serve();
    const { page } = await visit(base, options);
    await page.locator(".chart canvas").first().waitFor();
    await page.locator(".connection.live").waitFor();
    expect(await violations(page)).toEqual([]);
    const overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    expect(overflow).toBe(0);
  });
});
