import type { ConfigError } from "./config-error.ts";

/** The errors as SARIF 2.1.0, which code hosts show beside the lines of a change. */
export function sarifOf(errors: readonly ConfigError[], version: string): unknown {
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "foretide validate", version, rules: [{ id: "configuration", shortDescription: { text: "The configuration is not valid." } }] } },
        results: errors.map((error) => ({
          ruleId: "configuration",
          level: "error",
          message: { text: `${error.path === "" ? "" : `${error.path}: `}${error.message}${error.suggestion === undefined ? "" : `; ${error.suggestion}`}` },
          locations: [{ physicalLocation: { artifactLocation: { uri: error.file.replaceAll("\\", "/") }, region: { startLine: error.line, startColumn: error.column } } }],
        })),
      },
    ],
  };
}
