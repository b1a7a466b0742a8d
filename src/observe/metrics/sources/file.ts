import { open } from "node:fs/promises";
import { z } from "zod";
import { failure, success, type Result } from "../../../model/result.ts";
import type { MetricSource, MetricSourceDefinition } from "./metric-source.ts";
import { StoredPoints, type FetchedPoint } from "./stored-points.ts";

/** Read at most so much at once; the rest with the next refresh. */
const MAX_READ_BYTES = 8 * 2 ** 20;
const NEWLINE = 0x0a;

const config = z.strictObject({
  path: z.string().min(1).describe("A file of JSON lines that is appended to: {\"time\": epoch seconds, \"metric\", \"value\", \"counter\"?, \"unit\"?, \"attributes\"?}. Relative to the working directory."),
  everySeconds: z.number().positive().max(3600).prefault(5).describe("How often to look for new lines."),
}).describe("A file of JSON lines that another program appends to.");
type Config = z.output<typeof config>;

const line = z.strictObject({
  time: z.number().positive(),
  metric: z.string().min(1),
  value: z.number(),
  counter: z.boolean().prefault(false),
  unit: z.string().prefault(""),
  attributes: z.record(z.string(), z.string()).prefault({}),
});

/** Metrics from a file of JSON lines that another program appends to: for cron jobs, tests and machines without a network. */
export const file: MetricSourceDefinition<Config> = {
  type: "file",
  config,
  create({ path, everySeconds }) {
    const points = new StoredPoints();
    const tail = new FileTail(path);
    const source: MetricSource = {
      type: "file",
      refreshEverySeconds: everySeconds,
      retain: (specs) => { points.retain(specs); },
      refresh: async (nowSeconds) => {
        const lines = await tail.read();
        if (!lines.ok) return lines;
        const { good, problem } = parseLines(path, lines.value);
        const added = points.add(good, nowSeconds);
        return problem === undefined ? added : failure("permanent", problem);
      },
      read: (spec, nowSeconds) => points.read(spec, nowSeconds),
      takeSteps: (spec, stepSeconds, nowSeconds) => points.takeSteps(spec, stepSeconds, nowSeconds),
      close: () => Promise.resolve(),
    };
    return Promise.resolve(success(source));
  },
};

interface NumberedLine {
  readonly number: number;
  readonly text: string;
}

/** Hands on whole lines that have been appended since the last call; another file in its place, or one that has become shorter, is read anew. */
class FileTail {
  readonly #path: string;
  #inode = 0;
  #offset = 0;
  #lines = 0;

  constructor(path: string) {
    this.#path = path;
  }

  async read(): Promise<Result<readonly NumberedLine[]>> {
    try {
      await using handle = await open(this.#path, "r");
      const { size, ino } = await handle.stat();
      if (size < this.#offset || ino !== this.#inode) [this.#inode, this.#offset, this.#lines] = [ino, 0, 0];
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(size - this.#offset, MAX_READ_BYTES)), 0, null, this.#offset);
      const end = buffer.subarray(0, bytesRead).lastIndexOf(NEWLINE) + 1;
      const texts = end === 0 ? [] : buffer.toString("utf8", 0, end - 1).split("\n");
      const lines = texts.map((text, i) => ({ number: this.#lines + i + 1, text }));
      this.#offset += end;
      this.#lines += texts.length;
      return success(lines);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      return failure(code === "ENOENT" ? "missing" : "transient", `${this.#path}: ${message}`);
    }
  }
}

/** Lines that can be read, and the first that cannot, with its place. */
function parseLines(path: string, lines: readonly NumberedLine[]): { readonly good: readonly FetchedPoint[]; readonly problem: string | undefined } {
  const good: FetchedPoint[] = [];
  let problem: string | undefined;
  for (const { number, text } of lines) {
    if (text.trim() === "") continue;
    const parsed = line.safeParse(json(text));
    if (parsed.success) {
      const { time, ...point } = parsed.data;
      good.push({ ...point, timeSeconds: time });
    } else problem ??= `${path}:${String(number)}: ${parsed.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`.trim()).join("; ")}`;
  }
  return { good, problem };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
