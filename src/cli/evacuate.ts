import { randomUUID } from "node:crypto";
import { Command } from "commander";
import type { Evacuation, SplitStatus } from "../app/traffic/traffic-view.ts";
import { failure, success, type Result } from "../model/result.ts";
import { parseArguments } from "./arguments.ts";
import { callDaemon, withDaemonOptions, type DaemonOptions } from "./daemon-call.ts";

const USAGE_ERROR = 64;
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

interface Options extends DaemonOptions {
  readonly split?: string;
  readonly reason?: string;
  readonly author?: string;
  readonly for?: string;
  readonly key?: string;
  readonly abort?: true;
}

/** `foretide evacuate`: tells the daemon to leave a region by measured steps, or to let its load return. */
export async function run(args: readonly string[]): Promise<number> {
  const command = new Command("evacuate")
    .description("Leave a region: capacity is made ready elsewhere, then the load is moved by measured steps. With --abort it returns the same way.")
    .argument("<region>", "the region to leave")
    .option("--split <name>", "the traffic split of foretide.yaml; not needed where there is one")
    .option("--reason <text>", "why; journalled")
    .option("--author <name>", "who (USER)")
    .option("--for <duration>", "how long: 90m, 4h, 2d; then the load returns by itself", "4h")
    .option("--key <text>", "Idempotency-Key, so that a repeated call begins nothing twice; else a new one")
    .option("--abort", "let the load return from now on");
  const parsed = parseArguments(withDaemonOptions(command), args);
  if (!parsed.ok) return parsed.exitCode;
  const options = parsed.options as Options;
  const [region = ""] = parsed.operands;
  const author = options.author ?? process.env["USER"];
  const seconds = secondsOf(options.for ?? "");
  const wrong = options.reason === undefined ? "--reason is needed: it is journalled" : author === undefined ? "--author is needed" : seconds === undefined ? `--for takes 90m, 4h or 2d, not "${options.for ?? ""}"` : undefined;
  if (wrong !== undefined) return told(wrong, USAGE_ERROR);
  const by = { reason: options.reason ?? "", author: author ?? "" };
  const done = options.abort === true ? await abort(region, by, options) : await begin({ region, ...by, durationSeconds: seconds ?? 0 }, options);
  if (!done.ok) return told(done.message, 1);
  const { id, phase, split, note } = done.value;
  process.stdout.write(options.json === true ? `${JSON.stringify(done.value, null, 2)}\n` : `${split}: ${region} is ${phase} (${id}): ${note}\n`);
  return 0;
}

async function begin(body: { readonly region: string; readonly reason: string; readonly author: string; readonly durationSeconds: number }, options: Options): Promise<Result<Evacuation>> {
  const split = await splitOf(body.region, options);
  if (!split.ok) return split;
  return await callDaemon<Evacuation>(options, { method: "POST", path: `/traffic/${encodeURIComponent(split.value.split)}/evacuations`, body, idempotencyKey: options.key ?? randomUUID() });
}

async function abort(region: string, by: { readonly reason: string; readonly author: string }, options: Options): Promise<Result<Evacuation>> {
  const split = await splitOf(region, options);
  if (!split.ok) return split;
  const { evacuation } = split.value;
  if (evacuation?.region !== region) return failure("missing", `${region} is not being evacuated`);
  return await callDaemon<Evacuation>(options, { method: "DELETE", path: `/evacuations/${encodeURIComponent(evacuation.id)}?${new URLSearchParams(by).toString()}`, idempotencyKey: options.key ?? randomUUID() });
}

/** The split that was named, or the one that has the region. */
async function splitOf(region: string, options: Options): Promise<Result<SplitStatus>> {
  const listed = await callDaemon<{ readonly items: readonly SplitStatus[] }>(options, { method: "GET", path: "/traffic" });
  if (!listed.ok) return listed;
  const fitting = listed.value.items.filter(({ split, targets }) => (options.split === undefined ? targets[region] !== undefined : split === options.split));
  const [first, second] = fitting;
  if (first === undefined) return failure("missing", options.split === undefined ? `no traffic split has the region ${region}` : `there is no traffic split ${options.split}`);
  return second === undefined ? success(first) : failure("permanent", `${fitting.map(({ split }) => split).join(" and ")} have the region ${region}: name one with --split`);
}

function secondsOf(text: string): number | undefined {
  const [, count, unit = ""] = /^(\d+)([smhd])$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * (UNITS[unit] ?? NaN);
}

function told(message: string, exitCode: number): number {
  process.stderr.write(`foretide: ${message}\n`);
  return exitCode;
}
