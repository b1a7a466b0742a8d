import { request } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { OPERATIONS } from "../../src/app/api/operations.ts";
import { serveFixture, type Served } from "../fixtures/daemon/served.ts";

const TOKEN = "canary-4c1f0a";
const open: Served[] = [];
const serve = async (options: Parameters<typeof serveFixture>[0] = {}): Promise<Served> => {
  const served = await serveFixture(options);
  open.push(served);
  return served;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((served) => served.close()));
});

/** The status of a GET whose Host header says another name, as a rebound page's request would. */
function statusWithHost(base: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(`${base}/api/v1/status`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on("error", reject);
    sent.end();
  });
}

describe("a bearer token", () => {
  it("is asked of the API and of the metrics, not of probes and page", async () => {
    const { base } = await serve({ token: TOKEN, metrics: () => Promise.resolve("# HELP a b\n") });
    const status = async (path: string, authorization?: string) => (await fetch(base + path, authorization === undefined ? {} : { headers: { authorization } })).status;
    for (const path of ["/api/v1/status", "/api/v1/events", "/api/v1/nothing", "/metrics"]) {
      expect(await status(path), path).toBe(401);
      expect(await status(path, "Bearer wrong"), path).toBe(401);
      expect(await status(path, `Basic ${TOKEN}`), path).toBe(401);
    }
    expect(await status("/api/v1/status", `Bearer ${TOKEN}`)).toBe(200);
    expect(await status("/metrics", `bearer ${TOKEN}`)).toBe(200);
    for (const path of ["/healthz", "/readyz", "/"]) expect(await status(path), path).toBe(200);
  });

  it("that only reads is taken for every read and for no write, and the refusal says so", async () => {
    const { base, daemon } = await serve({ token: TOKEN, readToken: "reader-9b21", metrics: () => Promise.resolve("# HELP a b\n") });
    const ask = (method: string, path: string, token: string): Promise<Response> => fetch(base + path, { method, headers: { authorization: `Bearer ${token}`, "idempotency-key": `${method}${path}${token}`, "content-type": "application/json" }, ...(method !== "GET" && method !== "DELETE" && { body: JSON.stringify({ author: "ada", reason: "a test", engaged: true }) }) });
    for (const operation of OPERATIONS) {
      const path = operation.path.replace(/\{[^}]+\}|:[a-z]+/giu, "checkout");
      if (operation.method === "get" && operation.id.toLowerCase().includes("event")) continue;
      const answer = await ask(operation.method.toUpperCase(), path, "reader-9b21");
      if (operation.method === "get") expect([200, 404, 422, 400], path).toContain(answer.status);
      else {
        expect(answer.status, `${operation.method} ${path}`).toBe(403);
        expect(await answer.json()).toMatchObject({ type: "urn:foretide:problem:forbidden" });
      }
    }
    expect(daemon.calls).toEqual([]);
    expect((await ask("GET", "/metrics", "reader-9b21")).status).toBe(200);
    expect((await ask("GET", "/api/v1/status", "reader-9b22")).status).toBe(401);
  });

  it("is told how to be given, and never told back", async () => {
    const { base } = await serve({ token: TOKEN });
    const response = await fetch(`${base}/api/v1/status`, { headers: { authorization: `Bearer ${TOKEN}x` } });
    expect(response.headers.get("www-authenticate")).toBe('Bearer realm="foretide"');
    expect(await response.text()).not.toContain(TOKEN);
  });

  it("cannot be passed by odd spellings of the path", async () => {
    const { base } = await serve({ token: TOKEN });
    for (const path of ["//api/v1/status", "/%61pi/v1/status", "/api/v1/../v1/status", "/API/v1/status", "/api//v1/status", "/x/../api/v1/status", "/%2e/api/v1/status"]) {
      const answer = await new Promise<number | undefined>((resolve, reject) => {
        const sent = request({ host: "127.0.0.1", port: new URL(base).port, path }, (response) => { response.resume(); resolve(response.statusCode); });
        sent.on("error", reject);
        sent.end();
      });
      expect([401, 404], path).toContain(answer);
    }
  });
});

describe("the bind", () => {
  it("is refused beyond loopback without a token, before any port is open", async () => {
    const { api } = await serve();
    for (const host of ["0.0.0.0", "::", "192.0.2.1", "example.org"]) {
      const again = await serve();
      const bound = await again.api.listen({ port: 0, host });
      expect(bound).toMatchObject({ ok: false, failure: "permanent" });
      expect(bound.ok ? "" : bound.message).toContain("without a token");
    }
    expect(api.port).toBeGreaterThan(0);
  });

  it("takes the next free port when it may, and else says which is taken", async () => {
    const blocker = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => blocker.once("listening", resolve));
    const { port } = blocker.address() as AddressInfo;
    const { createApi } = await import("../../src/app/api/create-api.ts");
    const { createLog } = await import("../../src/app/telemetry/log.ts");
    const { daemon } = await serve();
    const api = await createApi(daemon, { log: createLog({ level: "silent" }) });
    const refused = await api.listen({ port });
    expect(refused).toMatchObject({ ok: false, failure: "transient" });
    expect(refused.ok ? "" : refused.message).toContain(String(port));
    const bound = await api.listen({ port, spare: 20 });
    expect(bound.ok && bound.value > port && bound.value <= port + 20).toBe(true);
    expect((await fetch(`http://127.0.0.1:${String(api.port)}/healthz`)).status).toBe(200);
    await api.close();
    blocker.close();
  });
});

describe("the Host header", () => {
  it("must name loopback, or a name that was allowed", async () => {
    const { base } = await serve({ allowedHosts: ["foretide.internal"] });
    expect(await statusWithHost(base, "localhost:8080")).toBe(200);
    expect(await statusWithHost(base, "127.0.0.1")).toBe(200);
    expect(await statusWithHost(base, "[::1]:8080")).toBe(200);
    expect(await statusWithHost(base, "Foretide.Internal:8080")).toBe(200);
    expect(await statusWithHost(base, "evil.example")).toBe(421);
    expect(await statusWithHost(base, "localhost.evil.example")).toBe(421);
    expect(await statusWithHost(base, "127.0.0.1.evil.example:80")).toBe(421);
  });

  it("is left to the token where one is asked and no name is listed", async () => {
    const { base } = await serve({ token: TOKEN });
    expect(await statusWithHost(base, "foretide.example")).toBe(401);
  });
});

describe("probes", () => {
  it("tell alive from ready, and each failing check by name", async () => {
    const { base, daemon } = await serve();
    daemon.checks = [{ name: "journal", ok: true, detail: "replayed" }, { name: "inputs", ok: false, detail: "no demand for 40 s" }];
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
    const plain = await fetch(`${base}/readyz`);
    expect(plain.status).toBe(503);
    expect(((await plain.json()) as { detail: string }).detail).toBe("inputs: no demand for 40 s");
    const verbose = (await (await fetch(`${base}/readyz?verbose`)).json()) as { errors: { pointer: string; detail: string }[] };
    expect(verbose.errors.map(({ pointer, detail }) => `${pointer} ${detail}`)).toEqual(["journal ok: replayed", "inputs failing: no demand for 40 s"]);
    daemon.checks = [{ name: "journal", ok: true, detail: "replayed" }];
    expect(await (await fetch(`${base}/readyz?verbose`)).text()).toBe("[+] journal: replayed\nready\n");
  });
});
