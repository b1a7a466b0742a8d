import { Command } from "commander";
import { REGISTRIES } from "../app/registries.ts";
import { type ConfigError, formatConfigError, sortConfigErrors } from "../policy/config-error.ts";
import { loadConfiguration, loadPolicies } from "../policy/load-configuration.ts";
import { sarifOf } from "../policy/sarif.ts";
import { parseArguments } from "./arguments.ts";

const BAD_INPUT = 64;

/** `foretide validate`: every error of the configuration at once, each with file, line and column. Reads no network. */
export async function run(args: readonly string[]): Promise<number> {
  const command = new Command("validate")
    .description("Check foretide.yaml and the policies: every error at once, with its place and how to mend it.")
    .argument("[paths...]", "foretide.yaml, the folder that holds it, policy files or folders of them", ["config"])
    .option("--json", "print the result as JSON")
    .option("--sarif", "print the errors as SARIF 2.1.0");
  const parsed = parseArguments(command, args);
  if (!parsed.ok) return parsed.exitCode;
  const { json = false, sarif = false } = parsed.options as { readonly json?: boolean; readonly sarif?: boolean };
  const result = check(parsed.operands.length === 0 ? ["config"] : parsed.operands);
  if (sarif) print(sarifOf(result.errors, "1"));
  else if (json) print({ valid: result.errors.length === 0, policies: result.policies, errors: result.errors });
  else for (const error of result.errors) process.stdout.write(`${formatConfigError(error)}\n`);
  if (result.errors.length > 0) {
    process.stderr.write(`foretide: ${count(result.errors.length, "error")}\n`);
    return BAD_INPUT;
  }
  process.stderr.write(`foretide: ${count(result.policies.length, "policy", "policies")} valid\n`);
  return 0;
}

interface Checked {
  readonly policies: readonly { readonly name: string; readonly mode: string; readonly digest: string }[];
  readonly errors: readonly ConfigError[];
}

/** A daemon's configuration is checked with all that it names; policy files beside it are checked together. */
function check(paths: readonly string[]): Checked {
  const loaded = paths.length === 1 ? [loadConfiguration(paths[0] ?? "config", { registries: REGISTRIES })] : [];
  const policies = paths.length > 1 ? loadPolicies(paths, { registries: REGISTRIES }) : undefined;
  const read = [...loaded.map((one) => (one.ok ? { ok: true as const, policies: one.configuration.policies } : one)), ...(policies === undefined ? [] : [policies])];
  return {
    policies: read.flatMap((one) => (one.ok ? one.policies.map(({ name, mode, digest }) => ({ name, mode, digest })) : [])),
    errors: sortConfigErrors(read.flatMap((one) => (one.ok ? [] : one.errors))),
  };
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${String(number)} ${number === 1 ? one : many}`;
}
