/**
 * `npm run bench:fleet [-- --days 90 --targets 100 --workers 2]`: how long it takes to drive so many targets at 15 s over so many
 * days, line by line through `foretide drive`'s session, refits included. The targets of a worker take turns at each tick, as they
 * do in a daemon, so that none stays in the processor's cache. Prints one line of JSON: minutes by the clock, and of the processor,
 * which say the same on a machine that has nothing else to do.
 */
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { defaultPolicy } from "../../src/replay/default-policy.ts";
import { DriveSession } from "../../src/replay/drive-session.ts";
import { seededNormal } from "../../src/replay/random.ts";

interface Share {
  readonly days: number;
  readonly targets: number;
  readonly seed: number;
}

const STEP_SECONDS = 15;
const DAY_STEPS = 86_400 / STEP_SECONDS;
const START_SECONDS = 1_760_054_400;
const RATE = 100;

if (isMainThread) await measure({ days: optionOf("--days", 90), targets: optionOf("--targets", 100), workers: optionOf("--workers", 2) });
else parentPort?.postMessage(drive(workerData as Share));

async function measure({ days, targets, workers }: { readonly days: number; readonly targets: number; readonly workers: number }): Promise<void> {
  const startedMs = performance.now();
  const shares = Array.from({ length: workers }, (_, w): Share => ({ days, targets: Math.floor(((w + 1) * targets) / workers) - Math.floor((w * targets) / workers), seed: w + 1 }));
  const done = await Promise.all(shares.map((share) => new Promise<number>((resolve, reject) => {
    new Worker(new URL(import.meta.url), { workerData: share }).on("message", resolve).on("error", reject);
  })));
  const minutes = (performance.now() - startedMs) / 60_000;
  const observations = done.reduce((sum, count) => sum + count, 0);
  const cpu = process.cpuUsage();
  const cpuMinutes = (cpu.user + cpu.system) / 60e6;
  process.stdout.write(`${JSON.stringify({ days, targets, workers, observations, minutes: round(minutes), cpuMinutes: round(cpuMinutes), perSecond: Math.round(observations / (minutes * 60)), perCoreSecond: Math.round(observations / (cpuMinutes * 60)), peakMiB: Math.round(process.resourceUsage().maxRSS / 1024) })}\n`);
}

function drive({ days, targets, seed }: Share): number {
  const normal = seededNormal(seed);
  const sessions = Array.from({ length: targets }, () => new DriveSession({ policy: defaultPolicy({ leadTimeSeconds: 120, requestsPerSecondPerReplica: RATE, errorBudget: 0.001 }), history: [], effective: (policy) => policy }));
  for (const session of sessions) session.answer(JSON.stringify({ type: "start", time: START_SECONDS, intervalSeconds: STEP_SECONDS, target: { min: 1, max: 200 } }));
  const ready = new Float64Array(targets).fill(10);
  let count = 0;
  for (let i = 1; i <= days * DAY_STEPS; i += 1) {
    if (i % (10 * DAY_STEPS) === 0) process.stderr.write(`${String(i / DAY_STEPS)} days of ${String(targets)} targets after ${performance.now().toFixed(0)} ms\n`);
    for (let t = 0; t < targets; t += 1) {
      const hour = ((i + t * 50) / DAY_STEPS) * 2 * Math.PI;
      const demand = (1000 + 20 * t) * (0.6 - 0.35 * Math.cos(hour)) * (1 + 0.03 * normal());
      const readyReplicas = ready[t] ?? 1;
      const line = { type: "observation", time: START_SECONDS + i * STEP_SECONDS, demand, utilization: Math.min(1, demand / (readyReplicas * RATE)), readyReplicas, pendingReplicas: 0, missRatio: 0 };
      const answer = JSON.parse(JSON.stringify(sessions[t]?.answer(JSON.stringify(line)))) as { readonly desiredReplicas: number };
      ready[t] = answer.desiredReplicas;
      count += 1;
    }
  }
  return count;
}

function optionOf(name: string, fallback: number): number {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : Number(process.argv[at + 1]);
}

function round(minutes: number): number {
  return Math.round(minutes * 100) / 100;
}
