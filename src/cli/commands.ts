/** One command of the `foretide` program. Each lives in a file of its own and is loaded only when it is called. */
export interface CommandModule {
  /** Runs with the arguments after the command's name; resolves to the exit code. Data on stdout, talk on stderr. */
  run(args: readonly string[]): Promise<number>;
}

interface CommandEntry {
  readonly summary: string;
  load(): Promise<CommandModule>;
}

/** In the order that `foretide help` shows. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  serve: { summary: "run the daemon", load: () => import("./serve.ts") },
  sidecar: { summary: "run the daemon beside one service, in little memory", load: () => import("./sidecar.ts") },
  demo: { summary: "run the daemon beside a small demo service", load: () => import("./demo.ts") },
  validate: { summary: "check foretide.yaml and the policies: every error at once", load: () => import("./validate.ts") },
  init: { summary: "write a first configuration", load: () => import("./init.ts") },
  schema: { summary: "print the JSON Schema of policies, or of foretide.yaml", load: () => import("./schema.ts") },
  import: { summary: "import a target's past from a CSV file or Prometheus", load: () => import("./import.ts") },
  journal: { summary: "check, export or import a journal", load: () => import("./journal.ts") },
  explain: { summary: "say why a decision is what it is, or is not something else", load: () => import("./explain.ts") },
  mark: { summary: "say what a target's forecasts shall not learn from, or take it back", load: () => import("./mark.ts") },
  evacuate: { summary: "leave a region by measured steps, or let its load return", load: () => import("./evacuate.ts") },
  commit: { summary: "advise which commitment to buy, with its risk", load: () => import("./commit.ts") },
  "right-size": { summary: "the machines that would carry a target's measured use for less, each with its risk", load: () => import("./right-size.ts") },
  capacity: { summary: "say when a growing load reaches its maximum, quota or budget", load: () => import("./capacity.ts") },
  forecast: { summary: "forecast the series of a CSV file", load: () => import("./forecast.ts") },
  drive: { summary: "run the pure step under an outside clock, by lines of JSON", load: () => import("./drive.ts") },
  replay: { summary: "replay a policy on your own history, beside the peers and perfect foresight", load: () => import("./replay.ts") },
  plan: { summary: "what a new policy would have changed on the last days", load: () => import("./plan.ts") },
  test: { summary: "run policy unit tests: series in, decisions and reasons out", load: () => import("./test.ts") },
  calibrate: { summary: "learn what one replica carries from a history", load: () => import("./calibrate.ts") },
};
