import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { FORECASTERS } from "../../forecasts/registry.ts";
import { ablations, augurs, registered, withoutFleet, type Candidate } from "./candidates.ts";
import { m4Test, m4Validation, openSet } from "./data.ts";
import { installOracle, scoreOracle } from "./oracle.ts";
import { scoreSet, type SetScore } from "./point-scores.ts";
import { scoreRefresh, type RefreshScore } from "./refresh.ts";
import { scoreStreaming, STREAM_HORIZONS, STREAM_LEVELS, type StreamScore } from "./streaming.ts";

const COUNTER = fileURLToPath(new URL("m4-test-reads.json", import.meta.url));
const REPORT = fileURLToPath(new URL("../../forecasts/SCOREBOARD.md", import.meta.url));

interface Report {
  readonly m4: readonly SetScore[];
  readonly open: readonly SetScore[];
  readonly ablated: { readonly m4: readonly SetScore[]; readonly open: readonly SetScore[] };
  readonly stream: StreamScore;
  readonly refresh: RefreshScore;
  readonly reads: number;
  /** Why the oracle was not measured; empty where its row stands among M4's. */
  readonly oracle: string;
}

/**
 * `--install-oracle` fetches statsforecast from PyPI into .runtime first.
 * `--ensemble-only` leaves the members, the ablations and the oracle out.
 * `--followed` prints what following the open set's series row by row scores, and nothing else; it writes no report and reads no M4 value.
 * `--held-back` prints what the ensemble scores on M4's training values, the last 48 and the 48 before them held back, with the fleet
 * model and without; it writes no report and reads no M4 test value.
 * `--quick` scores a small part of each set, writes no report and reads no M4 test value: for continuous integration.
 */
async function main(args: readonly string[]): Promise<void> {
  const auto = registered().filter(({ name }) => name === "auto");
  if (args.includes("--quick")) {
    print("M4 Hourly, held-back training values, 1 series in 20", auto.map((candidate) => scoreSet(candidate, m4Validation(20))));
    print("Open set, 1 series in 5, 2 origins", auto.map((candidate) => scoreSet(candidate, openSet(5, 2))));
    return;
  }
  if (args.includes("--held-back")) {
    for (const before of [0, 48]) print(`M4 Hourly, 48 training values held back, ${String(before)} before the end`, scoreAll("M4 held back", [...auto, withoutFleet()], m4Validation(1, before)));
    return;
  }
  if (args.includes("--followed")) {
    const stream = scoreStreaming(FORECASTERS["auto"]!, 1);
    process.stdout.write(`${followed(stream)}\n\n${halves(stream)}\n`);
    return;
  }
  if (args.includes("--install-oracle") && !installOracle()) process.stderr.write("the oracle could not be installed\n");
  const reads = countRead();
  const comparison = await augurs();
  const short = args.includes("--ensemble-only");
  const candidates = short ? registered().filter(({ name }) => name === "auto" || name === "seasonal-naive-day") : [...registered(), ...(comparison === undefined ? [] : [comparison])];
  const ablated = short ? [] : [...auto, ...ablations()];
  const tasks = m4Test(1);
  const oracle = short ? "not measured in this run (`--ensemble-only`)" : scoreOracle(tasks);
  const report: Report = {
    m4: [...scoreAll("M4", candidates, tasks), ...(typeof oracle === "string" ? [] : [oracle])],
    open: scoreAll("open set", candidates, openSet(1, 8)),
    ablated: { m4: scoreAll("ablations, M4 held back", ablated, m4Validation(4)), open: scoreAll("ablations, open set", ablated, openSet(2, 2)) },
    stream: scoreStreaming(FORECASTERS["auto"]!, 1),
    refresh: scoreRefresh(FORECASTERS["auto"]!),
    reads,
    oracle: typeof oracle === "string" ? oracle : "",
  };
  writeFileSync(REPORT, markdown(report));
  process.stdout.write(readFileSync(REPORT, "utf8"));
}

/** Notes that the M4 test values are read once more; returns how often by now. */
function countRead(): number {
  const before = existsSync(COUNTER) ? (JSON.parse(readFileSync(COUNTER, "utf8")) as { reads: number }).reads : 0;
  writeFileSync(COUNTER, `${JSON.stringify({ reads: before + 1 })}\n`);
  return before + 1;
}

function scoreAll(label: string, candidates: readonly Candidate[], tasks: Parameters<typeof scoreSet>[1]): SetScore[] {
  return candidates.map((candidate) => {
    process.stderr.write(`${label}: ${candidate.name}\n`);
    return scoreSet(candidate, tasks);
  });
}

function markdown({ m4, open, ablated, stream, refresh, reads, oracle }: Report): string {
  return `# Forecast scoreboard

Written by \`npm run scoreboard:forecasts\` on ${new Date().toISOString().slice(0, 10)}; nothing in it is typed by hand. It has read the M4 test values
${String(reads)} times so far (the count is kept in \`bench/forecasts/m4-test-reads.json\`). CPU time is of one thread, the quantiles included.

## M4 Hourly: 414 series, 48 hours ahead

${table(m4)}
${oracle === "" ? "" : `\nstatsforecast: ${oracle}\n`}
## Open set: 30 series at 8 origins, one day ahead

${table(open)}

${followed(stream)}

## Refresh: 28 days at 5 minutes, two seasons, 288 horizons, 4 levels

| full fit | update | forecast | update + forecast | state | state as JSON |
| --- | --- | --- | --- | --- | --- |
| ${refresh.fitMilliseconds.toFixed(0)} ms | ${refresh.updateMicroseconds.toFixed(0)} µs | ${refresh.forecastMicroseconds.toFixed(0)} µs | ${((refresh.updateMicroseconds + refresh.forecastMicroseconds) / 1000).toFixed(2)} ms | ${(refresh.stateBytes / 1024).toFixed(1)} KiB | ${(refresh.jsonBytes / 1024).toFixed(1)} KiB |

## Ablations

M4's last 48 training values held back (one series in four), without the test values:

${table(ablated.m4)}

Every second series of the open set, at two origins:

${table(ablated.open)}
`;
}

function followed(stream: StreamScore): string {
  return `## Followed row by row: ${String(stream.series)} five-minute series, a forecast from every row

A fit every two days on at most 28 days; weights and levels learn from matured forecasts only; counted from a week after the first fit.

| horizon | error over seasonal naive's scale, mean / median | seasonal naive | ${STREAM_LEVELS.map((level) => `coverage error q${String(level)}, mean / worst series, points`).join(" | ")} | pinball loss over that scale, q${STREAM_LEVELS.join(" / ")} |
| --- | --- | --- | ${STREAM_LEVELS.map(() => "---").join(" | ")} | --- |
${STREAM_HORIZONS.map((horizon, i) => {
  const { mean, median, naiveMean } = stream.errors[i]!;
  const cells = stream.coverage[i]!;
  return `| ${String(horizon * 5)} min | ${f(mean)} / ${f(median)} | ${f(naiveMean)} | ${cells.map((cell) => `${cell.mean.toFixed(2)} / ${cell.worst.toFixed(1)}`).join(" | ")} | ${cells.map(({ pinball }) => pinball.toFixed(4)).join(" / ")} |`;
}).join("\n")}`;
}

/** Every second series by itself: a setting that was chosen on the first half is judged by the second. */
function halves(stream: StreamScore): string {
  const rows = STREAM_HORIZONS.map((horizon, i) => `| ${String(horizon * 5)} min | ${[0, 1].map((half) => stream.coverage[i]!.map((cell) => cell.halves[half]!.toFixed(2)).join(" / ")).join(" | ")} |`);
  return [`| coverage error q${STREAM_LEVELS.join(" / ")}, points | the first, third … series | the second, fourth … |`, "| --- | --- | --- |", ...rows].join("\n");
}

function table(scores: readonly SetScore[]): string {
  const rows = scores.map(
    (score) =>
      `| ${score.name} | ${f(score.owa)} | ${f(score.mase)} / ${f(score.medianMase)} | ${score.smape.toFixed(2)} | ${score.wql === undefined ? "" : score.wql.toFixed(4)} | ${f(score.firstStep)} / ${f(score.firstHour)} | ${coverages(score)} | ${(100 * score.withinNaive).toFixed(0)} % | ${score.worstRatio.toFixed(2)} (${score.worstSeries}) | ${score.cpuMilliseconds.toFixed(1)} |`,
  );
  return ["| model | OWA | MASE mean / median | sMAPE | WQL .1–.9 | step 1 / first hour | coverage .9/.95/.99 % | series ≤ 1.05 × seasonal naive | worst | CPU ms |", "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |", ...rows].join("\n");
}

function coverages({ coverages: covered }: SetScore): string {
  return covered === undefined ? "" : covered.slice(-3).map((share) => (100 * share).toFixed(1)).join(" / ");
}

function f(value: number): string {
  return Number.isFinite(value) ? value.toFixed(3) : "";
}

function print(label: string, scores: readonly SetScore[]): void {
  process.stdout.write(`${label}\n\n${table(scores)}\n\n`);
}

await main(process.argv.slice(2));
