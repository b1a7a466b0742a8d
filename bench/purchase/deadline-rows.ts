import { chooseBatch } from "../../src/purchase/deadline-batch.ts";
import type { BatchChoice } from "../../src/purchase/deadline-batch.ts";
import { omniscientBill } from "./batch-oracle.ts";
import type { SpotTrace } from "./spot-trace.ts";

export interface BatchScore {
  readonly runs: number;
  readonly missed: number;
  readonly bill: number;
  readonly omniscient: number;
  readonly greedy: number;
}

export interface BatchSetting {
  readonly workHours: number;
  readonly windowHours: number;
  readonly changeoverTicks: number;
  readonly startsPerZone: number;
  readonly spotPrice: number;
}

type Rule = (job: Parameters<typeof chooseBatch>[0]) => BatchChoice;

/** Today's simple rule: spot when it is there, idle until the last moment, then on-demand to the end. */
const greedy: Rule = (job) => {
  if (job.running === "on-demand") return "on-demand";
  const slack = job.leftSeconds - job.remainingSeconds - job.tickSeconds - job.changeoverSeconds;
  if (slack < (job.spotAvailable && job.running !== "spot" ? job.changeoverSeconds : 0)) return "on-demand";
  return job.spotAvailable ? "spot" : "idle";
};

/** Jobs in each zone of a trace, alone, from several starts; bills as a share of on-demand. */
export function scoreBatch(trace: SpotTrace, setting: BatchSetting): BatchScore {
  const tick = trace.tickSeconds;
  const work = Math.round((setting.workHours * 3600) / tick);
  const window = Math.round((setting.windowHours * 3600) / tick);
  const sums = { runs: 0, missed: 0, bill: 0, omniscient: 0, greedy: 0 };
  for (const capacity of trace.capacity) {
    for (let start = 0; start < setting.startsPerZone; start += 1) {
      const from = Math.floor(((capacity.length - window) * start) / setting.startsPerZone);
      const span = capacity.slice(from, from + window).map((count) => (count > 0 ? 1 : 0));
      // What the market has shown in the two days before the job.
      const before = capacity.slice(Math.max(0, from - Math.round(172_800 / tick)), from);
      const ours = run(span, work, { tick, setting, rule: chooseBatch, before });
      const simple = run(span, work, { tick, setting, rule: greedy, before });
      sums.runs += 1;
      sums.missed += ours.missed ? 1 : 0;
      sums.bill += ours.bill / work;
      sums.greedy += simple.bill / work;
      sums.omniscient += omniscientBill(span, work, setting.changeoverTicks, setting.spotPrice) / work;
    }
  }
  return { ...sums, bill: sums.bill / sums.runs, omniscient: sums.omniscient / sums.runs, greedy: sums.greedy / sums.runs };
}

function run(span: Uint8Array, work: number, { tick, setting, rule, before }: { readonly tick: number; readonly setting: BatchSetting; readonly rule: Rule; readonly before: Uint8Array }): { readonly bill: number; readonly missed: boolean } {
  let left = work;
  let bill = 0;
  let running: BatchChoice = "idle";
  // An arrival each five hours is what a zone is given before it has been seen for a while.
  let arrivals = 1 + before.reduce((sum, up, at) => sum + (at > 0 && up > 0 && before[at - 1] === 0 ? 1 : 0), 0);
  let hours = 5 + (before.length * tick) / 3600;
  for (const [at, up] of span.entries()) {
    if (left <= 0) break;
    if (running === "spot" && up === 0) running = "idle";
    if (up === 1 && at > 0 && span[at - 1] === 0) arrivals += 1;
    hours += tick / 3600;
    const choice = rule({
      remainingSeconds: left * tick, leftSeconds: (span.length - at) * tick, changeoverSeconds: setting.changeoverTicks * tick, running, spotAvailable: up === 1,
      spotArrivalsPerHour: arrivals / hours, tickSeconds: tick,
    });
    const to = choice === "spot" && up === 0 ? "idle" : choice;
    if (to !== "idle") {
      if (to !== running) left += setting.changeoverTicks;
      left -= 1;
      bill += to === "spot" ? setting.spotPrice : 1;
    }
    running = to;
  }
  return { bill, missed: left > 0 };
}
