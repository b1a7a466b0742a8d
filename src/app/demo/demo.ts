import { fork, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { openSqliteHistory } from "../../history/sqlite-history.ts";
import type { HistoryPoint } from "../../history/history-store.ts";
import type { Policy } from "../../model/policy.ts";
import { failure, success, type Result } from "../../model/result.ts";
import { readConfiguration, startDaemon, type Daemon } from "../daemon.ts";
import type { Log } from "../telemetry/log.ts";
import { DEMO_RHYTHM, NoisyLoad, type DemoWorld, type FlashCrowd } from "./load-generator.ts";
import type { ReplicasMessage, ShopOptions } from "./shop-process.ts";

export interface DemoOptions {
  readonly log: Log;
  readonly seed: number;
  /** The policy file that the daemon runs. */
  readonly policyFile: string;
  readonly httpPort: number;
  readonly otlpPorts: { readonly http: number; readonly grpc: number };
  /** How many of the following ports may be tried where one is occupied. */
  readonly sparePorts: number;
}

export interface Demo {
  readonly daemon: Daemon;
  stop(): Promise<void>;
}

const WEEKS_OF_HISTORY = 4;
/** Into its day when the demo starts: a minute before the first rush. */
const START_SHARE_OF_DAY = 0.17;
const START_DAY = 2;
const EXPORT_INTERVAL_MS = 2_000;
const REPLICA_NEWS_MS = 500;
const FLASH_CROWD: Omit<FlashCrowd, "startSeconds"> = { riseSeconds: 15, fadeSeconds: 45, crest: 0.9 };
const FLASH_CROWD_AFTER_SECONDS = 240;

/** Starts the demo: weeks of a shop's past as history, the daemon on the embedded default, and the shop as a process of its own. */
export async function startDemo(options: DemoOptions): Promise<Result<Demo>> {
  const directory = mkdtempSync(join(tmpdir(), "foretide-demo-"));
  const removeDirectory = (): void => { rmSync(directory, { recursive: true, force: true }); };
  const configurationPath = writeConfiguration(directory, options);
  const loaded = readConfiguration(configurationPath);
  const policy = loaded.ok ? loaded.configuration.policies[0] : undefined;
  if (!loaded.ok || policy === undefined) {
    removeDirectory();
    return failure("permanent", loaded.ok ? `${options.policyFile} holds no policy` : loaded.errors.map((error) => `${error.file}:${String(error.line)}:${String(error.column)}: ${error.message}`).join("\n"));
  }
  const world = worldAt(Date.now() / 1000, options.seed);
  const past = await importPast(join(directory, "data", "history.sqlite"), policy, world);
  const daemon = past.ok ? await startDaemon({ configuration: loaded.configuration, reread: () => readConfiguration(configurationPath), log: options.log, sparePorts: options.sparePorts }) : past;
  if (!daemon.ok) {
    removeDirectory();
    return daemon;
  }
  const running = await daemon.value.actuator(policy.name)?.read();
  const shop = startShop(daemon.value, policy, { world, readyReplicas: running?.ok === true ? running.value.readyReplicas : policy.replicas.min });
  return success({
    daemon: daemon.value,
    stop: async () => {
      shop.stop();
      await daemon.value.stop();
      removeDirectory();
    },
  });
}

function writeConfiguration(directory: string, options: DemoOptions): string {
  const path = join(directory, "foretide.yaml");
  mkdirSync(join(directory, "data"));
  const configuration = {
    listen: { http: { port: options.httpPort }, otlpHttp: { port: options.otlpPorts.http }, otlpGrpc: { port: options.otlpPorts.grpc } },
    data: { directory: join(directory, "data") },
    policies: [resolve(options.policyFile)],
  };
  // JSON is YAML.
  writeFileSync(path, JSON.stringify(configuration, undefined, 2));
  return path;
}

function worldAt(nowSeconds: number, seed: number): DemoWorld {
  const { daySeconds, weekSeconds } = DEMO_RHYTHM;
  const weekStartSeconds = nowSeconds - (START_DAY + START_SHARE_OF_DAY) * daySeconds;
  const crowds = [nowSeconds + FLASH_CROWD_AFTER_SECONDS, nowSeconds - 1.6 * weekSeconds];
  return { seed, weekStartSeconds, crowds: crowds.map((startSeconds) => ({ ...FLASH_CROWD, startSeconds })) };
}

/** The weeks before, as the same shop would have measured them. */
async function importPast(path: string, policy: Policy, world: DemoWorld): Promise<Result<void>> {
  const { stepSeconds } = policy.forecast;
  const now = Math.floor(Date.now() / 1000 / stepSeconds) * stepSeconds;
  const load = new NoisyLoad({ ...world, seed: world.seed + 1 });
  const points: HistoryPoint[] = [];
  for (let timeSeconds = now - WEEKS_OF_HISTORY * DEMO_RHYTHM.weekSeconds; timeSeconds < now; timeSeconds += stepSeconds) {
    const mean = load.arrivals(load.at(timeSeconds), stepSeconds) / stepSeconds;
    points.push({ timeSeconds, mean, min: mean, max: mean, count: 1, coverage: 1 });
  }
  const history = await openSqliteHistory(path);
  if (!history.ok) return history;
  const imported = await history.value.importPoints({ target: policy.name, signal: "demand", stepSeconds }, points);
  await history.value.close();
  return imported.ok ? success(undefined) : imported;
}

/** The shop's process; it hears from its cloud how many replicas are ready. */
function startShop(daemon: Daemon, policy: Policy, start: { readonly world: DemoWorld; readonly readyReplicas: number }): { stop(): void } {
  const options: ShopOptions = {
    otlpUrl: `http://127.0.0.1:${String(daemon.otlpHttpPort)}/v1/metrics`, world: start.world, exportIntervalMs: EXPORT_INTERVAL_MS,
    initialReplicas: start.readyReplicas,
  };
  const extension = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
  const child: ChildProcess = fork(fileURLToPath(new URL(`./shop-process${extension}`, import.meta.url)), [JSON.stringify(options)], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const timer = setInterval(() => {
    void daemon.actuator(policy.name)?.read().then((workload) => {
      if (workload.ok && child.connected) child.send({ readyReplicas: workload.value.readyReplicas } satisfies ReplicasMessage);
    });
  }, REPLICA_NEWS_MS);
  return {
    stop: () => {
      clearInterval(timer);
      child.kill("SIGTERM");
    },
  };
}
