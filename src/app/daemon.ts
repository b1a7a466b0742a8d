import { join, resolve } from "node:path";

import type { Actuator } from "../act/actuator.ts";
import type { Policy } from "../model/policy.ts";
import { success, type Result } from "../model/result.ts";
import type { MetricStore } from "../observe/metrics/metric-store.ts";
import { startOtlpReceivers, type OtlpReceivers } from "../observe/metrics/otlp/receivers.ts";
import { SignalReader } from "../observe/metrics/signals/signal-reader.ts";
import type { DaemonConfig } from "../policy/daemon-schema.ts";
import { effectivePolicy } from "../policy/effective-policy.ts";
import { loadConfiguration, type Configuration, type LoadedConfiguration } from "../policy/load-configuration.ts";
import { createApi, type Api } from "./api/create-api.ts";
import { SYSTEM_CLOCK, type Clock } from "./clock.ts";
import { ControlLoop } from "./loop/control-loop.ts";
import { openCore, type Closers, type DaemonCore } from "./daemon-core.ts";
import { Fleet } from "./loop/fleet.ts";
import type { ForecastDesk } from "./forecasts/forecast-desk.ts";
import { HealthChecks } from "./health-checks.ts";
import { HistoryFeed } from "./forecasts/history-feed.ts";
import { InterruptionWatch, type MachineOwner } from "./sources/interruption-watch.ts";
import { LiveView } from "./status/live-view.ts";
import { MetricSources } from "./sources/metric-sources.ts";
import { IntensityBook } from "./sources/intensity-book.ts";
import { MarketWatch } from "./sources/market-watch.ts";
import { MoneyDesk } from "./money/money-desk.ts";
import { PassReporter } from "./loop/pass-reporter.ts";
import { PolicyReloader } from "./policies/policy-reloader.ts";
import { watchConfiguration } from "./policies/policy-watcher.ts";
import { REGISTRIES } from "./registries.ts";
import { createSources, signalsOf } from "./sources/sources.ts";
import type { TargetSources } from "./loop/target-runtime.ts";
import { statusOf } from "./status/target-status.ts";
import { allocatedShares, regionTarget } from "./traffic/region-target.ts";
import { TrafficDesk } from "./traffic/traffic-desk.ts";
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
  const closers: Closers = [];
  const started = await assemble(options, closers);
  if (!started.ok) await closeAll(closers);
  return started;
}

async function assemble(options: DaemonOptions, closers: Closers): Promise<Result<Daemon>> {
  const { configuration, log } = options;
  const config = configuration.daemon;
  const clock = options.clock ?? SYSTEM_CLOCK;
  const telemetry = await startTelemetry({ version: VERSION, log, now: () => clock.nowSeconds(), otlpEndpoint: config.telemetry.otlpEndpoint });
  closers.push(() => telemetry.close());
  const core = await openCore(config, { clock, log, onJournalSync: (seconds) => { telemetry.journalSynced(seconds); } }, closers);
  if (!core.ok) return core;
  const { journal, history, book, metrics, killSwitch, desk } = core.value;
  const sources = await MetricSources.open({ clock, log, otlp: new SignalReader(metrics.table), configured: config.sources.metrics, onRefreshed: (...refresh) => { telemetry.sourceRefreshed(...refresh); } });
  if (!sources.ok) return sources;
  const reader = sources.value;
  closers.push(() => reader.close());
  const market = await openMarket(config, { clock, log }, closers);
  const interruptions = new InterruptionWatch({ clock, log, owners: () => machineOwners(fleet), onNotice: (target) => wakeGroupOf(target, fleet, loop) });
  closers.push(() => { interruptions.close(); });

  const money = new MoneyDesk({
    history, reader, budgets: config.budgets, targets: () => fleet.targets, nowSeconds: () => clock.nowSeconds(),
    onFailure: (target, reason) => { log.error({ target, reason }, "the history does not take what was spent"); },
  });
  closers.push(() => money.close());
  const fleet: Fleet = startFleet({ core: core.value, clock, log, desk, sources: createSources(reader, { market, interruptions, money }) }, closers);
  const feed = new HistoryFeed({ reader, store: history, onDemand: (step) => { reporter.demandStep(step); }, onFailure: (key, message) => { log.error({ key, message }, "the history does not take what was measured"); } });
  const onSwap = (policies: readonly Policy[]): void => {
    reader.retain(signalsOf(policies));
    market.watch(policies);
    void money.watch(policies).then((watched) => { if (!watched.ok) log.error({ reason: watched.message }, "what was spent before cannot be read"); });
  };
  const onKept = (targets: readonly string[]): void => { feed.retain(targets); interruptions.retain(targets); };
  const reloader = new PolicyReloader({ configuration, reread: () => options.reread(), clock, fleet, onSwap, onKept, prepare: (next) => reader.replace(next.daemon.sources.metrics) });
  const first = await reloader.start();
  if (!first.ok) return first;
  // Not before: a start that fails would write that there are no scores.
  closers.push(keepForecastRecords(fleet, desk, { clock, log }));

  const health = new HealthChecks({ clock, journal, fleet });
  const traffic = await openTraffic(config, { core: core.value, clock, log, fleet }, closers);
  if (!traffic.ok) return traffic;
  const view = new LiveView({ version: VERSION, clock, journal, history, book, killSwitch, money, traffic: traffic.value, marks: desk.marks, targets: fleet.targets, health: () => health.checks(), policies: () => reloader.policies, reload: (by) => reloader.reload(by) });
  telemetry.observe(view);
  const reporter = new PassReporter({ fleet, view, telemetry, desk });
  const loop: ControlLoop = startLoop({ clock, log, feed, reporter, interruptions, health, money });
  closers.push(() => loop.stop());
  if (config.reload.watch) watchFiles(configuration, reloader, closers);
  reloader.attach(loop, (report) => { telemetry.reloaded(report.ok); view.emit({ type: "policy", report }); });

  const network = await openNetwork(options, { metrics, clock, view, telemetry });
  if (!network.ok) return network;
  const { api, otlp, httpPort } = network.value;
  closers.push(() => api.close(), () => otlp?.close());
  const listening = await interruptions.start(config.sources.interruptions);
  if (!listening.ok) return listening;
  for (const group of fleet.groups.values()) loop.add(group);
  traffic.value.run();
  for (const target of fleet.targets.values()) target.outlook.refit("no-model");
  return success({
    view, httpPort, otlpHttpPort: otlp?.httpPort, otlpGrpcPort: otlp?.grpcPort,
    actuator: (target) => fleet.targets.get(target)?.runtime.made,
    stop: () => closeAll(closers),
  });
}

async function openMarket(config: DaemonConfig, { clock, log }: Pick<FleetStart, "clock" | "log">, closers: Closers): Promise<MarketWatch> {
  const intensities = await IntensityBook.open(join(resolve(config.data.directory), "intensity.json"), (reason) => { log.warn({ reason }, "the grid's past is lost"); });
  const market = new MarketWatch({ clock, log, intensities, carbonProvider: config.sources.carbon, marketProvider: config.sources.market });
  closers.push(() => { market.close(); });
  return market;
}

function watchFiles({ sources }: Configuration, reloader: PolicyReloader, closers: Closers): void {
  const watcher = watchConfiguration(sources, { onChange: () => reloader.reload({ author: "files", reason: "the files changed" }) });
  closers.push(() => watcher.close());
}

/** Where the load goes, asked and moved beside the loop. */
async function openTraffic(config: DaemonConfig, { core, clock, log, fleet }: Pick<FleetStart, "core" | "clock" | "log"> & { readonly fleet: Fleet }, closers: Closers): Promise<Result<TrafficDesk>> {
  const { journal, killSwitch, book } = core;
  const now = (): number => clock.nowSeconds();
  const opened = await TrafficDesk.open(config.traffic, {
    now, journal, killSwitch, path: join(resolve(config.data.directory), "traffic.json"),
    target: (name) => { const target = fleet.targets.get(name); return target && regionTarget(statusOf(target, now())); },
    allocated: (name) => { const target = fleet.targets.get(name); return allocatedShares(target && statusOf(target, now()).lastDecision?.allocation, target?.runtime.policy.purchase?.regions ?? []); },
    floors: { list: () => book.overrides(now()), add: (override) => book.add(override, now()), remove: (id) => book.remove(id, now()) },
    onProblem: (split, reason) => { log.warn({ split, reason }, "where the load goes is not known, or cannot be changed, now"); },
  });
  if (opened.ok) closers.push(() => opened.value.close());
  return opened;
}

interface FleetStart {
  readonly core: DaemonCore;
  readonly clock: Clock;
  readonly log: Log;
  readonly desk: ForecastDesk;
  readonly sources: TargetSources;
}

function startFleet({ core, clock, log, desk, sources }: FleetStart, closers: Closers): Fleet {
  const fleet = new Fleet({
    clock, journal: core.journal, history: core.history, book: core.book, desk, settled: core.settled, sources, facts: core.facts,
    earlierWrites: (target) => core.leftOpen.filter((intent) => intent.target === target).map((intent) => ({ timeSeconds: clock.nowSeconds(), desiredReplicas: intent.desiredReplicas })),
    effective: effectivePolicy,
    onRecovered: (group, { from, passesReplayed, differsAt }) => { log.info({ group, from, passesReplayed, differsAt }, "group recovered"); },
    onLearned: (group, { days }) => { log.info({ group, days }, "the demand of the past was learned"); },
    onLearningFailed: (group, error) => { log.error({ group, err: error }, "the past could not be learned: this is a bug"); },
    onFitFailed: (policy, reason) => { log.warn({ target: policy.name, reason }, "no fit"); },
    onRivals: (policy, rivals) => { log.warn({ target: policy.name, rivals }, "others are set up to change this target too: see docs/living-with-others.md"); },
  });
  closers.push(() => fleet.close());
  return fleet;
}

/** Writes what the forecasts' scores have come to, and drops marks that no fit sees any more, every hour. Gives how to stop, which writes once more. */
function keepForecastRecords(fleet: Fleet, desk: ForecastDesk, { clock, log }: { readonly clock: Clock; readonly log: Log }): () => Promise<void> {
  const write = async (): Promise<void> => {
    const longest = Math.max(0, ...[...fleet.targets.values()].map(({ runtime }) => runtime.policy.forecast.historySeconds));
    if (fleet.targets.size > 0) desk.marks.forget(clock.nowSeconds() - longest);
    const written = await desk.saveScores(fleet.scores());
    if (!written.ok) log.warn({ reason: written.message }, "the scores of the forecasts could not be kept");
  };
  const timer = setInterval(() => void write(), 3_600_000).unref();
  return () => {
    clearInterval(timer);
    return write();
  };
}

function* machineOwners(fleet: Fleet): Iterable<MachineOwner> {
  for (const [target, { runtime }] of fleet.targets) yield { target, offeringOf: (instanceId) => runtime.made.offeringOf?.(instanceId) };
}

async function wakeGroupOf(target: string, fleet: Fleet, loop: ControlLoop): Promise<void> {
  const group = fleet.groups.get(fleet.targets.get(target)?.runtime.policy.group ?? "");
  if (group !== undefined) await loop.wake(group);
}

interface LoopParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly feed: HistoryFeed;
  readonly reporter: PassReporter;
  readonly interruptions: InterruptionWatch;
  readonly health: HealthChecks;
  readonly money: MoneyDesk;
}

function startLoop({ clock, log, feed, reporter, interruptions, health, money }: LoopParts): ControlLoop {
  return new ControlLoop({
    clock,
    onPass: (group, result, latencySeconds) => {
      health.beat(group.group, result.pass.snapshot.timeSeconds);
      interruptions.passed(result);
      reporter.passed(result, latencySeconds);
      money.passed(result);
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
  const { listen, api: access, otlp: otlpAccess, limits, telemetry: own } = options.configuration.daemon;
  const { metrics, clock, view, telemetry } = parts;
  const spare = options.sparePorts ?? 0;
  const token = access.token?.reveal();
  const readToken = access.readToken?.reveal();
  const senders = otlpAccess.insecure ? undefined : (otlpAccess.token?.reveal() ?? token);
  const otlp = await startOtlpReceivers({
    store: metrics, now: () => clock.nowSeconds(), host: listen.otlpHttp.host, grpcHost: listen.otlpGrpc.host, insecure: otlpAccess.insecure, nextPorts: spare,
    httpPort: listen.otlpHttp.enabled && listen.otlpHttp.port, grpcPort: listen.otlpGrpc.enabled && listen.otlpGrpc.port,
    observer: otlpObserver(telemetry), maxInFlightRequests: limits.requestsInFlight, maxBytes: limits.requestSize, maxRatio: limits.inflateRatio, ...(senders !== undefined && { bearerToken: senders }),
  });
  if (!otlp.ok) return otlp;
  const refused = refusedRequests(metrics.counters, telemetry);
  const metricsText = (): Promise<string> => {
    refused();
    return telemetry.metricsText();
  };
  const api = await createApi(view, { log: options.log, ...(token !== undefined && { token }), ...(readToken !== undefined && { readToken }), ...(own.metrics && { metrics: metricsText }) });
  if (!listen.http.enabled) return success({ api, httpPort: 0, otlp: otlp.value });
  const port = await api.listen({ port: listen.http.port, host: listen.http.host, spare });
  if (port.ok) return success({ api, httpPort: port.value, otlp: otlp.value });
  await otlp.value.close();
  await api.close();
  return port;
}

/** In the reverse of the order of opening; one that fails does not keep the others open. */
async function closeAll(closers: Closers): Promise<void> {
  for (const close of closers.splice(0).reverse()) {
    await Promise.resolve().then(close).catch(() => undefined);
  }
}

