import { describe, expect, it } from "vitest";
import { REGISTRIES } from "../../../src/app/registries.ts";
import type { Policy } from "../../../src/model/policy.ts";
import { formatConfigError } from "../../../src/policy/config-error.ts";
import { parseDaemonConfig } from "../../../src/policy/parse-daemon-config.ts";
import { parsePolicies, type ParseOptions } from "../../../src/policy/parse-policies.ts";
import type { SetTarget } from "../../../src/policy/policy-set.ts";

const LISTED = `apiVersion: foretide.dev/v1
kind: PolicySet
metadata: { name: shops, group: shops, labels: { team: shop } }
spec:
  targets:
    - { name: shop-eu, labels: { service: eu, most: "30" }, target: { aws-asg: { group: shop-eu, region: eu-central-1 } } }
    - { name: shop-us, labels: { service: us, most: "60", tier: gold }, target: { simulated: {} } }
  template:
    replicas: { min: 2, max: "\${target:most}" }
    demand: { preset: http-rate, service: "shop-\${target:service}" }
`;

const FOUND = LISTED.replace(/ {2}targets:\n.*\n.*\n/, "  discover: { aws-asg: { region: eu-central-1, tags: { team: shop } } }\n");

function parse(text: string, options: ParseOptions = {}): ReturnType<typeof parsePolicies> {
  return parsePolicies([{ path: "set.yaml", text }], { registries: REGISTRIES, ...options });
}

function policiesOf(text: string, options: ParseOptions = {}): readonly Policy[] {
  const parsed = parse(text, options);
  if (!parsed.ok) throw new Error(parsed.errors.map(formatConfigError).join("\n"));
  return parsed.policies;
}

function errorsOf(text: string, options: ParseOptions = {}): readonly string[] {
  const parsed = parse(text, options);
  return parsed.ok ? [] : parsed.errors.map(formatConfigError);
}

const found = (name: string, labels: Record<string, string>): SetTarget => ({ name, labels, target: { "aws-asg": { group: name, region: "eu-central-1" } } });

describe("a set of policies", () => {
  it("makes a policy of its template for every target, with the target's labels filled in", () => {
    const [eu, us] = policiesOf(LISTED);
    expect(eu).toMatchObject({ name: "shop-eu", group: "shops", labels: { team: "shop", service: "eu" }, replicas: { min: 2, max: 30 }, actuator: { type: "aws-asg" } });
    expect(us).toMatchObject({ name: "shop-us", replicas: { max: 60 }, actuator: { type: "simulated" }, signals: { demand: { select: { "service.name": "shop-us" } } } });
  });

  it("tells what it wants found, and takes what was found", () => {
    const parsed = parse(FOUND);
    expect(parsed).toMatchObject({ ok: true, policies: [], discoveries: [{ set: "shops", type: "aws-asg", config: { region: "eu-central-1", tags: { team: "shop" } } }] });
    const targets = Array.from({ length: 300 }, (_, i) => found(`asg-${String(i)}`, { service: `s${String(i)}`, most: String(10 + i) }));
    const policies = policiesOf(FOUND, { discovered: { shops: targets } });
    expect(policies).toHaveLength(300);
    expect(policies[7]).toMatchObject({ name: "asg-7", replicas: { max: 17 }, signals: { demand: { select: { "service.name": "shop-s7" } } } });
  });

  it("shows a fault of the template in the template, and a target's own where the target stands", () => {
    expect(errorsOf(LISTED.replace("min: 2", "min: 99"))).toContain("set.yaml:9:22: spec.template.replicas.min: min 99 is above max 30; swap them, or raise max");
    const mistyped = LISTED.replace("group: shop-eu", "grup: shop-eu");
    const column = (mistyped.split("\n")[5] ?? "").indexOf("grup") + 1;
    expect(errorsOf(mistyped)).toEqual([`set.yaml:6:${String(column)}: spec.targets[0].target.aws-asg.grup: unknown key "grup"; did you mean "group"?`]);
    expect(errorsOf(LISTED.replace("target:most", "target:mst"))).toContain('set.yaml:9:30: spec.template.replicas.max: the target shop-eu has no label or tag "mst"; did you mean "most"?');
    expect(errorsOf(LISTED.replace("name: shop-us", "name: shop-eu"))[0]).toContain('the name "shop-eu" is taken');
    expect(errorsOf(FOUND.replace("aws-asg", "aws-ags"))[0]).toContain('did you mean "aws-asg"?');
    expect(errorsOf(FOUND.replace(/ {2}discover.*\n/, ""))[0]).toContain("needs targets or discover");
  });
});

describe("inheritance", () => {
  const daemon = `defaults:
  objective: { latency: 400ms }
  forecast: { horizon: 3h }
overlays:
  - match: { tier: gold }
    spec: { objective: { errorBudget: 0.05% } }
  - match: { tier: gold, team: other }
    spec: { objective: { errorBudget: 5% } }
`;

  function inheritanceOf(text: string): NonNullable<ParseOptions["inheritance"]> {
    const parsed = parseDaemonConfig({ path: "foretide.yaml", text }, { registries: REGISTRIES });
    if (!parsed.ok) throw new Error(parsed.errors.map(formatConfigError).join("\n"));
    return parsed.inheritance;
  }

  it("lays a policy over the overlays whose labels it carries, and those over the defaults", () => {
    const [eu, us] = policiesOf(LISTED, { inheritance: inheritanceOf(daemon) });
    expect(eu).toMatchObject({ objective: { latencySeconds: 0.4, errorBudget: 0.001 }, forecast: { horizonSeconds: 10_800 } });
    expect(us).toMatchObject({ objective: { latencySeconds: 0.4, errorBudget: 0.0005 } });
    const own = policiesOf(LISTED.replace("  template:", "  template:\n    objective: { latency: 1s }"), { inheritance: inheritanceOf(daemon) });
    expect(own[1]).toMatchObject({ objective: { latencySeconds: 1, errorBudget: 0.0005 } });
  });

  it("shows a fault that comes of an inherited value where that value stands", () => {
    const text = LISTED.replace("  template:", "  template:\n    leadTime: 4h");
    expect(errorsOf(text, { inheritance: inheritanceOf(daemon) })[0]).toBe("foretide.yaml:3:24: defaults.forecast.horizon: is shorter than leadTime 4h: what is ordered now would not be seen; did you mean 8h?");
  });

  it("lets a policy's metric replace an inherited preset", () => {
    const inheritance = inheritanceOf("defaults: { demand: { preset: http-rate, window: 30s } }");
    const text = "apiVersion: foretide.dev/v1\nkind: Policy\nmetadata: { name: a }\nspec: { target: { simulated: {} }, replicas: { max: 3 }, demand: { metric: x, extract: rate } }\n";
    expect(policiesOf(text, { inheritance })[0]).toMatchObject({ signals: { demand: { metric: "x", windowSeconds: 30 } } });
  });
});

describe("references and secrets", () => {
  const lookups = { env: (name: string) => ({ MOST: "7", NAME: "web", EMPTY: "", LIST: "[1, 2]" })[name], file: (path: string) => (path === "token.txt" ? "canary-token\n" : undefined) };
  const text = (max: string, service: string): string => `apiVersion: foretide.dev/v1\nkind: Policy\nmetadata: { name: "\${env:NAME}" }\nspec:\n  target: { simulated: {} }\n  replicas:\n    max: ${max}\n  demand:\n    preset: http-rate\n    service: ${service}\n`;

  it("take a value from the environment or a file, typed as it would be if written there", () => {
    const read = (max: string, service: string): Policy | undefined => policiesOf(text(max, service), { lookupsFor: () => lookups })[0];
    expect(read("${env:MOST}", "a")).toMatchObject({ name: "web", replicas: { max: 7 } });
    expect(read("${env:GONE:-9}", "${env:EMPTY:-fallback}")).toMatchObject({ replicas: { max: 9 }, signals: { demand: { select: { "service.name": "fallback" } } } });
    expect(read("3", "cost-$$-${env:NAME}")?.signals.demand.select["service.name"]).toBe("cost-$-web");
  });

  it("never let a value from outside become a structure", () => {
    expect(errorsOf(text("${env:LIST}", "a"), { lookupsFor: () => lookups })[0]).toContain('expected a whole number, not "[1, 2]"');
  });

  it("print as [REDACTED] wherever a secret is shown", () => {
    const parsed = parseDaemonConfig({ path: "foretide.yaml", text: "api:\n  token: ${file:token.txt}" }, { lookups });
    if (!parsed.ok) throw new Error(parsed.errors.map(formatConfigError).join("\n"));
    const { token } = parsed.config.api;
    expect(token?.reveal()).toBe("canary-token");
    const shown = [String(token), JSON.stringify(parsed.config), JSON.stringify({ ...parsed.config.api })].join();
    expect(shown).not.toContain("canary-token");
    expect(shown).toContain("[REDACTED]");
  });
});
