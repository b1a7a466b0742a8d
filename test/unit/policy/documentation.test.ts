import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REGISTRIES } from "../../../src/app/registries.ts";
import { formatConfigError } from "../../../src/policy/config-error.ts";
import { parseDaemonConfig } from "../../../src/policy/parse-daemon-config.ts";
import { parsePolicies } from "../../../src/policy/parse-policies.ts";

const HEAD = "apiVersion: foretide.dev/v1\nkind: Policy\nmetadata: { name: web }\nspec:\n  target: { simulated: {} }\n  replicas: { min: 2, max: 40 }\n  demand: { preset: http-rate, service: web }\n";

/** The YAML examples of a page, in order. */
function examples(path: string): readonly string[] {
  return [...readFileSync(path, "utf8").matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? "");
}

function errorsOf(example: string): readonly string[] {
  // A part of a spec is shown without what every policy needs; a part of foretide.yaml stands for itself.
  const isDaemon = /^(?:defaults|overlays|listen|data|sources|reload|limits):/m.test(example);
  const text = example.startsWith("spec:\n") ? HEAD + example.slice("spec:\n".length) : example;
  const parsed = isDaemon ? parseDaemonConfig({ path: "example", text }, { registries: REGISTRIES }) : parsePolicies([{ path: "example", text }], { registries: REGISTRIES });
  return parsed.ok ? [] : parsed.errors.map(formatConfigError);
}

describe.each(["docs/policies.md", "README.md"].filter((path) => existsSync(path)))("the examples of %s", (path) => {
  it("are valid as they stand", () => {
    for (const example of examples(path)) expect(errorsOf(example), example).toEqual([]);
  });
});

it("docs/policies.md shows an example of each of its subjects", () => {
  expect(examples("docs/policies.md").length).toBeGreaterThanOrEqual(4);
});
