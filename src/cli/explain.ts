import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { explain } from "../app/api/explain.ts";
import type { Explanation } from "../app/api/schemas/explanation.ts";
import type { JournalledDecision } from "../journal/journal.ts";
import { JOURNAL_FOLDER, openSegmentJournal } from "../journal/segment-journal.ts";
import { failure, success, type Result } from "../model/result.ts";
import { parseArguments } from "./arguments.ts";
import { readDaemon, withDaemonOptions, type DaemonOptions } from "./daemon-call.ts";
import { COLOURED, explanationText, PLAIN } from "./explanation-text.ts";

const USAGE_ERROR = 64;

interface Options extends DaemonOptions {
  readonly whyNot?: string;
  readonly data?: string;
}

/**
 * `foretide explain`: why a decision, or a target's newest one, is what it is. Asks the daemon; with --data, or where none
 * answers, it reads the journal alone.
 */
export async function run(args: readonly string[]): Promise<number> {
  const command = new Command("explain")
    .description("Explain a decision, or a target's newest one, from the daemon or from its journal alone.")
    .argument("<decision-or-target>", "a decision's id or a target's name")
    .option("--why-not <kind-or-count>", "also say why it was not scale-out, scale-in, rebalance, or so many replicas")
    .option("--data <folder>", "read the journal in this data folder; no daemon is needed");
  const parsed = parseArguments(withDaemonOptions(command), args);
  if (!parsed.ok) return parsed.exitCode;
  const options = parsed.options as Options;
  const [subject = ""] = parsed.operands;
  if (options.whyNot !== undefined && !/^(?:scale-out|scale-in|rebalance|\d{1,6})$/u.test(options.whyNot)) {
    process.stderr.write(`foretide: --why-not takes scale-out, scale-in, rebalance or a count of replicas, not "${options.whyNot}"\n`);
    return USAGE_ERROR;
  }
  const found = await find(subject, options);
  if (!found.ok) {
    process.stderr.write(`foretide: ${found.message}\n`);
    return 1;
  }
  const coloured = process.stdout.isTTY && process.env["NO_COLOR"] === undefined;
  process.stdout.write(options.json === true ? `${JSON.stringify(found.value, null, 2)}\n` : explanationText(found.value, coloured ? COLOURED : PLAIN));
  return 0;
}

async function find(subject: string, options: Options): Promise<Result<Explanation>> {
  if (options.data !== undefined) return fromJournal(subject, options.data, options.whyNot);
  const answered = await fromDaemon(subject, options);
  const standard = "data";
  if (answered.ok || answered.failure !== "transient" || options.url !== undefined || !existsSync(join(standard, JOURNAL_FOLDER))) return answered;
  process.stderr.write(`foretide: no daemon answers, so the journal in ${standard} is read\n`);
  return fromJournal(subject, standard, options.whyNot);
}

async function fromJournal(subject: string, dataFolder: string, whyNot: string | undefined): Promise<Result<Explanation>> {
  const folder = join(dataFolder, JOURNAL_FOLDER);
  if (!existsSync(folder)) return failure("missing", `there is no journal in ${dataFolder}`);
  const opened = await openSegmentJournal(folder, { readOnly: true });
  if (!opened.ok) return opened;
  const journal = opened.value;
  try {
    const byId = await journal.decision(subject);
    if (byId.ok) return success(explain(byId.value, whyNot));
    if (byId.failure !== "missing") return byId;
    const page = await journal.decisions({ target: subject, limit: 1 });
    if (!page.ok) return page;
    const newest = page.value.decisions[0];
    if (newest === undefined) return failure("missing", `the journal holds no decision and no target "${subject}"`);
    const record: Result<JournalledDecision> = await journal.decision(newest.decision.id);
    return record.ok ? success(explain(record.value, whyNot)) : record;
  } finally {
    await journal.close();
  }
}

async function fromDaemon(subject: string, options: Options): Promise<Result<Explanation>> {
  const query = options.whyNot === undefined ? "" : `?whyNot=${encodeURIComponent(options.whyNot)}`;
  const path = (kind: string) => `/${kind}/${encodeURIComponent(subject)}/explanation${query}`;
  const asDecision = await readDaemon<Explanation>(options, path("decisions"));
  if (asDecision.ok || asDecision.failure !== "missing") return asDecision;
  const asTarget = await readDaemon<Explanation>(options, path("targets"));
  if (asTarget.ok || asTarget.failure !== "missing") return asTarget;
  return failure("missing", `the daemon knows no decision and no target "${subject}"`);
}
