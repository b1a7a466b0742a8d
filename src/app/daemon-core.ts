import { join, resolve } from "node:path";

import { settleOpenIntents } from "../act/carry-out.ts";
import { createGateMemory } from "../act/gate-memory.ts";
import { createKillSwitch, type KillSwitch } from "../act/kill-switch.ts";
import { HOURLY_RETENTION_SECONDS, type HistoryStore } from "../history/history-store.ts";
import { HISTORY_FILE, openSqliteHistory } from "../history/sqlite-history.ts";
import type { Journal } from "../journal/journal.ts";
import { JOURNAL_FOLDER, openSegmentJournal } from "../journal/segment-journal.ts";
import type { Intent, Outcome } from "../model/intent.ts";
import { success, type Result } from "../model/result.ts";
import { MetricStore } from "../observe/metrics/metric-store.ts";
import type { DaemonConfig } from "../policy/daemon-schema.ts";
import type { Clock } from "./clock.ts";
import { ControlBook } from "./loop/control-book.ts";
import { openForecastDesk, type ForecastDesk } from "./forecasts/forecast-desk.ts";
import type { GateFacts } from "./loop/target-runtime.ts";
import type { Log } from "./telemetry/log.ts";

/** What closes, in the order of opening. */
export type Closers = (() => unknown)[];

/** What a daemon keeps and what stops it: opened before anything runs. */
export interface DaemonCore {
  readonly journal: Journal;
  readonly history: HistoryStore;
  readonly book: ControlBook;
  readonly metrics: MetricStore;
  readonly killSwitch: KillSwitch;
  readonly desk: ForecastDesk;
  readonly facts: GateFacts;
  /** Intents that were open when the last process ended, and the outcomes that closed them. */
  readonly leftOpen: readonly Intent[];
  readonly settled: readonly Outcome[];
}

const PRUNE_EVERY_MS = 3_600_000;

/** Opens stores and brake, settles what the last process left open. What was opened is pushed to `closers`, whatever comes. */
export async function openCore(config: DaemonConfig, { clock, log, onJournalSync }: { readonly clock: Clock; readonly log: Log; readonly onJournalSync: (durationSeconds: number) => void }, closers: Closers): Promise<Result<DaemonCore>> {
  const directory = resolve(config.data.directory);
  const journal = await openSegmentJournal(join(directory, JOURNAL_FOLDER), { onSync: onJournalSync });
  if (!journal.ok) return journal;
  closers.push(() => journal.value.close());
  for (const damage of journal.value.damage) log.error({ damage }, "the journal was damaged: what could not be read is kept beside it");
  const book = ControlBook.open(join(directory, "controls.json"));
  if (!book.ok) return book;
  const history = await openSqliteHistory(join(directory, HISTORY_FILE), { now: () => clock.nowSeconds() });
  if (!history.ok) return history;
  closers.push(() => history.value.close());
  const desk = await openForecastDesk(directory, (reason) => { log.warn({ reason }, "the scores of earlier forecasts are lost"); });
  if (!desk.ok) return desk;
  closers.push(() => desk.value.close());
  closers.push(await keepPruned(config, clock, { journal: journal.value, history: history.value, log }));

  const killSwitch = createKillSwitch(resolve(directory, config.killSwitch.file), process.env);
  closers.push(killSwitch.listenForSignal());
  const memory = createGateMemory();
  const open = await journal.value.openIntents();
  if (!open.ok) return open;
  const settled = await settleOpenIntents(journal.value, memory, clock.nowSeconds());
  if (!settled.ok) return settled;
  const { limits } = config;
  return success({
    journal: journal.value, history: history.value, book: book.value, killSwitch, desk: desk.value, leftOpen: open.value, settled: settled.value,
    metrics: new MetricStore({ series: { maxSeries: limits.series }, time: { futureSeconds: limits.futureTolerance, pastSeconds: limits.pastTolerance }, maxJsonDepth: limits.jsonDepth }),
    facts: { killSwitch, memory, epoch: book.value.epoch, nowSeconds: () => clock.nowSeconds(), overrides: (now) => book.value.overrides(now) },
  });
}

/** Drops what is older than the retention, now and every hour. Gives how to stop. */
async function keepPruned({ data }: DaemonConfig, clock: Clock, stores: { readonly journal: Journal; readonly history: HistoryStore; readonly log: Log }): Promise<() => void> {
  const prune = async (): Promise<void> => {
    const now = clock.nowSeconds();
    const results = [
      await stores.history.prune(now - data.historyRetention, now - Math.max(HOURLY_RETENTION_SECONDS, data.historyRetention)),
      await stores.journal.prune(now - data.journalRetention, data.journalSize),
    ];
    for (const result of results) if (!result.ok) stores.log.warn({ reason: result.message }, "what is past its retention could not be dropped");
  };
  await prune();
  const timer = setInterval(() => void prune(), PRUNE_EVERY_MS);
  timer.unref();
  return () => { clearInterval(timer); };
}
