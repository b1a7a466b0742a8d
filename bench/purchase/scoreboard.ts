// `npm run scoreboard:purchase`: buying measured on real traces beside clairvoyant and brute-force oracles. `--quick` takes fewer
// mixes and events; `--only=demand` (spot, held-out, batch, exact, deferral, spatial, bounds) makes one table; `--write` writes docs/scoreboard-purchase.md.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { scoreBills } from "./bill-rows.ts";
import { scoreDeferral } from "./carbon-deferral.ts";
import { hasData } from "./data.ts";
import { scoreBatch } from "./deadline-rows.ts";
import { FIRST_HALF, LOADS, SECOND_HALF, needOf } from "./demand-drive.ts";
import { heldOutDemand, heldOutSpot, noWorse } from "./held-out.ts";
import { scoreNotices } from "./notice-rows.ts";
import { billsOfNeed } from "./robust-oracle.ts";
import { scoreSpatial } from "./spatial.ts";
import { driveSpot } from "./spot-drive.ts";
import { clairvoyantCost } from "./spot-oracle.ts";
import { loadSpotTrace } from "./spot-trace.ts";
import type { SpotTrace } from "./spot-trace.ts";

const quick = process.argv.includes("--quick");
const only = process.argv.find((argument) => argument.startsWith("--only="))?.slice("--only=".length);
const SPOT_PRICE = 0.3;
const REPLICAS = 4;
/** That of config/policies/spot.yaml. */
const ERROR_BUDGET = 0.005;

interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const percent = (share: number, digits = 1): string => `${(share * 100).toFixed(digits)} %`;
const mark = (met: boolean): string => (met ? "met" : "**unmet**");

interface SpotRow {
  readonly promise: string;
  readonly noticeSeconds: number;
  readonly startSeconds: number;
  readonly least: { readonly saving: number; readonly time: number; readonly weighted: number };
}

const SPOT_ROWS: readonly SpotRow[] = [
  { promise: "C12", noticeSeconds: 120, startSeconds: 60, least: { saving: 0.97, time: 0.9995, weighted: 0 } },
  { promise: "C13", noticeSeconds: 120, startSeconds: 180, least: { saving: 0.9, time: 0.995, weighted: 0.998 } },
  { promise: "C14", noticeSeconds: 0, startSeconds: 180, least: { saving: 0.8, time: 0.99, weighted: 0 } },
];

function spotTable(traces: readonly SpotTrace[]): Table {
  const rows = SPOT_ROWS.flatMap(({ promise, noticeSeconds, startSeconds, least }) => traces.map((trace) => {
    const score = driveSpot(trace, { replicas: REPLICAS, startSeconds, noticeSeconds, spotPrice: SPOT_PRICE });
    const clairvoyant = clairvoyantCost(trace, REPLICAS, startSeconds, SPOT_PRICE);
    const saving = (1 - score.cost) / (1 - clairvoyant);
    const met = saving >= least.saving && score.timeAtNeed >= least.time && score.capacityWeighted >= least.weighted;
    return [promise, trace.name, noticeSeconds === 0 ? "none" : `${noticeSeconds} s`, `${startSeconds} s`, score.cost.toFixed(3), clairvoyant.toFixed(3), percent(saving), percent(score.timeAtNeed, 2), percent(score.capacityWeighted, 2), mark(met)];
  }));
  return { title: "C12–C14 Spot, through `drive`: 4 replicas at all times, spot at 0.30 of on-demand", head: ["", "trace", "notice", "start", "bill", "clairvoyant bill", "of its saving", "time at need", "capacity-weighted", ""], rows };
}

function batchTable(): Table {
  const trace = loadSpotTrace("9-zone", /1-node/u, 195);
  const settings: readonly (readonly [number, number])[] = quick ? [[24, 36]] : [[12, 16], [24, 30], [24, 36], [48, 60]];
  const rows = settings.map(([workHours, windowHours]) => {
    const score = scoreBatch(trace, { workHours, windowHours, changeoverTicks: 1, startsPerZone: 9, spotPrice: SPOT_PRICE });
    const share = (1 - score.bill) / (1 - score.omniscient);
    return ["C15", `${workHours} h within ${windowHours} h`, String(score.runs), String(score.missed), score.bill.toFixed(3), score.omniscient.toFixed(3), percent(share), percent((1 - score.greedy) / (1 - score.omniscient)), mark(score.missed === 0 && share >= 0.9)];
  });
  return { title: "C15 Deadline batch: each of nine zones alone, a change of machine costs 195 s", head: ["", "job", "runs", "missed", "bill", "omniscient bill", "of its saving", "greedy rule", ""], rows };
}

function deferralTable(): Table {
  const scores = ["DE", "ES", "SE", "US-CAL-CISO", "US-MIDA-PJM"].map(scoreDeferral);
  const weighted = scores.reduce((sum, score) => sum + score.share * score.clairvoyantSaving, 0) / scores.reduce((sum, score) => sum + score.clairvoyantSaving, 0);
  const mean = scores.reduce((sum, score) => sum + score.share, 0) / scores.length;
  const rows = scores.map((score) => ["C18", score.zone, percent(score.clairvoyantSaving), percent(score.share), percent(score.providerAloneShare), mark(score.share >= 0)]);
  rows.push(["C18", "weighted by saving", "", percent(weighted), "", mark(weighted >= 0.8)], ["C18", "mean", "", percent(mean), percent(scores.reduce((sum, score) => sum + score.providerAloneShare, 0) / scores.length), mark(mean >= 0.78)]);
  return { title: "C18 Carbon deferral: 4 h of interruptible work within 28 h, asked for each hour, re-planned hourly", head: ["", "zone", "clairvoyant saving", "share reached", "provider's forecast alone", ""], rows };
}

function spatialTable(): Table {
  const sets = [["IE", "DE", "GB", "FR", "SE-SE3"], ["IE", "DE", "GB", "NL", "ES"]];
  const rows = sets.map((zones) => {
    const score = scoreSpatial({ zones, replicasEach: 20, roomFactor: 1.5, tickSeconds: 300, ...(quick ? { quickHours: 1000 } : {}) });
    return ["C19", zones.join(" "), percent(score.clairvoyantSaving), percent(score.staticSaving), percent(score.saving), percent(score.saving / score.clairvoyantSaving), percent(score.short, 2), mark(score.saving >= 0.98 * score.clairvoyantSaving)];
  });
  return { title: "C19 Where to run, through `drive`: 2022 by five minutes, each region may take 1.5 × its load, intensity one hour old", head: ["", "regions", "hourly clairvoyant", "static share", "reached", "of the clairvoyant", "time short", ""], rows };
}

function demandTable(traces: readonly SpotTrace[]): Table {
  const rows = traces.flatMap((trace) => [60, 180].flatMap((startSeconds) => (quick ? LOADS.slice(0, 1) : LOADS).map((load) => {
    const setting = { startSeconds, noticeSeconds: 120, spotPrice: SPOT_PRICE, peakReplicas: peakOf(trace) };
    const { factor, scoredOn, byDefault } = heldOutDemand(load, trace, setting);
    const { billShare, spot, onDemand } = scoredOn;
    return ["C20", load, trace.name, `${startSeconds} s`, String(factor), percent(billShare), percent(spot.shortShare, 3), percent(onDemand.shortShare, 3), percent(spot.lostShare, 4), percent(onDemand.lostShare, 4), mark(billShare <= 0.55), mark(noWorse(scoredOn)), percent(byDefault.billShare), percent(byDefault.spot.lostShare, 3), mark(byDefault.billShare <= 0.55 && byDefault.spot.lostShare <= ERROR_BUDGET)];
  })));
  return { title: "C20 Loads × spot traces, the whole product through `drive` (forecast, plan, purchase): with spot and on demand only, 120 s notice. The first half of each trace chooses the price of a shortfall, the second half is scored; no worse is within 0.005 points of time. Beside it the default price, judged by the policy's own objective: 0.5 % of the requests may miss", head: ["", "load", "spot trace", "start", "factor", "of the on-demand bill", "time short", "time short on demand", "requests short", "requests short on demand", "bill", "objective", "bill at the default price", "requests short there", "bill and error budget"], rows };
}

function peakOf({ name }: SpotTrace): number {
  return name === "4-node" ? 8 : 6;
}

function boundTable(traces: readonly SpotTrace[]): Table {
  const rows = traces.flatMap((trace) => LOADS.flatMap((load) => [FIRST_HALF, SECOND_HALF].map((part) => {
    const { cut, need } = needOf(load, trace, { peakReplicas: peakOf(trace), part });
    const { foreseen, robust } = billsOfNeed(cut, need, SPOT_PRICE);
    return ["C20", load, trace.name, part === FIRST_HALF ? "first" : "second", percent(foreseen), percent(robust)];
  })));
  return { title: "C20's bounds, as shares of the need on demand (need known, moves free): who knows each loss, and who does not and is never short when any one zone goes", head: ["", "load", "spot trace", "half", "losses known", "any one zone survived"], rows };
}

function heldOutTable(traces: readonly SpotTrace[]): Table {
  const rows = SPOT_ROWS.flatMap(({ promise, noticeSeconds, startSeconds, least }) => traces.map((trace) => {
    const options = { replicas: REPLICAS, startSeconds, noticeSeconds, spotPrice: SPOT_PRICE };
    const { factor, chosenOn, scoredOn } = heldOutSpot(trace, options, least);
    const met = scoredOn.saving >= least.saving && scoredOn.timeAtNeed >= least.time && scoredOn.capacityWeighted >= least.weighted;
    return [promise, trace.name, noticeSeconds === 0 ? "none" : `${noticeSeconds} s`, `${startSeconds} s`, String(factor), percent(chosenOn.saving), percent(chosenOn.timeAtNeed, 2), percent(scoredOn.saving), percent(scoredOn.timeAtNeed, 2), percent(scoredOn.capacityWeighted, 2), mark(met)];
  }));
  return { title: "C12–C14 held out: the first half of each trace chooses the price of a shortfall, the second half is scored", head: ["", "trace", "notice", "start", "factor", "saving, first half", "time at need, first half", "saving, second half", "time at need, second half", "capacity-weighted, second half", ""], rows };
}

function exactTable(): Table {
  const bills = scoreBills(quick ? 1000 : 10_000, 7);
  const notices = scoreNotices(quick ? 5000 : 100_000, 3);
  return {
    title: "C16, C17 Notices and bills",
    head: ["", "what", "measured", ""],
    rows: [
      ["C16", `${notices.events} fuzzed events, ${notices.interruptions} real notices`, `${notices.launches - notices.launchesWithoutNoise} extra launches; from message to order ${notices.p99Milliseconds.toFixed(2)} ms p99`, mark(notices.launches === notices.launchesWithoutNoise && notices.p99Milliseconds <= 1000)],
      ["C17", `${bills.mixes} random mixes`, `${bills.differing} differ from brute force; largest difference $${bills.largestDifferenceUsd.toExponential(1)}`, mark(bills.differing === 0)],
    ],
  };
}

function markdown({ title, head, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [`## ${title}`, "", line(head), line(head.map(() => "---")), ...rows.map(line), ""].join("\n");
}

if (!hasData()) {
  process.stderr.write("scoreboard:purchase: the traces are not here (FORETIDE_DATA); nothing was measured\n");
} else {
  const traces = [loadSpotTrace("4-node", /4-node/u, 30), loadSpotTrace("9-zone", /1-node/u, 30)];
  const tables: Table[] = [];
  const makers: readonly (readonly [string, () => Table])[] = [["spot", () => spotTable(traces)], ["held-out", () => heldOutTable(traces)], ["batch", batchTable], ["exact", exactTable], ["deferral", deferralTable], ["spatial", spatialTable], ["bounds", () => boundTable(traces)], ["demand", () => demandTable(traces)]];
  for (const [name, make] of makers) {
    if (only !== undefined && only !== name) continue;
    const table = make();
    tables.push(table);
    process.stdout.write(`${markdown(table)}\n`);
  }
  const unmet = tables.flatMap(({ rows }) => rows).filter((row) => row.some((cell) => cell.includes("**unmet**")));
  if (process.argv.includes("--write")) {
    const head = "# Scoreboard: purchase\n\nMeasured by `npm run scoreboard:purchase -- --write` on public traces (sources: bench/purchase/README.md). Bills are shares of the\nsame replica-hours on demand. The oracles (`bench/purchase/*-oracle.ts`) import nothing of what they judge. The clairvoyant of\nC12–C14 is a lower bound: it knows every change, pays each launch, and is never short.\n\n";
    writeFileSync(join(import.meta.dirname, "..", "..", "docs", "scoreboard-purchase.md"), head + tables.map(markdown).join("\n"));
  }
  process.exitCode = unmet.length > 0 ? 3 : 0;
}
