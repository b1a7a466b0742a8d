import { readFileSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, relative, resolve } from "node:path";
import { Command } from "commander";
import { REGISTRIES } from "../app/registries.ts";
import { commonSpacing, HISTORY_SIGNALS, parseHistoryCsv } from "../history/history-csv.ts";
import { type ConfigError, formatConfigError } from "../policy/config-error.ts";
import { loadPolicies } from "../policy/load-configuration.ts";
import { parsePolicyTests, type PolicyTestFile } from "../policy/parse-policy-tests.ts";
import { listPolicyFiles } from "../policy/policy-files.ts";
import type { PolicyTestCase } from "../policy/policy-test-schema.ts";
import { runPolicyTest, USUAL_START_SECONDS } from "../replay/policy-test.ts";
import type { PolicyTestRun } from "../replay/policy-test.ts";
import { parseArguments } from "./arguments.ts";
import { junitXml, textReport, type TestOutcome } from "./test-report.ts";

const [DONE, GATE_FAILED, BAD_INPUT] = [0, 3, 64] as const;

interface Given {
  readonly json?: true;
  readonly junit?: string;
  readonly verbose?: true;
}

/** `foretide test`: policy unit tests in YAML, run through the daemon's own step. */
export async function run(args: readonly string[]): Promise<number> {
  const command = new Command("test")
    .description("Run policy unit tests: series in, decisions and reasons out, through the daemon's own step. Exit code 3 where one fails.")
    .argument("<paths...>", "test files, or folders of them")
    .option("--json", "print the results as JSON")
    .option("--junit <file>", "also write them as JUnit XML")
    .option("--verbose", "print every decision of every test");
  const parsed = parseArguments(command, args);
  if (!parsed.ok) return parsed.exitCode;
  const given = parsed.options as Given;
  const read = readTests(parsed.operands);
  if (!read.ok) {
    for (const error of read.errors) process.stderr.write(`${formatConfigError(error)}\n`);
    return BAD_INPUT;
  }
  const outcomes = read.runs.map(({ file, at, run: one }): TestOutcome => {
    const { decisions, failures } = runPolicyTest(one);
    return { file: file.file, policy: one.policy.name, name: one.test.name, ...file.locate(["tests", at]), decisions, failures: failures.map(({ path, message }) => ({ ...file.locate(["tests", at, ...path]), message })) };
  });
  if (given.junit !== undefined) writeFileSync(given.junit, junitXml(outcomes));
  if (given.json === true) process.stdout.write(`${JSON.stringify(outcomes.map(({ decisions, ...plain }) => (given.verbose === true ? { ...plain, decisions } : plain)), undefined, 2)}\n`);
  else process.stdout.write(textReport(outcomes, given.verbose === true));
  const failed = outcomes.filter(({ failures }) => failures.length > 0).length;
  process.stderr.write(`foretide: ${String(outcomes.length - failed)} passed, ${String(failed)} failed\n`);
  return Promise.resolve(failed > 0 ? GATE_FAILED : DONE);
}

interface ReadRun {
  readonly file: PolicyTestFile;
  readonly at: number;
  readonly run: PolicyTestRun;
}

type ReadTests = { readonly ok: true; readonly runs: readonly ReadRun[] } | { readonly ok: false; readonly errors: readonly ConfigError[] };

function readTests(paths: readonly string[]): ReadTests {
  const errors: ConfigError[] = [];
  const runs: ReadRun[] = [];
  for (const path of paths) {
    const listed = listPolicyFiles(path);
    if (listed === undefined || listed.length === 0) errors.push({ file: path, line: 1, column: 1, path: "", message: listed === undefined ? "no such file or folder" : "the folder holds no test", suggestion: "correct the path" });
    for (const file of listed ?? []) {
      const parsed = parsePolicyTests({ path: shown(file), text: readFileSync(file, "utf8") }, { loadPolicies: (name) => loadPolicies([beside(file, name)], { registries: REGISTRIES }) });
      if (!parsed.ok) errors.push(...parsed.errors);
      else for (const one of parsed.files) for (const [at, test] of one.tests.entries()) {
        const made = runOf(one, test, file);
        if ("message" in made) errors.push({ file: one.file, ...one.locate(["tests", at, "csv"]), path: `spec.tests[${String(at)}].csv`, message: made.message });
        else runs.push({ file: one, at, run: made });
      }
    }
  }
  return errors.length > 0 ? { ok: false, errors } : { ok: true, runs };
}

function runOf({ policy }: PolicyTestFile, test: PolicyTestCase, file: string): PolicyTestRun | { readonly message: string } {
  const intervalSeconds = test.interval ?? policy.evaluationIntervalSeconds;
  if (test.csv === undefined) return { policy, test, startSeconds: test.start ?? USUAL_START_SECONDS, intervalSeconds, series: definedOnly(test.series ?? {}) };
  let text: string;
  try {
    text = readFileSync(beside(file, test.csv), "utf8");
  } catch {
    return { message: `${test.csv} cannot be read` };
  }
  const csv = parseHistoryCsv(text);
  if (!csv.ok) return { message: csv.problems.map(({ line, column, message }) => `${test.csv ?? ""}:${String(line)}:${String(column)}: ${message}`).join("; ") };
  const { timesSeconds, signals } = csv.value;
  const series = Object.fromEntries(HISTORY_SIGNALS.flatMap((name) => {
    const values = signals[name];
    return values === undefined ? [] : [[name, Array.from(values, (value) => (Number.isNaN(value) ? "absent" as const : value))]];
  }));
  return { policy, test, startSeconds: test.start ?? timesSeconds[0] ?? 0, intervalSeconds: test.interval ?? commonSpacing(timesSeconds) ?? intervalSeconds, series };
}

function definedOnly(series: NonNullable<PolicyTestCase["series"]> | object): PolicyTestRun["series"] {
  return Object.fromEntries(Object.entries(series).filter(([, values]) => values !== undefined));
}

function beside(file: string, name: string): string {
  return isAbsolute(name) ? name : resolve(dirname(file), name);
}

function shown(path: string): string {
  const near = relative(process.cwd(), path);
  return near === "" || near.startsWith("..") ? path : near;
}
