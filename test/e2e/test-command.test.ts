import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { afterAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { runForetide, type Ended } from "../fixtures/run-foretide.ts";

const TESTS = fileURLToPath(new URL("../../config/tests", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "foretide-test-"));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

const foretide = (...args: readonly string[]): Promise<Ended> => runForetide(args, { cwd: folder });

function written(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

const HEAD = `apiVersion: foretide.dev/v1
kind: PolicyTest
spec:
  policy:
    spec:
      target: { simulated: {} }
      replicas: { min: 2, max: 20 }
      demand: { metric: load, extract: gauge }
      scaling: { by: per-replica, target: 50 }
      leadTime: 30s
`;
const PASSES = `${HEAD}  tests:
    - name: two for a hundred
      ready: 2
      series: { demand: 100x20 }
      expect: [{ replicas: 2 }]
      never: [{ above: 2 }]
`;

describe("foretide test", () => {
  it("passes what is shipped with the program: every policy in config/policies has tests", async () => {
    const ended = await foretide("test", TESTS, "--json");
    expect(ended.stderr).toMatch(/^foretide: \d+ passed, 0 failed\n$/);
    expect(ended.code).toBe(0);
    const outcomes = JSON.parse(ended.stdout) as readonly { readonly policy: string; readonly failures: readonly unknown[] }[];
    expect(outcomes.length).toBeGreaterThanOrEqual(12);
    expect([...new Set(outcomes.map(({ policy }) => policy))].sort()).toEqual(expect.arrayContaining(["regions", "shop", "spot", "web"]));
  });

  it("says of what does not hold where it stands, what was decided and why, and ends with 3", async () => {
    const file = written("fails.yaml", `${PASSES}    - name: fails
      ready: 2
      series: { demand: 100x8 400x8 }
      expect:
        - { at: 1m, replicas: 3 }
        - { at: 4m, atLeast: 9, kind: hold, reasons: [magic], clampedBy: guard-bounds }
        - { at: 7s, replicas: 2 }
      never:
        - { kind: scale-out }
`);
    const ended = await foretide("test", file, "--junit", "junit.xml");
    expect(ended.code).toBe(3);
    const lines = ended.stdout.trim().split("\n");
    expect(lines.slice(0, 2)).toEqual(["ok   fails.yaml: two for a hundred", "FAIL fails.yaml: fails"]);
    expect(lines[2]).toMatch(/^fails\.yaml:21:11: 60s \(2026-01-05T00:01:00Z\): expected 3 replicas; decided \S+ 2 → 2 \(/);
    expect(lines[3]).toMatch(/^fails\.yaml:22:11: 240s \S+: expected at least 9 replicas, (?:expected hold, )?expected the reason magic, expected guard-bounds to change the count; decided \S+ 8 → 8/);
    expect(lines[4]).toMatch(/^fails\.yaml:23:11: no decision then: they come every 15s, from 0s to 255s$/);
    expect(lines[5]).toMatch(/^fails\.yaml:25:11: \d+s \S+: never scale-out; decided scale-out 2 → \d/);
    const xml = readFileSync(join(folder, "junit.xml"), "utf8");
    expect(xml).toContain('<testsuite name="fails.yaml" tests="2" failures="1">');
    expect(xml.match(/<failure message=/g)).toHaveLength(4);
    expect(xml).toContain("decided");
    expect(xml).not.toMatch(/→ \d+ \(.*<[^/]/);
  });

  it("gives the same bytes each time, decisions and all", async () => {
    const [one, two] = await Promise.all([foretide("test", TESTS, "--json", "--verbose"), foretide("test", TESTS, "--json", "--verbose")]);
    expect(one.stdout).toBe(two.stdout);
    expect(one.stdout).toContain('"desiredReplicas"');
  });

  it("reads its series from a file of rows, too", async () => {
    written("rows.csv", `timestamp,demand,readyReplicas\n${Array.from({ length: 20 }, (_, i) => `${String(1_700_000_010 + 15 * i)},${i < 10 ? "150" : ""},4`).join("\n")}\n`);
    const file = written("csv.yaml", `${HEAD}  tests:
    - name: rows
      csv: rows.csv
      expect: [{ at: 0s, atMost: 4 }]
      never: [{ from: 150s, kind: scale-in }]
`);
    expect(await foretide("test", file)).toMatchObject({ code: 0, stdout: "ok   csv.yaml: rows\n" });
  });

  it.each<[string, string, RegExp]>([
    ["a series that is none", PASSES.replace("100x20", "100y20"), /^bad\.yaml:14:25: spec\.tests\[0\]\.series\.demand: "100y20" is no item of a series; write values/],
    ["a mistyped key", PASSES.replace("never:", "nevr:"), /^bad\.yaml:16:7: spec\.tests\[0\]\.nevr: unknown key "nevr"; did you mean "never"\?/],
    ["a policy that is wrong", PASSES.replace("max: 20", "max: 1"), /^bad\.yaml:7:24: spec\.policy\.spec\.replicas\.min: min 2 is above max 1/],
    ["a policy that is not there", PASSES.replace(/policy:\n[\s\S]*leadTime: 30s/, "policy: nowhere.yaml"), /nowhere\.yaml:1:1: no such file/],
    ["a kind that is none", PASSES.replace("replicas: 2 }]", "kind: grow }]"), /^bad\.yaml:15:24: .*"grow" is not one of/],
    ["an expectation of nothing", PASSES.replace("{ replicas: 2 }", "{ at: 0s }"), /^bad\.yaml:15:1\d: spec\.tests\[0\]\.expect\[0\]: expects nothing/],
    ["neither series nor rows", PASSES.replace("      series: { demand: 100x20 }\n", ""), /needs series or csv/],
    ["rows that are not there", PASSES.replace("series: { demand: 100x20 }", "csv: none.csv"), /^bad\.yaml:14:12: spec\.tests\[0\]\.csv: none\.csv cannot be read/],
    ["a pin without a count", PASSES.replace("      expect", "      overrides: [{ at: 0s, for: 1m, kind: pin }]\n      expect"), /a pin needs replicas/],
    ["no YAML", "a: [", /^bad\.yaml:1:/],
    ["another document", PASSES.replace("PolicyTest", "Policy"), /"Policy" is not PolicyTest/],
  ])("refuses %s with its place, exit code 64, and runs nothing", async (_name, text, message) => {
    const ended = await foretide("test", written("bad.yaml", text));
    expect(ended).toMatchObject({ code: 64, stdout: "" });
    expect(ended.stderr).toMatch(message);
  });

  it("refuses a path that is not there", async () => {
    expect(await foretide("test", "nowhere")).toMatchObject({ code: 64, stderr: expect.stringContaining("nowhere:1:1: no such file or folder") as unknown });
  });

  it("is described by its JSON Schema: what is shipped is valid, what is wrong is not", async () => {
    const schema = await foretide("schema", "test");
    const validate = new Ajv({ allowUnionTypes: true, strict: false }).compile(JSON.parse(schema.stdout) as object);
    const valid = (text: string): boolean => parseAllDocuments(text).every((document) => validate(document.toJS()));
    for (const name of ["demo.yaml", "web.yaml", "market.yaml"]) expect(valid(readFileSync(join(TESTS, name), "utf8"))).toBe(true);
    expect(valid(PASSES)).toBe(true);
    expect(valid(PASSES.replace("never:", "nevr:"))).toBe(false);
    expect(valid(PASSES.replace("name: two for a hundred", "interval: soon"))).toBe(false);
  });
});
