#!/usr/bin/env node
import { enableCompileCache } from "node:module";
import { COMMANDS } from "./cli/commands.ts";

// Compiled code is kept between starts, where a folder for it can be written; else nothing changes.
enableCompileCache();

const USAGE_ERROR = 64;

function help(): string {
  const lines = Object.entries(COMMANDS).map(([name, entry]) => `  ${name.padEnd(12)}${entry.summary}`);
  return `foretide: autoscaling that acts before the load arrives\n\nusage: foretide <command> [options]\n\n${lines.join("\n")}\n\nforetide <command> --help tells a command's options.\n`;
}

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...args] = argv;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    process.stdout.write(help());
    return name === undefined ? USAGE_ERROR : 0;
  }
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined) {
    process.stderr.write(`foretide: unknown command "${name}"\n\n${help()}`);
    return USAGE_ERROR;
  }
  return (await entry.load()).run(args);
}

/** A file that cannot be written, or a stream that is closed, is told in a line; any other exception is a bug, with its stack. */
function failed(error: unknown): number {
  if (!(error instanceof Error && "syscall" in error)) throw error;
  process.stderr.write(`foretide: ${error.message}\n`);
  return 1;
}

process.exitCode = await main(process.argv.slice(2)).catch(failed);
