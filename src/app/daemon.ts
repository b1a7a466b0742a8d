import { join, resolve } from "node:path";

import { settleOpenIntents } from "../act/carry-out.ts";
import { createGateMemory } from "../act/gate-memory.ts";
import { createKillSwitch } from "../act/kill-switch.ts";
import type { Actuator } from "../act/actuator.ts";
import { openSqliteHistory } from "../history/sqlite-history.ts";
import type { HistoryStore } from "../history/history-store.ts";
import type { Journal } from "../journal/journal.ts";
import { openSegmentJournal } from "../journal/segment-journal.ts";
import type { Policy } from "../model/policy.ts";
import { success, type Result } from "../model/result.ts";
import { MetricStore } from "../observe/metrics/metric-store.ts";
import { startOtlpReceivers, type OtlpReceivers } from "../observe/metrics/otlp/receivers.ts";
import { SignalReader } from "../observe/metrics/signals/signal-reader.ts";
import { effectivePolicy } from "../policy/effective-policy.ts";
import { loadConfiguration, type Configuration, type LoadedConfiguration } from "../policy/load-configuration.ts";
import { createApi, type Api } from "./api/create-api.ts";
import { SYSTEM_CLOCK, type Clock } from "./clock.ts";
import { ControlBook } from "./control-book.ts";
import { ControlLoop } from "./control-loop.ts";
import { FitPool } from "./fit-pool.ts";
import { Fleet } from "./fleet.ts";
import { HealthChecks } from "./health-checks.ts";
import { HistoryFeed } from "./history-feed.ts";
import { LiveView } from "./live-view.ts";
import { MarketWatch } from "./market-watch.ts";
import { PassReporter } from "./pass-reporter.ts";
import { PolicyReloader } from "./policy-reloader.ts";
import { watchConfiguration } from "./policy-watcher.ts";
import { REGISTRIES } from "./registries.ts";
import { createSources, signalsOf } from "./sources.ts";
import type { Log } from "./telemetry/log.ts";
import { startTelemetry } from "./telemetry/otel-telemetry.ts";
import { otlpObserver, refusedRequests } from "./telemetry/otlp-observer.ts";
import type { Telemetry } from "./telemetry/telemetry.ts";

export const VERSION = "0.1.0";

export interface DaemonOptions {
  readonly configuration: Configuration;
  /** Reads the configuration anew, for a reload. */
  reread(): LoadedConfiguration;
  readonly log: Log;
  readonly clock?: Clock;
  /** How many of the following ports may be tried where one is occupied; 0 when left out. */
  readonly sparePorts?: number;
}

export interface Daemon {
  readonly view: LiveView;
  readonly httpPort: number;
  readonly otlpHttpPort: number | undefined;
  readonly otlpGrpcPort: number | undefined;
  actuator(target: string): Actuator | undefined;
  /** Ends the loop after the pass under way, then lets go of ports, threads and files. */
  stop(): Promise<void>;
}

/** Reads the configuration for a daemon: actuators' own settings are checked too. */
export function readConfiguration(path: string): LoadedConfiguration {
  return loadConfiguration(path, { registries: REGISTRIES });
}

/** Starts a daemon: stores, recovery, receivers, API, loop, in this order. A failure has closed what was open. */
export async function startDaemon(options: DaemonOptions): Promise<Result<Daemon>> {
  const closers: (() => Promise<unknown>)[] = [];
  const started = await assemble(options, closers);
  if (!started.ok) await closeAll(closers);
  return started;
}

async function assemble(options: DaemonOptions, closers: (() => Promise<unknown>)[]): Promise<Result<Daemon>> {
  const { configuration, log } = options;
  const config = configuration.daemon;
  const clock = options.clock ?? SYSTEM_CLOCK;
  const directory = resolve(config.data.directory);
  const stores = await openStores(directory, configuration, clock);
  if (!stores.ok) return stores;
  const { history, journal, book } = stores.value;
  closers.push(() => journal.close(), () => history.close());

  const telemetry = startTelemetry({ version: VERSION, log, now: () => clock.nowSeconds() });
  closers.push(() => telemetry.close());
  const { limits } = config;
  const metrics = new MetricStore({ series: { maxSeries: limits.series }, time: { futureSeconds: limits.futureTolerance, pastSeconds: limits.pastTolerance }, maxJsonDepth: limits.jsonDepth });
  const reader = new SignalReader(metrics.table);
  const fits = new FitPool();
  closers.push(() => fits.close());

  const killSwitch = createKillSwitch(resolve(directory, config.killSwitch.file), process.env);
  const stopListening = killSwitch.listenForSignal();
  closers.push(() => Promise.resolve(stopListening()));
  const memory = createGateMemory();
  const settled = await settleOpenIntents(journal, memory, clock.nowSeconds());
  if (!settled.ok) return settled;

  const market = new MarketWatch({ clock, log, carbonProvider: config.sources.carbon });
  closers.push(() => Promise.resolve(market.close()));
  const fleet = new Fleet({
    clock, journal, history, book, fits, settled: settled.value, sources: createSources(reader, market),
    facts: { killSwitch, memory, epoch: book.epoch, nowSeconds: () => clock.nowSeconds(), overrides: (now) => book.overrides(now) },
    effective: effectivePolicy,
    onRecovered: (group, { from, passesReplayed, differsAt }) => { log.info({ group, from, passesReplayed, differsAt }, "group recovered"); },
    onFitFailed: (policy, reason) => { log.warn({ target: policy.name, reason }, "no fit"); },
  });
  closers.push(() => fleet.close());
  const onSwap = (policies: readonly Policy[]): void => {
    reader.retain(signalsOf(policies));
    market.watch(policies);
  };
  const reloader = new PolicyReloader({ configuration, reread: () => options.reread(), clock, fleet, onSwap });
  const first = await reloader.start();
  if (!first.ok) return first;

  const health = new HealthChecks({ clock, journal, fleet });
  const view = new LiveView({ version: VERSION, clock, journal, history, book, killSwitch, targets: fleet.targets, health: () => health.checks(), policies: () => reloader.policies, reload: (by) => reloader.reload(by) });
  telemetry.observe(view);
  const loop = startLoop({ clock, log, fleet, view, telemetry, reader, history, health });
  closers.push(() => loop.stop());
  if (config.reload.watch) {
    const watcher = watchConfiguration(configuration.sources, { onChange: () => reloader.reload({ author: "files", reason: "the files changed" }) });
    closers.push(() => watcher.close());
  }
  reloader.attach(loop, (report) => { telemetry.reloaded(report.ok); view.emit({ type: "policy", report }); });

  const network = await openNetwork(options, { metrics, clock, view, telemetry });
  if (!network.ok) return network;
  closers.push(() => network.value.api.close(), async () => { await network.value.otlp?.close(); });
  for (const group of fleet.groups.values()) loop.add(group);
  for (const target of fleet.targets.values()) void target.outlook.fit(clock.nowSeconds());
  return success({
    view, httpPort: network.value.httpPort, otlpHttpPort: network.value.otlp?.httpPort, otlpGrpcPort: network.value.otlp?.grpcPort,
    actuator: (target) => fleet.targets.get(target)?.runtime.actuator,
    stop: () => closeAll(closers),
  });
}

interface Stores {
  readonly history: HistoryStore;
  readonly journal: Journal;
  readonly book: ControlBook;
}

async function openStores(directory: string, { daemon }: Configuration, clock: Clock): Promise<Result<Stores>> {
  const journal = await openSegmentJournal(join(directory, "journal"));
  if (!journal.ok) return journal;
  const book = ControlBook.open(join(directory, "controls.json"));
  const history = book.ok ? await openSqliteHistory(join(directory, "history.sqlite")) : book;
  if (!book.ok || !history.ok) {
    await journal.value.close();
    return book.ok ? (history as Result<never>) : book;
  }
  const now = clock.nowSeconds();
  await history.value.prune(now - daemon.data.historyRetention);
  await journal.value.prune(now - daemon.data.journalRetention, daemon.data.journalSize);
  return success({ history: history.value, journal: journal.value, book: book.value });
}

interface LoopParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly fleet: Fleet;
  readonly view: LiveView;
  readonly telemetry: Telemetry;
  readonly reader: SignalReader;
  readonly history: HistoryStore;
  readonly health: HealthChecks;
}

function startLoop({ clock, log, fleet, view, telemetry, reader, history, health }: LoopParts): ControlLoop {
  const reporter = new PassReporter({ fleet, view, telemetry });
  const feed = new HistoryFeed({
    reader, store: history,
    onDemand: (step) => { reporter.demandStep(step); },
    onFailure: (key, message) => { log.error({ key, message }, "the history does not take what was measured"); },
  });
  return new ControlLoop({
    clock,
    onPass: (group, result, latencySeconds) => {
      health.beat(group.group, result.pass.snapshot.timeSeconds);
      reporter.passed(result, latencySeconds);
      for (const policy of group.policies) void feed.take(policy, clock.nowSeconds());
    },
    onError: (group, error) => { log.error({ group: group.group, err: error }, "a pass threw: this is a bug"); },
  });
}

interface Network {
  readonly api: Api;
  readonly httpPort: number;
  readonly otlp: OtlpReceivers | undefined;
}

async function openNetwork(options: DaemonOptions, parts: { readonly metrics: MetricStore; readonly clock: Clock; readonly view: LiveView; readonly telemetry: Telemetry }): Promise<Result<Network>> {
  const { listen, api: access, limits, telemetry: own } = options.configuration.daemon;
  const { metrics, clock, view, telemetry } = parts;
  const spare = options.sparePorts ?? 0;
  const token = access.token?.reveal();
  const otlp = await startOtlpReceivers({
    store: metrics, now: () => clock.nowSeconds(), host: listen.otlpHttp.host, nextPorts: spare,
    httpPort: listen.otlpHttp.enabled && listen.otlpHttp.port, grpcPort: listen.otlpGrpc.enabled && listen.otlpGrpc.port,
    observer: otlpObserver(telemetry), maxBytes: limits.requestSize, maxRatio: limits.inflateRatio, ...(token !== undefined && { bearerToken: token }),
  });
  if (!otlp.ok) return otlp;
  const refused = refusedRequests(metrics.counters, telemetry);
  const metricsText = (): Promise<string> => {
    refused();
    return telemetry.metricsText();
  };
  const api = await createApi(view, { log: options.log, ...(token !== undefined && { token }), ...(own.metrics && { metrics: metricsText }) });
  if (!listen.http.enabled) return success({ api, httpPort: 0, otlp: otlp.value });
  const port = await api.listen({ port: listen.http.port, host: listen.http.host, spare });
  if (port.ok) return success({ api, httpPort: port.value, otlp: otlp.value });
  await otlp.value.close();
  await api.close();
  return port;
}

/** In the reverse of the order of opening; one that fails does not keep the others open. */
async function closeAll(closers: (() => Promise<unknown>)[]): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close().catch(() => undefined);
}

