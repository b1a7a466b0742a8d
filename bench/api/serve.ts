/** The server under load, in a process of its own: the built API over a journal on disk. Tells its port to its parent. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSegmentJournal } from "../../src/journal/segment-journal.ts";
import type * as CreateApi from "../../src/app/api/create-api.ts";
import type { Journal } from "../../src/journal/journal.ts";
import { createLog } from "../../src/app/telemetry/log.ts";
import { DaemonFixture } from "../../test/fixtures/daemon/daemon-fixture.ts";
import { decisionAt, forecastFrom, type Scene } from "../../test/fixtures/daemon/scene.ts";

const START_SECONDS = 1_790_000_000;
const TARGETS = 20;
const PASSES = 1_000;
const TICK_MILLISECONDS = 1_000;

const folder = mkdtempSync(join(tmpdir(), "foretide-bench-api-"));
process.once("exit", () => { rmSync(folder, { recursive: true, force: true }); });
process.once("disconnect", () => process.exit());

const opened = await openSegmentJournal(folder);
if (!opened.ok) throw new Error(opened.message);
const journal: Journal = opened.value;
let tick = 0;
for (; tick < PASSES; tick += 1) await pass();

const daemon = new DaemonFixture(START_SECONDS, 200);
Object.defineProperty(daemon, "decisions", { value: journal });
// The built files: decorators cannot be run from their source.
const { createApi } = (await import(new URL("../../dist/src/app/api/create-api.js", import.meta.url).href)) as typeof CreateApi;
const api = await createApi(daemon, { log: createLog({ level: "error" }) });
const bound = await api.listen({ port: 0 });
if (!bound.ok) throw new Error(bound.message);

// The loop goes on under load: each tick is journalled and told to listeners.
setInterval(() => {
  void pass().then((decisions) => {
    for (const decision of decisions) daemon.emit({ type: "decision", target: decision.target, decision });
  });
  tick += 1;
}, TICK_MILLISECONDS);

process.send?.({ port: bound.value, targets: TARGETS });
process.on("message", () => process.send?.({ cpuMicroseconds: process.cpuUsage().user + process.cpuUsage().system, rssBytes: process.memoryUsage.rss() }));

async function pass() {
  const timeSeconds = START_SECONDS + 5 * tick;
  const made = Array.from({ length: TARGETS }, (_, index) => ({ scene: sceneOf(index), ...decisionAt(sceneOf(index), timeSeconds) }));
  const [first] = made;
  if (first === undefined) return [];
  const decisions = made.map(({ decision }) => decision);
  const forecasts = Object.fromEntries(made.map(({ scene }) => [scene.target, forecastFrom(scene, timeSeconds)]));
  const targets = Object.assign({}, ...made.map(({ snapshot }) => snapshot.targets)) as typeof first.snapshot.targets;
  const appended = await journal.appendPass({ group: "shop", snapshot: { ...first.snapshot, targets }, policyDigests: {}, decisions, intents: [], forecasts });
  if (!appended.ok) throw new Error(appended.message);
  return decisions;
}

function sceneOf(index: number): Scene {
  return { target: `target-${String(index)}`, group: "shop", baseDemand: 900 + 37 * index, perReplica: 110, min: 2, max: 40 };
}
