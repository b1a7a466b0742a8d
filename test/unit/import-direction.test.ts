import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cruise, type ICruiseResult, type IForbiddenRuleType } from "dependency-cruiser";
import { beforeAll, describe, expect, it } from "vitest";

// The picture in DESIGN.md, left to right. A folder imports only what stands left of its brace; within one nobody imports another.
const BRACES: readonly (readonly string[])[] = [
  ["forecasts"],
  ["src/model"],
  ["src/policy", "src/history", "src/journal", "src/twin", "src/learn", "src/plan", "src/account"],
  ["src/observe", "src/act", "src/purchase", "src/decide", "src/guard"],
  ["src/step"],
  ["src/replay"],
  ["src/app"],
  ["src/cli"],
  ["src/main.ts"],
];
const STEP_MAY_USE = ["forecasts", "src/model", "src/twin", "src/learn", "src/plan", "src/account", "src/purchase", "src/decide", "src/guard", "src/step"];

/** A folder, a file, or for the step the file and the folder of its name. */
function pattern(paths: readonly string[]): string {
  const one = (path: string): string => (path === "src/step" ? "src/step[/.]" : path.endsWith(".ts") ? `${path.replace(".", "\\.")}$` : `${path}/`);
  return `^(?:${paths.map(one).join("|")})`;
}

function rules(): readonly IForbiddenRuleType[] {
  const forbidden: IForbiddenRuleType[] = [];
  for (const [index, brace] of BRACES.entries()) {
    for (const folder of brace) {
      const allowed = [...BRACES.slice(0, index).flat(), folder];
      forbidden.push({ name: `${folder} imports only leftwards`, severity: "error", from: { path: pattern([folder]) }, to: { path: "^(?:src|forecasts)/", pathNot: pattern(allowed) } });
    }
  }
  forbidden.push({ name: "the step uses only pure folders", severity: "error", from: { path: pattern(["src/step"]) }, to: { path: "^(?:src|forecasts)/", pathNot: pattern(STEP_MAY_USE) } });
  forbidden.push({ name: "only app and main know NestJS", severity: "error", from: { path: "^(?:src|forecasts)/", pathNot: pattern(["src/app", "src/main.ts"]) }, to: { path: "node_modules/@nestjs/" } });
  forbidden.push({ name: "nothing outside test imports a test", severity: "error", from: { path: "^(?:src|forecasts)/" }, to: { path: "^(?:test|bench)/" } });
  forbidden.push({ name: "no cycles", severity: "error", from: { path: "^(?:src|forecasts)/" }, to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } } });
  forbidden.push({ name: "every import resolves", severity: "error", from: { path: "^(?:src|forecasts)/" }, to: { couldNotResolve: true, pathNot: "^node:" } });
  return forbidden;
}

async function violations(paths: string[], forbidden: readonly IForbiddenRuleType[]): Promise<readonly string[]> {
  const result = await cruise(paths, { ruleSet: { forbidden: [...forbidden] }, validate: true, tsPreCompilationDeps: true, doNotFollow: { path: "node_modules" }, exclude: { path: "^src/app/dashboard/" } });
  const { summary } = result.output as ICruiseResult;
  return summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`);
}

describe("import direction", () => {
  let found: readonly string[];
  beforeAll(async () => {
    found = await violations(["src", "forecasts"], rules());
  });

  it("holds over the whole tree", () => {
    expect(found).toEqual([]);
  });

  it("names every folder of src, so that none is left unwatched", () => {
    const watched = BRACES.flat();
    const present = readdirSync("src", { withFileTypes: true }).filter((entry) => entry.isDirectory() || entry.name.endsWith(".ts")).map((entry) => join("src", entry.name));
    expect(present.filter((path) => !watched.includes(path) && !/^src\/step(-[a-z-]+)?\.ts$/.test(path) && holdsCode(path))).toEqual([]);
  });

  it("sees an import that points right", async () => {
    const backwards: IForbiddenRuleType = { name: "model imports nothing of forecasts", severity: "error", from: { path: "^src/model/" }, to: { path: "^forecasts/" } };
    expect(readFileSync("src/model/series.ts", "utf8")).toContain("forecasts/");
    expect(await violations(["src/model"], [backwards])).not.toEqual([]);
  });
});

function holdsCode(path: string): boolean {
  return path.endsWith(".ts") || readdirSync(path, { recursive: true }).some((name) => String(name).endsWith(".ts"));
}
