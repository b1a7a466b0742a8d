import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import { describe, expect, it } from "vitest";
import { type Document, parseAllDocuments, visit } from "yaml";
import { REGISTRIES } from "../../../src/app/registries.ts";
import { schemaFiles } from "../../../src/cli/schema.ts";
import { type ConfigError, formatConfigError } from "../../../src/policy/config-error.ts";
import { parseDaemonConfig } from "../../../src/policy/parse-daemon-config.ts";
import { parsePolicies } from "../../../src/policy/parse-policies.ts";

// Each bad file stands beside the message that it must give. They change only with FORETIDE_UPDATE_GOLDENS=1, and are read then.
const BAD = join(import.meta.dirname, "../../fixtures/policies/bad");
const GOOD = join(import.meta.dirname, "../../fixtures/policies/good");
const NO_LOOKUPS = { env: () => undefined, file: () => undefined };

const yamlFiles = (folder: string): readonly string[] => readdirSync(folder).filter((name) => name.endsWith(".yaml"));
const bad = yamlFiles(BAD);

function errorsOf(name: string, text: string): readonly ConfigError[] {
  const options = { registries: REGISTRIES };
  const parsed = name.startsWith("daemon-") ? parseDaemonConfig({ path: name, text }, { ...options, lookups: NO_LOOKUPS }) : parsePolicies([{ path: name, text }], { ...options, lookupsFor: () => NO_LOOKUPS });
  return parsed.ok ? [] : parsed.errors;
}

const textOf = (name: string): string => readFileSync(join(BAD, name), "utf8");

describe("bad configuration files", () => {
  it("are two hundred or more", () => {
    expect(bad.length).toBeGreaterThanOrEqual(200);
  });

  it.each(bad)("%s gives its message, at its place", (name) => {
    const said = errorsOf(name, textOf(name)).map(formatConfigError).join("\n");
    const golden = join(BAD, name.replace(/\.yaml$/, ".txt"));
    if (process.env["FORETIDE_UPDATE_GOLDENS"] === "1") writeFileSync(golden, `${said}\n`);
    expect(`${said}\n`).toBe(readFileSync(golden, "utf8"));
    expect(said).not.toBe("");
  });

  it("name a fix in 95 of 100 cases or more", () => {
    const withFix = bad.filter((name) => errorsOf(name, textOf(name)).every((error) => error.suggestion !== undefined));
    expect(withFix.length / bad.length).toBeGreaterThanOrEqual(0.95);
  });

  it("are mended by what `did you mean` says", () => {
    let mended = 0;
    for (const name of bad) {
      for (const error of errorsOf(name, textOf(name))) {
        const meant = /^did you mean (.*)\?$/.exec(error.suggestion ?? "")?.[1];
        if (meant === undefined) continue;
        const fixed = replaceAt(textOf(name), error, error.message.startsWith("unknown ") && !error.message.includes("preset") ? meant.replaceAll('"', "") : meant);
        const still = errorsOf(name, fixed).filter((other) => other.message === error.message && other.line === error.line);
        expect(still, `${formatConfigError(error)}\n${fixed}`).toEqual([]);
        mended += 1;
      }
    }
    expect(mended).toBeGreaterThan(100);
  });
});

/** Puts a word in the place of the one that an error points at. */
function replaceAt(text: string, { line, column }: ConfigError, word: string): string {
  const lines = text.split("\n");
  const at = lines[line - 1] ?? "";
  const rest = at.slice(column - 1);
  const token = /^(?:"[^"]*"|\[[^\]]*\]|\{[^}]*\}|[^,}\]:]+(?=[,}\]:]|\s*$))/.exec(rest)?.[0].trimEnd() ?? "";
  lines[line - 1] = at.slice(0, column - 1) + word + rest.slice(token.length);
  return lines.join("\n");
}

describe("good configuration files", () => {
  it.each(yamlFiles(GOOD))("%s is taken", (name) => {
    expect(errorsOf(name, readFileSync(join(GOOD, name), "utf8")).map(formatConfigError)).toEqual([]);
  });
});

describe("the JSON Schemas", () => {
  const files = schemaFiles();
  const ajv = new Ajv({ allowUnionTypes: true, strict: true, strictTypes: false, strictRequired: false });
  ajv.addFormat("uri", (value) => URL.canParse(value));
  const validators = new Map<string, ValidateFunction>(Object.entries(files).map(([name, text]) => [name, ajv.compile(JSON.parse(text))]));

  function accepts(name: string, text: string): boolean {
    const validate = validators.get(name.startsWith("daemon-") ? "foretide.schema.json" : "policy.schema.json");
    // What is not YAML at all is no editor schema's business.
    const documents = parseAllDocuments(text, { version: "1.2", schema: "core" });
    return documents.every((document) => document.errors.length > 0 || hasOpenAlias(document) || validate?.(document.toJS()) === true);
  }

  it.each(Object.entries(files))("config/schema/%s is what the validator says now (else: npm run schemas)", (name, text) => {
    expect(readFileSync(join("config/schema", name), "utf8")).toBe(text);
  });

  it("are draft-07 and describe every field", () => {
    for (const text of Object.values(files)) {
      const schema = JSON.parse(text) as Record<string, unknown>;
      expect(schema["$schema"]).toBe("http://json-schema.org/draft-07/schema#");
      expect(undescribed(schema, "")).toEqual([]);
    }
  });

  it("accept what the validator accepts", () => {
    const refused = yamlFiles(GOOD).filter((name) => !accepts(name, readFileSync(join(GOOD, name), "utf8")));
    expect(refused).toEqual([]);
  });

  it("refuse what the validator refuses, but for what no schema of one document can say", () => {
    const accepted = bad.filter((name) => !INHERITED.test(name) && accepts(name, textOf(name)) && !errorsOf(name, textOf(name)).every((error) => BEYOND_A_SCHEMA.some((rule) => rule.test(error.message))));
    expect(accepted).toEqual([]);
  });
});

function hasOpenAlias(document: Document): boolean {
  let open = false;
  visit(document, { Alias: (_, alias) => { open ||= alias.resolve(document) === undefined; } });
  return open;
}

// Syntax, references, other documents, sums over several fields, and the meaning of a text.
const BEYOND_A_SCHEMA: readonly RegExp[] = [
  /custom tags|merge keys|this key is|already given|nests deeper|directives|a tab|nothing is named|a key must be|not a `key: value`|nested mapping|column|Plain value|Missing closing|escape|Flow/,
  /environment variable|cannot be read|is not a reference|"many"/,
  /the file holds no policy|the name .* is taken|is one document/,
  /is above|is below|is outside|is shorter than|does not hold|whole number of (?:steps|the target)|ends before|needs |takes no|has no effect|not both|buys nothing|reachable from outside|needs one that writes|could write|nothing breaks/,
  /is not another policy|leaves none of|no formula after it uses it|would keep a day|is the built-in source|is read from otlp|unknown preset|has no utilization|is measured in|carries|is not an OpenTelemetry name|unknown time zone|is not a schedule|at most 100%$/,
  /must be at least (?:1s|1ms|5s|1h|2h|1MiB)$|must be at most (?:1h)$|must be more than 0$|is not a time with its offset/,
];
// What policies inherit is checked when it is laid beneath a policy: in foretide.yaml's own schema it is any part of a spec.
const INHERITED = /^daemon-(?:defaults|overlay)-(?:typo|bad-value)/;

function undescribed(node: unknown, path: string): readonly string[] {
  if (typeof node !== "object" || node === null) return [];
  const { properties } = node as { readonly properties?: Record<string, { readonly description?: string }> };
  const own = Object.entries(properties ?? {}).flatMap(([key, child]) => (child.description === undefined && !isProvider(path, key) ? [`${path}.${key}`] : []));
  const children = Object.entries(node).filter(([key]) => key !== "default").flatMap(([key, child]) => undescribed(child, key === "properties" ? path : `${path}.${key}`));
  return [...own, ...children];
}

// A provider's key is described by its keys.
function isProvider(path: string, key: string): boolean {
  return /\.(target|carbon|market|discover)$/.test(path) && [...(REGISTRIES.actuators ?? []), ...(REGISTRIES.carbon ?? []), ...(REGISTRIES.market ?? [])].some((provider) => provider.type === key);
}
