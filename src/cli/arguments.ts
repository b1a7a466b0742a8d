import { CommanderError, type Command } from "commander";

export type ParsedArguments =
  | { readonly ok: true; readonly options: Readonly<Record<string, unknown>>; readonly operands: readonly string[] }
  | { readonly ok: false; readonly exitCode: number };

const USAGE_ERROR = 64;

/** Parses a command's own arguments. Help is printed and ends with 0; a mistake is said on standard error and ends with 64. */
export function parseArguments(command: Command, args: readonly string[]): ParsedArguments {
  command.exitOverride();
  try {
    command.parse([...args], { from: "user" });
    return { ok: true, options: command.opts(), operands: command.args };
  } catch (error) {
    if (error instanceof CommanderError) return { ok: false, exitCode: error.exitCode === 0 ? 0 : USAGE_ERROR };
    throw error;
  }
}
