import { randomUUID } from "node:crypto";
import { Command } from "commander";
import type { TargetMark } from "../app/forecasts/mark-book.ts";
import { MARK_KINDS } from "../app/forecasts/mark-kinds.ts";
import { failure, success, type Result } from "../model/result.ts";
import { parseArguments } from "./arguments.ts";
import { callDaemon, withDaemonOptions, type DaemonCall, type DaemonOptions } from "./daemon-call.ts";

const USAGE_ERROR = 64;

interface Options extends DaemonOptions {
  readonly kind?: string;
  readonly from?: string;
  readonly to?: string;
  readonly undo?: string;
  readonly reason?: string;
  readonly author?: string;
}

/** `foretide mark`: lists what a target's forecasts do not learn from, adds a stretch (a deploy, an outage), or undoes one. */
export async function run(args: readonly string[]): Promise<number> {
  const command = new Command("mark")
    .description("List what a target's forecasts do not learn from; with --kind, mark a stretch; with --undo, take a mark back.")
    .argument("<target>", "a target's name")
    .option("--kind <kind>", `what it was: ${MARK_KINDS.join(", ")}`)
    .option("--from <time>", "when it began: 2026-11-24T10:00:00Z")
    .option("--to <time>", "when it ended; now when left out")
    .option("--undo <mark>", "the id of a mark to take back")
    .option("--reason <text>", "why; it is journalled and shown")
    .option("--author <name>", "who says so (USER when left out)");
  const parsed = parseArguments(withDaemonOptions(command), args);
  if (!parsed.ok) return parsed.exitCode;
  const options = parsed.options as Options;
  const [target = ""] = parsed.operands;
  const request = requestOf(target, options);
  if (!request.ok) {
    process.stderr.write(`foretide: ${request.message}\n`);
    return USAGE_ERROR;
  }
  const answered = await callDaemon<TargetMark | { readonly items: readonly TargetMark[] }>(options, request.value);
  if (!answered.ok) {
    process.stderr.write(`foretide: ${answered.message}\n`);
    return 1;
  }
  const marks = "items" in answered.value ? answered.value.items : [answered.value];
  process.stdout.write(options.json === true ? `${JSON.stringify(answered.value, null, 2)}\n` : marks.map(lineOf).join(""));
  return 0;
}

function requestOf(target: string, { kind, from, to, undo, reason, author = process.env["USER"] }: Options): Result<DaemonCall> {
  const marks = `/targets/${encodeURIComponent(target)}/marks`;
  if (kind === undefined && undo === undefined) return from === undefined && to === undefined ? success({ method: "GET", path: marks }) : failure("permanent", "--from and --to need --kind");
  if (reason === undefined || author === undefined) return failure("permanent", `a mark needs ${reason === undefined ? "--reason" : "--author"}`);
  if (undo !== undefined) return success({ method: "DELETE", path: `/marks/${encodeURIComponent(undo)}?${new URLSearchParams({ author, reason }).toString()}`, idempotencyKey: randomUUID() });
  if (!MARK_KINDS.some((known) => known === kind)) return failure("permanent", `--kind takes ${MARK_KINDS.join(", ")}, not "${kind ?? ""}"`);
  const fromSeconds = Date.parse(from ?? "") / 1000;
  const toSeconds = to === undefined ? Math.floor(Date.now() / 1000) : Date.parse(to) / 1000;
  if (Number.isNaN(fromSeconds) || Number.isNaN(toSeconds)) return failure("permanent", "--from and --to take times such as 2026-11-24T10:00:00Z");
  return success({ method: "POST", path: marks, body: { kind, fromSeconds, toSeconds, reason, author }, idempotencyKey: randomUUID() });
}

function lineOf({ id, kind, fromSeconds, toSeconds, reason, author }: TargetMark): string {
  const time = (seconds: number): string => new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
  return `${id}  ${kind}  ${time(fromSeconds)} to ${time(toSeconds)}  ${author}: ${reason}\n`;
}
