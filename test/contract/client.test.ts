import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ForetideClient, type Decision } from "../../clients/typescript/client.ts";
import { ForetideError } from "../../clients/typescript/transport.ts";
import { OPERATIONS } from "../../src/app/api/operations.ts";
import { BY, serveFixture, type Served } from "../fixtures/daemon/served.ts";

const TOKEN = "canary-client";
let served: Served;
let client: ForetideClient;

beforeEach(async () => {
  served = await serveFixture({ token: TOKEN, metrics: () => Promise.resolve("# HELP a b\n") });
  client = new ForetideClient({ baseUrl: served.base, token: TOKEN });
});
afterEach(() => served.close());

describe("the generated client", () => {
  it("is current: the script writes what is in the tree", () => {
    const root = join(import.meta.dirname, "../..");
    expect(() => execFileSync(process.execPath, [join(root, "scripts/generate-client.ts"), "--check"], { stdio: "pipe" })).not.toThrow();
  });

  it("has a method for every operation", () => {
    for (const { id } of OPERATIONS) expect(typeof (client as unknown as Record<string, unknown>)[id], id).toBe("function");
  });

  it("reads what the daemon holds, with parameters encoded", async () => {
    const { items } = await client.listTargets({ group: "shop" });
    expect(items.map(({ target }) => target)).toEqual(["checkout", "search"]);
    const forecasts = await client.listForecasts({ target: ["checkout", "search"] });
    expect(forecasts.items.map(({ target }) => target)).toEqual(["checkout", "search"]);
    const page = await client.listDecisions({ target: "checkout", limit: 3 });
    const [newest] = page.items;
    const id = newest?.decision.id ?? "";
    expect((await client.getDecision({ decision: id })).decision).toEqual(newest?.decision);
    expect((await client.explainDecision({ decision: id, whyNot: "rebalance" })).whyNot?.asked).toBe("rebalance");
    expect(await client.getLiveness()).toBe("ok\n");
    expect(await client.getMetrics()).toContain("HELP");
    expect((await client.getHistory({ target: "checkout", from: served.daemon.now() - 60, to: served.daemon.now() })).demand).toHaveLength(12);
  });

  it("writes once under one key, and ends what it wrote", async () => {
    const body = { kind: "pin", target: "checkout", replicas: 6, durationSeconds: 60, ...BY } as const;
    const first = await client.addOverride({ body, idempotencyKey: "mine" });
    expect(await client.addOverride({ body, idempotencyKey: "mine" })).toEqual(first);
    await client.addOverride({ body: { kind: "pause", target: "search", durationSeconds: 60, ...BY } });
    expect((await client.listOverrides()).items).toHaveLength(2);
    await client.removeOverride({ override: first.id, ...BY });
    expect((await client.listOverrides()).items).toHaveLength(1);
    expect((await client.setMode({ target: "search", body: { mode: "observe", ...BY } })).mode).toBe("observe");
    expect((await client.reloadPolicies({ body: BY })).changed).toEqual(["checkout"]);
    expect((await client.setKillSwitch({ body: { engaged: true, ...BY } })).engaged).toBe(true);
  });

  it("throws the daemon's problem, whole", async () => {
    const failed = await client.getTarget({ target: "no/body" }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(ForetideError);
    expect((failed as ForetideError).problem).toMatchObject({ status: 404, type: "urn:foretide:problem:not-found" });
    const stale = await client.setMode({ target: "search", ifMatch: '"x"', body: { mode: "full", ...BY } }).catch((error: unknown) => error);
    expect((stale as ForetideError).problem.status).toBe(412);
    const stranger = await new ForetideClient({ baseUrl: served.base }).getStatus().catch((error: unknown) => error);
    expect((stranger as ForetideError).problem.status).toBe(401);
  });

  it("throws also for what is no problem details", async () => {
    const server = createServer((_request, response) => { response.writeHead(502).end("<html>"); }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const proxied = new ForetideClient({ baseUrl: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}` });
    const failed = await proxied.getStatus().catch((error: unknown) => error);
    expect((failed as ForetideError).problem).toMatchObject({ type: "about:blank", status: 502 });
    server.close();
  });

  it("follows events, and takes up a lost connection after the last one seen", async () => {
    const abort = new AbortController();
    let connections = 0;
    let cut: (() => void) | undefined;
    const flaky: typeof fetch = (input, init) => {
      connections += 1;
      const dropped = new AbortController();
      cut = () => { dropped.abort(); };
      return fetch(input, { ...init, signal: AbortSignal.any([dropped.signal, abort.signal]) });
    };
    const follower = new ForetideClient({ baseUrl: served.base, token: TOKEN, fetch: flaky });
    const times: number[] = [];
    for await (const event of follower.streamEvents({ target: ["checkout"], type: ["decision"] }, { signal: abort.signal })) {
      if (event.type === "hello") served.daemon.tick();
      else times.push((event.data as { decision: Decision }).decision.timeSeconds);
      if (times.length === 1 && connections === 1) {
        cut?.();
        served.daemon.tick();
        served.daemon.tick();
      }
      if (times.length === 3) break;
    }
    abort.abort();
    expect(connections).toBe(2);
    const start = times[0] ?? 0;
    expect(times).toEqual([start, start + 5, start + 10]);
  });
});
