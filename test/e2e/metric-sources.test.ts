import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { readConfiguration, type Daemon } from "../../src/app/daemon.ts";
import { daemonOver } from "../fixtures/daemon/daemon-over.ts";
import { parsePrometheusText } from "../fixtures/prometheus-text.ts";
import { prometheusWire } from "../fixtures/prometheus-wire.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => { for (const cleanup of cleanups.splice(0).reverse()) await cleanup(); });

const policy = (name: string, demand: string): string => `apiVersion: foretide.dev/v1
kind: Policy
metadata: { name: ${name} }
spec:
  mode: full
  evaluationInterval: 5s
  target: { simulated: { replicas: 1 } }
  replicas: { min: 1, max: 20 }
  scaling: { by: per-replica, target: 10 }
  forecast: { enabled: false }
  demand: ${demand}
`;

function configuration(metrics: unknown, policies: string): string {
  const directory = mkdtempSync(join(tmpdir(), "foretide-sources-"));
  cleanups.push(() => { rmSync(directory, { recursive: true, force: true }); });
  mkdirSync(join(directory, "policies"));
  writeFileSync(join(directory, "foretide.yaml"), JSON.stringify({ listen: { http: { port: 0 }, otlpHttp: { port: 0 }, otlpGrpc: { port: 0 } }, data: { directory: join(directory, "data") }, reload: { watch: false }, sources: { metrics } }));
  writeFileSync(join(directory, "policies/all.yaml"), policies);
  return directory;
}

async function running(directory: string): Promise<Daemon> {
  const daemon = await daemonOver(directory);
  cleanups.push(() => daemon.stop());
  return daemon;
}

async function until<T>(read: () => T | undefined | Promise<T | undefined>, what: string): Promise<T> {
  for (let wait = 0; wait < 800; wait++) {
    const value = await read();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`never: ${what}`);
}

describe("a policy's source", () => {
  it("is a file that is appended to, or a Prometheus: the step decides on their values, with their age", async () => {
    const wire = await prometheusWire();
    cleanups.push(() => wire.close());
    const path = join(mkdtempSync(join(tmpdir(), "foretide-lines-")), "metrics.jsonl");
    const now = Date.now() / 1000;
    wire.samples.push({ name: "level", labels: { pod: "a" }, time: now - 3, value: 70 }, { name: "level", labels: { pod: "b" }, time: now - 3, value: 50 });
    appendFileSync(path, `${JSON.stringify({ time: now - 2, metric: "jobs", value: 45 })}\n`);
    const directory = configuration(
      { lines: { file: { path, everySeconds: 0.2 } }, main: { prometheus: { url: wire.url, everySeconds: 1, bearerToken: "t0ken" } } },
      [policy("from-file", "{ source: lines, metric: jobs, extract: gauge }"), policy("from-name", "{ source: main, metric: level, extract: gauge, select: { pod: a } }"), policy("from-query", "{ source: main, metric: sum(level), extract: gauge }")].join("---\n"),
    );
    const { view, httpPort } = await running(directory);
    for (const [name, value, replicas] of [["from-file", 45, 5], ["from-name", 70, 7], ["from-query", 120, 12]] as const) {
      const demand = await until(() => { const found = view.target(name)?.signals["demand"]; return found?.observation.kind === "value" ? found : undefined; }, `${name} has its demand`);
      expect(demand.observation).toMatchObject({ kind: "value", value });
      await until(() => (view.target(name)?.replicas.desired === replicas ? true : undefined), `${name} wants ${String(replicas)}`);
    }
    expect(wire.headers["authorization"]).toBe("Bearer t0ken");
    const text = await (await fetch(`http://127.0.0.1:${String(httpPort)}/metrics`)).text();
    const metrics = parsePrometheusText(text);
    expect(metrics.one("foretide_source_refreshes_total", { source: "main", result: "ok" })).toBeGreaterThan(0);
    expect(metrics.one("foretide_source_last_success_timestamp_seconds", { source: "lines" })).toBeGreaterThan(now - 1);
    expect(text).not.toContain("t0ken");
  }, 30_000);

  it("that fails leads to an absence that says why, never to a zero, is asked ever less often, and is read again when it is back", async () => {
    const wire = await prometheusWire();
    cleanups.push(() => wire.close());
    wire.fail = { status: 503, body: "upstream connect error" };
    const directory = configuration({ main: { prometheus: { url: wire.url, everySeconds: 1 } } }, policy("web", "{ source: main, metric: level, extract: gauge }"));
    const { view, httpPort } = await running(directory);
    const observation = (): { readonly kind: string; readonly detail?: string } | undefined => view.target("web")?.signals["demand"]?.observation;
    const absent = await until(() => { const found = observation(); return found?.kind === "absent" && found.detail?.includes("main fails") === true ? found : undefined; }, "an absence with its cause");
    expect(absent.detail).toMatch(/no series of level has been seen; main fails: level: HTTP 503/);
    expect(view.target("web")?.replicas.desired).toBe(1);
    const before = wire.queries;
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    // Every second would be 4; doubling pauses leave 2 at most, whatever came before.
    expect(wire.queries - before).toBeLessThanOrEqual(2);
    wire.fail = undefined;
    wire.samples.push({ name: "level", labels: {}, time: Date.now() / 1000, value: 30 });
    await until(() => (observation()?.kind === "value" ? true : undefined), "the value is back");
    const metrics = parsePrometheusText(await (await fetch(`http://127.0.0.1:${String(httpPort)}/metrics`)).text());
    expect(metrics.one("foretide_source_refreshes_total", { source: "main", result: "failed" })).toBeGreaterThan(1);
  }, 40_000);

  it("is made, changed and let go by a reload, and a reload that is refused leaves what runs", async () => {
    const lines = (name: string): string => {
      const path = join(mkdtempSync(join(tmpdir(), "foretide-lines-")), name);
      appendFileSync(path, `${JSON.stringify({ time: Date.now() / 1000, metric: "jobs", value: name === "a.jsonl" ? 45 : 75 })}\n`);
      return path;
    };
    const [a, b] = [lines("a.jsonl"), lines("b.jsonl")];
    const directory = configuration({ first: { file: { path: a, everySeconds: 0.2 } } }, policy("web", "{ source: first, metric: jobs, extract: gauge }"));
    const write = (metrics: unknown, source: string): void => {
      const file = JSON.parse(readFileSync(join(directory, "foretide.yaml"), "utf8")) as object;
      writeFileSync(join(directory, "foretide.yaml"), JSON.stringify({ ...file, sources: { metrics } }));
      writeFileSync(join(directory, "policies/all.yaml"), policy("web", `{ source: ${source}, metric: jobs, extract: gauge }`));
    };
    const { view } = await running(directory);
    const demand = (value: number): Promise<unknown> => until(() => {
      const found = view.target("web")?.signals["demand"]?.observation;
      return found?.kind === "value" && found.value === value ? true : undefined;
    }, `a demand of ${String(value)}`);
    await demand(45);
    write({ first: { file: { path: a, everySeconds: 0.2 } }, second: { file: { path: b, everySeconds: 0.2 } } }, "second");
    expect(await view.reloadPolicies({ author: "ann", reason: "a new source" })).toMatchObject({ ok: true });
    await demand(75);
    write({ third: { file: { path: b, everySeconds: 0 } } }, "third");
    expect(await view.reloadPolicies({ author: "ann", reason: "nonsense" })).toMatchObject({ ok: false });
    await demand(75);
    write({ first: { file: { path: b, everySeconds: 0.2 } } }, "first");
    expect(await view.reloadPolicies({ author: "ann", reason: "the same name, another file" })).toMatchObject({ ok: true });
    await demand(75);
  }, 40_000);

  it("must stand in foretide.yaml, and a preset is read from OTLP", () => {
    const loaded = readConfiguration(configuration({ main: { prometheus: { url: "http://127.0.0.1:9" } } }, [policy("a", "{ source: mian, metric: x, extract: gauge }"), policy("b", "{ source: main, preset: http-rate, service: b }")].join("---\n")));
    expect(loaded.ok ? [] : loaded.errors.map(({ line, path, message, suggestion }) => ({ line, path, message, suggestion }))).toEqual([
      { line: 11, path: "spec.demand.source", message: 'foretide.yaml has no metric source "mian"', suggestion: 'did you mean "main"?' },
      { line: 23, path: "spec.demand.preset", message: "a preset is read from otlp, not from main", suggestion: "write metric: with the name or query that the source knows, and extract:" },
    ]);
  });
});
