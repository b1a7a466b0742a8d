import { describe, expect, it } from "vitest";
import { ACTUATORS } from "../../../src/act/registry.ts";
import type { Policy } from "../../../src/model/policy.ts";
import { formatConfigError } from "../../../src/policy/config-error.ts";
import { parsePolicies, type ParseOptions } from "../../../src/policy/parse-policies.ts";

const FIFTEEN_LINES = `apiVersion: foretide.dev/v1
kind: Policy
metadata: { name: web }
spec:
  target: { simulated: {} }
  replicas: { min: 2, max: 40 }
  demand: { preset: http-rate, service: shop }
`;

function errorsOf(text: string, options: ParseOptions = {}): readonly string[] {
  const parsed = parsePolicies([{ path: "p.yaml", text }], { registries: { actuators: ACTUATORS }, ...options });
  return parsed.ok ? [] : parsed.errors.map(formatConfigError);
}

function onlyPolicy(text: string, options: ParseOptions = {}): Policy {
  const parsed = parsePolicies([{ path: "p.yaml", text }], { registries: { actuators: ACTUATORS }, ...options });
  if (!parsed.ok) throw new Error(parsed.errors.map(formatConfigError).join("\n"));
  const [policy] = parsed.policies;
  if (policy === undefined || parsed.policies.length !== 1) throw new Error("expected one policy");
  return policy;
}

describe("parsePolicies", () => {
  it("fills every default of a short policy, and only advises unless told otherwise", () => {
    const policy = onlyPolicy(FIFTEEN_LINES);
    expect(policy).toMatchObject({
      name: "web",
      group: "web",
      mode: "recommend",
      actuator: { type: "simulated" },
      replicas: { min: 2, max: 40 },
      scaling: { by: "objective" },
      objective: { latencySeconds: 0.25, errorBudget: 0.001 },
      evaluationIntervalSeconds: 15,
      forecast: { stepSeconds: 60, seasonsSeconds: [86_400, 604_800] },
      fallback: { holdSeconds: 300, forecastSeconds: 3600 },
    });
  });

  it("reads the current and the older name of a preset's metric, each with its own unit", () => {
    const { demand, missRatio } = onlyPolicy(FIFTEEN_LINES).signals;
    expect(demand).toMatchObject({ metric: "http.server.request.duration", unit: "s", extract: "rate", select: { "service.name": "shop" } });
    expect(demand.alternatives).toEqual([{ metric: "http.server.duration", unit: "ms", scale: 1 }]);
    expect(missRatio).toMatchObject({ extract: "share-above", threshold: 0.25, alternatives: [{ metric: "http.server.duration", unit: "ms", scale: 0.001 }] });
  });

  it("refuses a unit that contradicts the metric's convention", () => {
    const text = FIFTEEN_LINES.replace("{ preset: http-rate, service: shop }", "{ metric: http.server.request.duration, extract: rate, unit: ms }");
    expect(errorsOf(text)).toEqual(['p.yaml:7:72: spec.demand.unit: http.server.request.duration is measured in s, not ms; did you mean "s"?']);
  });

  it("tells every error of every document at once, each at its place", () => {
    const text = `${FIFTEEN_LINES.replace("min: 2", "min: 50").replace("http-rate", "http_rate")}---\n${FIFTEEN_LINES.replace("kind: Policy", "kind: Polcy").replace("name: web", "name: api").replace("max: 40", "mx: 40")}`;
    expect(errorsOf(text)).toEqual([
      "p.yaml:6:20: spec.replicas.min: min 50 is above max 40; swap them, or raise max",
      'p.yaml:7:21: spec.demand.preset: unknown preset "http_rate"; did you mean "http-rate"?',
      'p.yaml:10:7: kind: "Polcy" is not Policy or PolicySet; did you mean "Policy"?',
      'p.yaml:14:23: spec.replicas.mx: unknown key "mx"; did you mean "max"?',
    ]);
  });

  it("refuses two policies of one name and says where the first stands", () => {
    expect(errorsOf(`${FIFTEEN_LINES}---\n${FIFTEEN_LINES}`)).toEqual(['p.yaml:11:19: metadata.name: the name "web" is taken by p.yaml:3; choose another name']);
  });

  it("gives equal policies equal digests, however they are written, and different ones different digests", () => {
    const rewritten = `apiVersion: foretide.dev/v1
kind: Policy
metadata:
  name: "web"
spec:
  demand: { service: shop, preset: http-rate, window: 60s }
  replicas: { max: 40, min: 2 }
  x-note: a key of my own
  target: { simulated: }
`;
    expect(onlyPolicy(rewritten).digest).toBe(onlyPolicy(FIFTEEN_LINES).digest);
    expect(onlyPolicy(FIFTEEN_LINES.replace("max: 40", "max: 41")).digest).not.toBe(onlyPolicy(FIFTEEN_LINES).digest);
  });

  it("never lets a policy go further than the daemon's ceiling", () => {
    const full = FIFTEEN_LINES.replace("spec:", "spec:\n  mode: full");
    expect(onlyPolicy(full).mode).toBe("full");
    expect(onlyPolicy(full, { modeCeiling: "recommend" }).mode).toBe("recommend");
  });

  it("checks the target's configuration with the registry's schema", () => {
    const text = FIFTEEN_LINES.replace("{ simulated: {} }", "{ aws-asg: { gruop: web, region: eu-central-1 } }");
    expect(errorsOf(text)).toEqual(['p.yaml:5:24: spec.target.aws-asg.gruop: unknown key "gruop"; did you mean "group"?']);
    expect(errorsOf(FIFTEEN_LINES.replace("simulated", "simulatd"))).toEqual(['p.yaml:5:13: spec.target.simulatd: unknown kind of target "simulatd"; did you mean "simulated"?']);
  });
});

describe("hostile YAML", () => {
  it("refuses a bomb of aliases before it grows", () => {
    const bomb = `a: &a [1,1,1,1,1,1,1,1,1]\n${"b c d e f g h i".split(" ").map((name, i) => `${name}: &${name} [${Array(9).fill(`*${"abcdefghi"[i] ?? "a"}`).join(",")}]`).join("\n")}\n`;
    const started = performance.now();
    expect(errorsOf(bomb).join("\n")).toContain("more than 20 aliases");
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it("refuses deep nesting, merge keys, custom tags, __proto__ and files above 1 MiB", () => {
    expect(errorsOf(`a: ${"[".repeat(40)}${"]".repeat(40)}`).join()).toContain("nests deeper than 32 levels");
    expect(errorsOf(`a: ${"[".repeat(200_000)}`).join()).toContain("p.yaml:1:1: the line is longer than 16384 characters");
    expect(errorsOf("a: &a { b: 1 }\nc: { <<: *a }").join()).toContain("merge keys (<<) are not allowed");
    expect(errorsOf("a: !!js/function 'x'").join()).toContain("custom tags are not allowed");
    expect(errorsOf("__proto__: { polluted: true }").join()).toContain("this key is not allowed");
    expect(errorsOf(`# ${"x".repeat(1024 * 1024)}`).join()).toContain("larger than 1 MiB");
    expect(errorsOf("a: 1\nb: 2\na: 3")).toEqual(["p.yaml:3:1: a: this key is already given above; remove one of the two"]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it("takes at most a few seconds for a large file of anything", () => {
    const large = { keys: Array.from({ length: 20_000 }, (_, i) => `k${String(i)}: 1`).join("\n"), duplicates: "a: 1\n".repeat(50_000), flow: "[\n".repeat(500_000), errors: "a: b: c\n".repeat(30_000) };
    for (const [kind, text] of Object.entries(large)) {
      const started = performance.now();
      expect(errorsOf(text), kind).not.toEqual([]);
      expect(performance.now() - started, kind).toBeLessThan(20_000);
    }
  });
});
