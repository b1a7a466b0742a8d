import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TargetStatus } from "../../src/app/status/daemon-view.ts";
import { launchBrowser } from "../fixtures/browser.ts";
import { DaemonFixture } from "../fixtures/daemon/daemon-fixture.ts";
import { serveFixture, type Served } from "../fixtures/daemon/served.ts";

const COUNT = 1_000;
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** A thousand targets: one blind, one out of budget, one at its most, one that somebody else writes; the others calm. */
class FleetFixture extends DaemonFixture {
  override targets(): readonly TargetStatus[] {
    const [one] = super.targets();
    if (one === undefined) return [];
    return Array.from({ length: COUNT }, (_, i): TargetStatus => this.#of(one, i));
  }

  override target(name: string): TargetStatus | undefined {
    return this.targets().find((status) => status.target === name);
  }

  override history(_target: string, fromSeconds: number, toSeconds: number): ReturnType<DaemonFixture["history"]> {
    return super.history("checkout", fromSeconds, toSeconds);
  }

  override forecastQuality(_target: string): ReturnType<DaemonFixture["forecastQuality"]> {
    return super.forecastQuality("checkout");
  }

  #of(one: TargetStatus, i: number): TargetStatus {
    const { demand } = one.signals;
    const calm = { ...one, target: i === 0 ? "checkout" : `service-${String(i).padStart(4, "0")}`, group: `team-${String(i % 25)}`, labels: { tier: i % 10 === 0 ? "gold" : "silver" }, replicas: { ...one.replicas, ready: 4, desired: 4, pending: 0 }, gate: { open: true, code: "open", detail: "" }, errorBudgetUsedShare: 0.1, conditions: one.conditions.map((condition) => ({ ...condition, status: /Limited/.test(condition.type) ? "false" as const : "true" as const })) };
    if (i === 700 && demand !== undefined) return { ...calm, signals: { ...calm.signals, demand: { ...demand, observation: { kind: "absent", cause: "stale", detail: "" } } } };
    if (i === 500) return { ...calm, errorBudgetUsedShare: 1.2 };
    if (i === 300) return { ...calm, replicas: { ...calm.replicas, desired: calm.replicas.max, ready: calm.replicas.max } };
    if (i === 100) return { ...calm, gate: { open: false, code: "second-writer", detail: "an HPA" } };
    return calm;
  }
}

let pageDirectory: string;
let browser: Browser;
let served: Served;

beforeAll(async () => {
  pageDirectory = mkdtempSync(join(tmpdir(), "foretide-fleet-"));
  await build({ configFile: join(import.meta.dirname, "../../src/app/dashboard/vite.config.ts"), logLevel: "error", build: { outDir: pageDirectory } });
  browser = await launchBrowser();
  served = await serveFixture({ pageDirectory, daemon: new FleetFixture(Math.floor(Date.now() / 5_000) * 5, 60) });
}, 120_000);
afterAll(async () => {
  await browser.close();
  await served.close();
  rmSync(pageDirectory, { recursive: true, force: true });
});

async function visit(options: { readonly width?: number; readonly height?: number; readonly dark?: boolean; readonly hash?: string } = {}): Promise<{ readonly page: Page; readonly complaints: string[] }> {
  const context = await browser.newContext({ viewport: { width: options.width ?? 1440, height: options.height ?? 900 }, colorScheme: options.dark === true ? "dark" : "light" });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => { if (message.type() === "error") complaints.push(message.text()); });
  await page.goto(`${served.base}/${options.hash ?? ""}`);
  await page.locator(".fleet-rows a").first().waitFor();
  return { page, complaints };
}

const names = (page: Page): Promise<string[]> => page.locator(".fleet-name").allInnerTexts();

describe("the page of a thousand targets", () => {
  it("lists what needs attention first, and says why", async () => {
    const { page, complaints } = await visit();
    expect((await names(page)).slice(0, 5)).toEqual(["service-0700", "service-0500", "service-0100", "service-0300", "checkout"]);
    expect((await page.locator(".fleet-why").allInnerTexts()).slice(0, 4)).toEqual(["demand is stale", "error budget is used up", "someone else writes its count", "at its most, 40"]);
    expect(await page.locator(".fleet [role=status]").innerText()).toBe("4 of 1000 need attention");
    expect(await page.locator(".fleet-rows a").count()).toBeLessThan(60);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it("finds by name, group and label, and orders by name", async () => {
    const { page } = await visit();
    await page.getByLabel("Search name, group or label").fill("team-5 tier=gold");
    await expect.poll(() => page.locator(".fleet-rows a").count()).toBe(20);
    await page.getByLabel("Order").selectOption("name");
    expect((await names(page))[0]).toBe("service-0030");
    await page.getByLabel("Search name, group or label").fill("nothing such");
    await expect.poll(() => page.getByText("Nothing is called that.").count()).toBe(1);
    await page.context().close();
  });

  it("is walked through and opened by keyboard alone, and the address tells the target", async () => {
    const { page } = await visit();
    await page.getByLabel("Order").focus();
    await page.keyboard.press("Tab");
    for (const key of ["ArrowDown", "ArrowDown", "End", "Home", "ArrowDown"]) await page.keyboard.press(key);
    await expect.poll(() => page.evaluate("document.activeElement.getAttribute('data-row')")).toBe("1");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.url()).toContain("#service-0500");
    await expect.poll(() => page.locator(".picked").innerText()).toBe("service-0500");
    await page.keyboard.press("End");
    await expect.poll(() => page.evaluate("document.activeElement.getAttribute('data-row')")).toBe("999");
    await page.context().close();
  });

  it("leaves the list alone when the chosen target ticks", async () => {
    const { page } = await visit({ hash: "#checkout" });
    await page.locator(".connection.live").waitFor();
    await page.evaluate("window.touched = 0; new MutationObserver((all) => { window.touched += all.length; }).observe(document.querySelector('.fleet'), { subtree: true, childList: true, attributes: true, characterData: true });");
    for (let i = 0; i < 5; i++) { served.daemon.tick(); await page.waitForTimeout(300); }
    expect(await page.evaluate("window.touched")).toBe(0);
    await page.context().close();
  });

  it.each([{ dark: false, width: 1440 }, { dark: true, width: 1440 }, { dark: false, width: 390 }, { dark: true, width: 390 }])("is clean under axe and overflows nothing: $width pixels, dark $dark", async (look) => {
    const { page } = await visit(look);
    const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
    expect(violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`))).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
    if (process.env["FORETIDE_SHOTS"] !== undefined) await page.screenshot({ path: join(process.env["FORETIDE_SHOTS"], `fleet-${String(look.width)}-${look.dark ? "dark" : "light"}.png`) });
    await page.context().close();
  });
});
