import type { Decision } from "../model/decision.ts";

export interface TestOutcome {
  readonly file: string;
  readonly policy: string;
  readonly name: string;
  readonly line: number;
  readonly column: number;
  readonly decisions: readonly Decision[];
  readonly failures: readonly { readonly line: number; readonly column: number; readonly message: string }[];
}

/** A line a test, and one for each expectation that does not hold, with its place. */
export function textReport(outcomes: readonly TestOutcome[], verbose: boolean): string {
  return outcomes.map(({ file, name, decisions, failures }) => [
    `${failures.length === 0 ? "ok  " : "FAIL"} ${file}: ${name}`,
    ...(verbose ? decisions.map((decision) => `     ${new Date(decision.timeSeconds * 1000).toISOString()} ${decision.kind} ${String(decision.currentReplicas)} → ${String(decision.desiredReplicas)}: ${decision.reasons.map(({ code }) => code).join(", ")}`) : []),
    ...failures.map(({ line, column, message }) => `${file}:${String(line)}:${String(column)}: ${message}`),
  ].join("\n")).map((text) => `${text}\n`).join("");
}

/** JUnit's XML as CI servers read it: a suite a file. */
export function junitXml(outcomes: readonly TestOutcome[]): string {
  const suites = [...Map.groupBy(outcomes, ({ file }) => file)].map(([file, tests]) => {
    const failed = tests.filter(({ failures }) => failures.length > 0).length;
    const cases = tests.map(({ name, policy, line, failures }) => {
      const head = `    <testcase name="${escaped(name)}" classname="${escaped(policy)}" file="${escaped(file)}" line="${String(line)}"`;
      if (failures.length === 0) return `${head}/>`;
      const inner = failures.map((failure) => `      <failure message="${escaped(failure.message)}">${escaped(`${file}:${String(failure.line)}:${String(failure.column)}: ${failure.message}`)}</failure>`);
      return [`${head}>`, ...inner, "    </testcase>"].join("\n");
    });
    return [`  <testsuite name="${escaped(file)}" tests="${String(tests.length)}" failures="${String(failed)}">`, ...cases, "  </testsuite>"].join("\n");
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join("\n")}\n</testsuites>\n`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
