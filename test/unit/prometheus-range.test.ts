import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { queryPrometheusRange, type RangeQuery } from "../../src/history/prometheus-range.ts";

interface Asked {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly form: URLSearchParams;
}
interface Answer {
  readonly status?: number;
  readonly body: unknown;
}

let server: Server | undefined;
afterEach(() => { server?.closeAllConnections(); server?.close(); });

/** A server that speaks Prometheus's HTTP API, its limit of 11,000 points included. */
async function serve(answer: (asked: Asked) => Answer): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const one = { path: request.url ?? "", authorization: request.headers.authorization, form: new URLSearchParams(body) };
      asked.push(one);
      const points = (Number(one.form.get("end")) - Number(one.form.get("start"))) / Number(one.form.get("step"));
      const { status = 200, body: text } = points > 11_000
        ? { status: 400, body: { status: "error", errorType: "bad_data", error: "exceeded maximum resolution of 11,000 points per timeseries" } }
        : answer(one);
      response.writeHead(status, { "content-type": "application/json", ...(status === 302 ? { location: "http://169.254.169.254/" } : {}) });
      response.end(typeof text === "string" ? text : JSON.stringify(text));
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, asked };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function matrix(...series: readonly { metric: Record<string, string>; values: readonly (readonly [number, string])[] }[]): Answer {
  return { body: { status: "success", data: { resultType: "matrix", result: series } } };
}

function ramp(asked: Asked): (readonly [number, string])[] {
  const rows: (readonly [number, string])[] = [];
  for (let t = Number(asked.form.get("start")); t <= Number(asked.form.get("end")); t += Number(asked.form.get("step"))) rows.push([t, String(t / 60)]);
  return rows;
}

const RANGE: Omit<RangeQuery, "url"> = { query: "sum(rate(x[1m]))", fromSeconds: 6_000, toSeconds: 6_600, stepSeconds: 60 };

describe("Prometheus range query", () => {
  it("reads one series", async () => {
    const { url, asked } = await serve((one) => matrix({ metric: {}, values: ramp(one) }));
    const rows = await queryPrometheusRange({ ...RANGE, url: `${url}/prom/` });
    expect(rows.ok && [...rows.value.values]).toEqual([100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110]);
    expect(asked[0]?.path).toBe("/prom/api/v1/query_range");
    expect(asked[0]?.form.get("query")).toBe(RANGE.query);
  });

  it("pages over the limit of 11,000 points without gap or repetition", async () => {
    const { url, asked } = await serve((one) => matrix({ metric: {}, values: ramp(one) }));
    const rows = await queryPrometheusRange({ ...RANGE, url, toSeconds: 6_000 + 25_000 * 60 });
    expect(asked).toHaveLength(3);
    expect(rows.ok && rows.value.timesSeconds).toEqual(Float64Array.from({ length: 25_001 }, (_, i) => 6_000 + i * 60));
  });

  it("leaves out what the server does not have, and counts what is no number", async () => {
    const { url } = await serve(() => matrix({ metric: {}, values: [[6_000, "1"], [6_060, "NaN"], [6_300, "+Inf"], [6_360, "2e3"]] }));
    const rows = await queryPrometheusRange({ ...RANGE, url });
    expect(rows).toEqual({ ok: true, value: { timesSeconds: Float64Array.of(6_000, 6_360), values: Float64Array.of(1, 2_000), invalid: 2 } });
  });

  it("refuses several series and says how to make one", async () => {
    const { url } = await serve(() => matrix({ metric: { pod: "a" }, values: [[6_000, "1"]] }, { metric: { pod: "b" }, values: [[6_000, "1"]] }));
    expect(await queryPrometheusRange({ ...RANGE, url })).toMatchObject({ ok: false, failure: "permanent", message: expect.stringMatching(/more than one series \(\{"pod":"a"\}, \{"pod":"b"\}\).*sum\(/) as string });
  });

  it("refuses a series that changes between pages", async () => {
    const { url } = await serve((one) => matrix({ metric: { pod: String(one.form.get("start")) }, values: ramp(one) }));
    expect(await queryPrometheusRange({ ...RANGE, url, toSeconds: 6_000 + 15_000 * 60 })).toMatchObject({ ok: false, failure: "permanent" });
  });

  it.each([
    ["a bad query", { status: 400, body: { status: "error", errorType: "bad_data", error: "parse error" } }, "permanent", /400: bad_data: parse error/],
    ["an overload", { status: 503, body: { status: "error", errorType: "timeout", error: "query timed out" } }, "transient", /503: timeout/],
    ["a proxy's page", { status: 502, body: "<html>bad gateway</html>" }, "transient", /without JSON: <html>/],
    ["a page of something else", { body: "hello" }, "permanent", /without JSON/],
    ["a vector", { body: { status: "success", data: { resultType: "vector", result: [] } } }, "permanent", /no matrix/],
    ["malformed values", { body: { status: "success", data: { resultType: "matrix", result: [{ metric: {}, values: [[1, 2]] }] } } }, "permanent", /no \[time, "value"\] pairs/],
    ["a redirect", { status: 302, body: "" }, "transient", /redirect/],
    ["no value at all", { body: { status: "success", data: { resultType: "matrix", result: [] } } }, "missing", /has no value between 1970-01-01T01:40:00.000Z/],
  ])("makes %s a failure", async (...[, answer, failure, message]) => {
    const { url } = await serve(() => answer);
    expect(await queryPrometheusRange({ ...RANGE, url })).toMatchObject({ ok: false, failure, message: expect.stringMatching(message) as string });
  });

  it("makes a server that is not there, or does not answer, a transient failure", async () => {
    expect(await queryPrometheusRange({ ...RANGE, url: "http://127.0.0.1:9" })).toMatchObject({ ok: false, failure: "transient" });
    server = createServer(() => undefined);
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    expect(await queryPrometheusRange({ ...RANGE, url, timeoutSeconds: 0.2 })).toMatchObject({ ok: false, failure: "transient" });
  });

  it("refuses an address, range or step that cannot be asked, before asking", async () => {
    for (const wrong of [{ url: "ftp://x" }, { url: "nonsense" }, { query: " " }, { stepSeconds: 0 }, { fromSeconds: 7_000 }, { fromSeconds: NaN }]) {
      expect(await queryPrometheusRange({ ...RANGE, url: "http://127.0.0.1:9", ...wrong })).toMatchObject({ ok: false, failure: "permanent" });
    }
  });

  it("sends a token, or the user of the address", async () => {
    const { url, asked } = await serve((one) => matrix({ metric: {}, values: ramp(one) }));
    await queryPrometheusRange({ ...RANGE, url, bearerToken: "t0ken" });
    await queryPrometheusRange({ ...RANGE, url: url.replace("//", "//ann:s%40fe@") });
    expect(asked.map((one) => one.authorization)).toEqual(["Bearer t0ken", `Basic ${btoa("ann:s@fe")}`]);
  });
});
