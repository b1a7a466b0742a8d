import { createReadStream, existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Command } from "commander";
import type { Journal } from "../journal/journal.ts";
import { exportJournal, importJournal } from "../journal/journal-export.ts";
import { JOURNAL_FOLDER, openSegmentJournal } from "../journal/segment-journal.ts";
import { parseArguments } from "./arguments.ts";

const USAGE_ERROR = 64;
const GATE_FAILED = 3;

interface Options {
  readonly data: string;
  readonly from: number;
}

/** `foretide journal`: checks that a journal can be read whole, prints it as lines of JSON, or makes one of such lines. */
export async function run(args: readonly string[]): Promise<number> {
  const command = new Command("foretide journal")
    .description("check: read every record and say what is damaged (exit code 3). export: print the records, one canonical JSON a line; the daemon may run. import: append such lines to the journal of a stopped daemon.")
    .argument("<what>", "check, export or import")
    .argument("[file]", "lines to import; - is standard input", "-")
    .option("--data <folder>", "the daemon's data folder", process.env["FORETIDE_DATA_DIR"] ?? "data")
    .option("--from <sequence>", "export from this record on", Number, 1);
  const parsed = parseArguments(command, args);
  if (!parsed.ok) return parsed.exitCode;
  const options = parsed.options as unknown as Options;
  const [what = "", file = "-"] = parsed.operands;
  const work = { check, export: write, import: (journal: Journal) => read(journal, file) }[what];
  if (work === undefined || !Number.isInteger(options.from) || options.from < 1) return told(`expected check, export or import, and a sequence from 1`, USAGE_ERROR);
  const folder = join(options.data, JOURNAL_FOLDER);
  if (what !== "import" && !existsSync(folder)) return told(`there is no journal in ${options.data}`, USAGE_ERROR);
  const opened = await openSegmentJournal(folder, { readOnly: what !== "import" });
  if (!opened.ok) return told(opened.message, 1);
  try {
    return await work(opened.value, options);
  } finally {
    await opened.value.close();
  }
}

async function check(journal: Journal): Promise<number> {
  for (const { file, offset, bytes, detail } of journal.damage) process.stderr.write(`${file}:${String(offset)}: ${detail} (${String(bytes)} bytes)\n`);
  let [whole, damaged] = [0, 0];
  for await (const record of journal.read(1)) {
    if (record.type !== "damaged") whole++;
    else if (whole > 0 || record.sequence !== 1 || !record.detail.includes("no longer")) {
      damaged += record.throughSequence - record.sequence + 1;
      process.stderr.write(`records ${String(record.sequence)} to ${String(record.throughSequence)}: ${record.detail}\n`);
    }
  }
  process.stdout.write(`${String(whole)} records are whole, ${String(damaged)} are damaged\n`);
  return damaged > 0 || journal.damage.length > 0 ? GATE_FAILED : 0;
}

async function write(journal: Journal, { from }: Options): Promise<number> {
  for await (const line of exportJournal(journal, from)) {
    if (!process.stdout.write(line)) await new Promise((resolve) => process.stdout.once("drain", resolve));
  }
  return 0;
}

async function read(journal: Journal, file: string): Promise<number> {
  if (file !== "-" && !existsSync(file)) return told(`${file}: expected a readable file`, USAGE_ERROR);
  const lines = createInterface({ input: file === "-" ? process.stdin : createReadStream(file), crlfDelay: Infinity });
  const imported = await importJournal(lines, journal);
  if (!imported.ok) return told(`${file}: ${imported.message}`, imported.failure === "permanent" ? USAGE_ERROR : 1);
  process.stdout.write(`${String(imported.value)} records imported\n`);
  return 0;
}

function told(message: string, exitCode: number): number {
  process.stderr.write(`foretide journal: ${message}\n`);
  return exitCode;
}
