import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OPERATIONS } from "../../src/app/api/operations.ts";
import { problemSchema } from "../../src/app/api/schemas/common.ts";
import { BY, serveFixture, write, type Served } from "../fixtures/daemon/served.ts";

let served: Served;
beforeAll(async () => {
  served = await serveFixture();
});
afterAll(() => served.close());

const OVERRIDE = { kind: "pause", target: "checkout", durationSeconds: 60, ...BY };
const json = { "content-type": "application/json" };

const CASES: readonly (readonly [name: string, path: string, init: RequestInit, status: number, kind: string, detail: RegExp])[] = [
  ["a path that is not there", "/api/v1/nothing", {}, 404, "not-found", /nothing at \/api\/v1\/nothing/u],
  ["a target that is not there", "/api/v1/targets/nobody", {}, 404, "not-found", /no target "nobody"/u],
  ["the history of a target that is not there", "/api/v1/targets/nobody/history", {}, 404, "not-found", /no target/u],
  ["a target without a forecast", "/api/v1/targets/invoices/forecast", {}, 404, "not-found", /no forecast yet/u],
  ["a decision that is not there", "/api/v1/decisions/none", {}, 404, "not-found", /no decision/u],
  ["an override that is not there", "/api/v1/overrides/none", {}, 404, "not-found", /no override/u],
  ["a policy that is not there", "/api/v1/policies/none", {}, 404, "not-found", /no policy/u],
  ["a known path with another method", "/api/v1/decisions", { method: "DELETE" }, 405, "method-not-allowed", /allowed: GET, HEAD/u],
  ["a known path with a parameter and another method", "/api/v1/targets/checkout/mode", { method: "POST" }, 405, "method-not-allowed", /allowed: GET, PUT, HEAD/u],
  ["a probe with another method", "/healthz", { method: "PUT" }, 405, "method-not-allowed", /GET/u],
  ["OPTIONS", "/api/v1/decisions", { method: "OPTIONS" }, 405, "method-not-allowed", /GET/u],
  ["a limit out of range", "/api/v1/decisions?limit=0", {}, 400, "bad-request", /query\/limit/u],
  ["a limit that is no number", "/api/v1/decisions?limit=ten", {}, 400, "bad-request", /query\/limit/u],
  ["an empty number", "/api/v1/decisions?from=", {}, 400, "bad-request", /query\/from/u],
  ["a query member that is not known", "/api/v1/decisions?sort=up", {}, 400, "bad-request", /sort/u],
  ["a kind that is not known", "/api/v1/decisions?kind=grow", {}, 400, "bad-request", /query\/kind/u],
  ["a cursor of another's", "/api/v1/decisions?cursor=bogus", {}, 400, "bad-request", /cursor/u],
  ["too many targets at once", `/api/v1/forecasts?${"target=a&".repeat(51)}`, {}, 400, "bad-request", /query\/target/u],
  ["a malformed escape in the path", "/api/v1/targets/%zz", {}, 400, "bad-request", /./u],
  ["a path parameter without end", `/api/v1/targets/${"a".repeat(600)}`, {}, 414, "uri-too-long", /./u],
  ["JSON that breaks off", "/api/v1/overrides", { method: "POST", headers: { ...json, "idempotency-key": "p1" }, body: "{" }, 400, "bad-request", /JSON/u],
  ["an empty body", "/api/v1/overrides", { method: "POST", headers: { ...json, "idempotency-key": "p2" }, body: "" }, 400, "bad-request", /empty/iu],
  ["a body of another type", "/api/v1/overrides", { method: "POST", headers: { "content-type": "text/plain", "idempotency-key": "p3" }, body: "x" }, 415, "unsupported-media-type", /./u],
  ["a form", "/api/v1/overrides", { method: "POST", headers: { "idempotency-key": "p4" }, body: new URLSearchParams({ a: "b" }) }, 415, "unsupported-media-type", /./u],
  ["a body too large", "/api/v1/overrides", { method: "POST", headers: { ...json, "idempotency-key": "p5" }, body: JSON.stringify({ reason: "x".repeat(70_000) }) }, 413, "content-too-large", /./u],
  ["a poisoned prototype", "/api/v1/overrides", { method: "POST", headers: { ...json, "idempotency-key": "p6" }, body: '{"__proto__":{"a":1}}' }, 400, "bad-request", /./u],
  ["a write without a key", "/api/v1/overrides", { method: "POST", headers: json, body: JSON.stringify(OVERRIDE) }, 400, "bad-request", /Idempotency-Key/u],
  ["a key with a blank", "/api/v1/overrides", { method: "POST", headers: { ...json, "idempotency-key": "a b" }, body: JSON.stringify(OVERRIDE) }, 400, "bad-request", /visible ASCII/u],
  ["an override without reason", "/api/v1/overrides", write("POST", { ...OVERRIDE, reason: " " }), 422, "invalid-body", /body\/reason/u],
  ["an override without end", "/api/v1/overrides", write("POST", { ...OVERRIDE, durationSeconds: undefined }), 422, "invalid-body", /body\/durationSeconds/u],
  ["an override longer than thirty days", "/api/v1/overrides", write("POST", { ...OVERRIDE, durationSeconds: 2_592_001 }), 422, "invalid-body", /durationSeconds/u],
  ["an override of nobody", "/api/v1/overrides", write("POST", { ...OVERRIDE, target: "nobody" }), 404, "not-found", /no target or group "nobody"/u],
  ["a pin without count", "/api/v1/overrides", write("POST", { ...OVERRIDE, kind: "pin" }), 422, "invalid-body", /body\/replicas/u],
  ["a pin above the policy's maximum", "/api/v1/overrides", write("POST", { ...OVERRIDE, kind: "pin", replicas: 41 }), 409, "conflict", /41 is outside .* 2 to 40/u],
  ["a pin of a group that one member cannot take", "/api/v1/overrides", write("POST", { ...OVERRIDE, target: "shop", kind: "pin", replicas: 2 }), 409, "conflict", /"search"/u],
  ["a pause with a count", "/api/v1/overrides", write("POST", { ...OVERRIDE, replicas: 3 }), 422, "invalid-body", /replicas/u],
  ["a mode that is not known", "/api/v1/targets/checkout/mode", write("PUT", { mode: "auto", ...BY }), 422, "invalid-body", /body\/mode/u],
  ["a kill switch without author", "/api/v1/kill-switch", write("PUT", { engaged: true, reason: "x" }), 422, "invalid-body", /body\/author/u],
  ["a stale If-Match", "/api/v1/targets/checkout/mode", write("PUT", { mode: "observe", ...BY }, { "if-match": '"old"' }), 412, "precondition-failed", /read it again/u],
  ["a write from a page of another site", "/api/v1/kill-switch", write("PUT", { engaged: true, ...BY }, { origin: "https://evil.example" }), 403, "foreign-origin", /evil\.example/u],
  ["a showback of a target that is not there", "/api/v1/showback?tag=team&target=nobody", {}, 404, "not-found", /no target "nobody"/u],
  ["a showback of more than is kept", "/api/v1/showback?tag=team&from=0&to=1789990000", {}, 400, "bad-request", /396 days/u],
  ["FOCUS of a target that is not there", "/api/v1/showback/focus.csv?target=nobody", {}, 404, "not-found", /no target "nobody"/u],
  ["a mark on a target that is not there", "/api/v1/targets/nobody/marks", write("POST", { kind: "deploy", fromSeconds: 1, toSeconds: 2, ...BY }), 404, "not-found", /no target "nobody"/u],
  ["a mark that ends before it begins", "/api/v1/targets/checkout/marks", write("POST", { kind: "deploy", fromSeconds: 2, toSeconds: 1, ...BY }), 422, "invalid-body", /after fromSeconds/u],
  ["an evacuation without an end", "/api/v1/traffic/shop/evacuations", write("POST", { region: "us-east-1", ...BY }), 422, "invalid-body", /durationSeconds/u],
  ["metrics where there are none", "/metrics", {}, 503, "unavailable", /without its own metrics/u],
];

/** The operation that a path and a method belong to; the case's own words for what belongs to none. */
function operationOf(path: string, method = "GET"): (typeof OPERATIONS)[number] | undefined {
  const [plain = ""] = path.split("?");
  return OPERATIONS.find((one) => one.method === method.toLowerCase() && new RegExp(`^${one.path.replaceAll(/\{\w+\}/gu, "[^/%]+")}$`, "u").test(plain));
}

describe("every error is problem details", () => {
  it.each(CASES.filter(([, path, init, status]) => [400, 404, 409, 412, 422, 503].includes(status) && operationOf(path, init.method) !== undefined))("%s: the document says so", (...[, path, init, status]) => {
    const operation = operationOf(path, init.method);
    const always = operation?.idempotencyKey === undefined && operation?.body === undefined ? [] : [400];
    expect([...(operation?.problems ?? []), ...always]).toContain(status);
  });

  it.each(CASES)("%s", async (...[, path, init, status, kind, detail]) => {
    const before = served.daemon.calls.length;
    const response = await fetch(served.base + path, init);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toContain("application/problem+json");
    const problem = problemSchema.parse(await response.json());
    expect(problem).toMatchObject({ type: `urn:foretide:problem:${kind}`, status });
    expect(problem.detail).toMatch(detail);
    expect(served.daemon.calls).toHaveLength(before);
    if (status === 405) expect(response.headers.get("allow")).toMatch(/GET/u);
  });

  it("tells every offending member at once", async () => {
    const response = await fetch(`${served.base}/api/v1/overrides`, write("POST", { kind: "pin", target: "", replicas: -1, durationSeconds: 0, reason: "", author: "" }));
    const problem = problemSchema.parse(await response.json());
    expect(problem.errors?.map((error) => error.pointer).toSorted()).toEqual(["/author", "/durationSeconds", "/reason", "/replicas", "/target"]);
  });

  it("answers a policy that was refused with file, line and column, and keeps the generation", async () => {
    served.daemon.nextReload = { ok: false, generation: 1, problems: [{ file: "config/policies/shop.yaml", line: 12, column: 7, message: "maxReplicas must be at least minReplicas" }] };
    const response = await fetch(`${served.base}/api/v1/reload`, write("POST", BY));
    expect(response.status).toBe(422);
    const problem = problemSchema.parse(await response.json());
    expect(problem.detail).toContain("generation 1 stays");
    expect(problem.errors).toEqual([{ in: "file", pointer: "config/policies/shop.yaml:12:7", detail: "maxReplicas must be at least minReplicas" }]);
  });

  it("answers what is not HTTP", async () => {
    const text = await raw("HELLO\r\n\r\n");
    expect(text).toMatch(/^HTTP\/1\.1 400/u);
    expect(text).toContain("urn:foretide:problem:bad-request");
  });

  it("answers header fields without end", async () => {
    expect(await raw(`GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: ${"a".repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431[\s\S]*headers-too-large/u);
  });

  it("answers TRACE and methods that nobody knows", async () => {
    for (const method of ["TRACE", "PROPFIND"]) {
      const { status, body, allow } = await plain(method, "/api/v1/decisions");
      expect([status, allow], method).toEqual([405, "GET, HEAD"]);
      expect(problemSchema.parse(JSON.parse(body)).status).toBe(405);
    }
  });

  it("hides its own errors' text", async () => {
    const view = served.daemon as unknown as { targets: () => unknown };
    const { targets } = view;
    view.targets = () => { throw new Error("secret of the daemon"); };
    const response = await fetch(`${served.base}/api/v1/targets`);
    view.targets = targets;
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(text).toContain("urn:foretide:problem:internal-error");
    expect(text).not.toContain("secret");
  });
});

function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(served.base).port), "127.0.0.1", () => socket.write(text));
    let answer = "";
    socket.on("data", (chunk: Buffer) => { answer += chunk.toString(); });
    socket.on("close", () => { resolve(answer); });
    socket.on("error", reject);
  });
}

function plain(method: string, path: string): Promise<{ status: number | undefined; body: string; allow: string | undefined }> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(served.base + path, { method }, (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => { body += chunk.toString(); });
      response.on("end", () => { resolve({ status: response.statusCode, body, allow: response.headers.allow }); });
    });
    sent.on("error", reject);
    sent.end();
  });
}
