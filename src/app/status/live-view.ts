import type { KillSwitch } from "../../act/kill-switch.ts";
import type { HistoryStore } from "../../history/history-store.ts";
import type { Journal } from "../../journal/journal.ts";
import { MODES, type Mode } from "../../model/mode.ts";
import type { Override } from "../../model/override.ts";
import { failure, success, type Result } from "../../model/result.ts";
import type { Forecast } from "../../model/series.ts";
import { replayedBaseline } from "../shadow/replayed-baseline.ts";
import type { Comparison, TargetComparison } from "../shadow/comparison.ts";
import type { Clock } from "../clock.ts";
import type { ControlBook } from "../loop/control-book.ts";
import type { Attribution, DaemonEvent, DaemonView, ForecastQuality, HealthCheck, HistoryRow, KillSwitchState, PolicySet, ReloadReport, TargetStatus } from "./daemon-view.ts";
import type { MarkBook, TargetMark } from "../forecasts/mark-book.ts";
import type { MoneyView } from "../money/money-view.ts";
import type { TrafficView } from "../traffic/traffic-view.ts";
import { neededReplicas, safeRate } from "./safe-use.ts";
import { statusOf, type StatusParts } from "./target-status.ts";

/** The parts of the daemon that the view reads and changes. */
export interface ViewParts {
  readonly version: string;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly history: HistoryStore;
  readonly book: ControlBook;
  readonly money: MoneyView;
  readonly traffic: TrafficView;
  readonly killSwitch: KillSwitch;
  readonly marks: MarkBook;
  /** Targets by name, in the order of the policies. */
  readonly targets: ReadonlyMap<string, StatusParts & { readonly comparison?: Comparison }>;
  health(): readonly HealthCheck[];
  policies(): PolicySet;
  reload(by: Attribution): Promise<ReloadReport>;
}

/** Rows that are read from the history for one answer: a fortnight of minutes. Whoever asks for more gets the newest. */
const MAX_OLDER_ROWS = 20_160;

/** The daemon as the API and the page see it. */
export class LiveView implements DaemonView {
  readonly version: string;
  readonly startedAtSeconds: number;
  readonly decisions: Journal;
  readonly money: MoneyView;
  readonly traffic: TrafficView;
  readonly #parts: ViewParts;
  readonly #listeners = new Set<(event: DaemonEvent) => void>();
  #killSince: number | undefined;

  constructor(parts: ViewParts) {
    this.#parts = parts;
    this.version = parts.version;
    this.startedAtSeconds = parts.clock.nowSeconds();
    this.decisions = parts.journal;
    this.money = parts.money;
    this.traffic = parts.traffic;
  }

  now(): number {
    return this.#parts.clock.nowSeconds();
  }

  health(): readonly HealthCheck[] {
    return this.#parts.health();
  }

  targets(): readonly TargetStatus[] {
    return [...this.#parts.targets.values()].map((target) => statusOf(target, this.now()));
  }

  target(name: string): TargetStatus | undefined {
    const target = this.#parts.targets.get(name);
    return target && statusOf(target, this.now());
  }

  /** Rows of this process's passes; before them, the demand that the history holds. */
  async history(name: string, fromSeconds: number, toSeconds: number): Promise<Result<readonly HistoryRow[]>> {
    const target = this.#parts.targets.get(name);
    if (target === undefined) return failure("missing", `there is no target ${name}`);
    const { board, runtime } = target;
    const firstSeconds = Math.min(board.firstRowSeconds ?? toSeconds, toSeconds);
    const older = await this.#olderRows(runtime.policy.name, runtime.policy.forecast.stepSeconds, [fromSeconds, firstSeconds]);
    return older.ok ? success([...replayed(older.value, target), ...board.rows(fromSeconds, toSeconds)]) : older;
  }

  forecast(name: string): Forecast | undefined {
    return this.#parts.targets.get(name)?.outlook.forecast;
  }

  comparison(name: string): TargetComparison | undefined {
    return this.#parts.targets.get(name)?.comparison?.view();
  }

  forecastQuality(name: string): ForecastQuality | undefined {
    return this.#parts.targets.get(name)?.outlook.quality();
  }

  marks(name: string): readonly TargetMark[] {
    return this.#parts.marks.marks(name);
  }

  mark(id: string): TargetMark | undefined {
    return this.#parts.marks.find(id);
  }

  async addMark(mark: TargetMark): Promise<Result<TargetMark>> {
    const added = await this.#parts.marks.add(mark);
    // The same id again has changed nothing.
    if (added.ok && added.value === mark) await this.#marked(mark.target, { added: added.value });
    return added;
  }

  async undoMark(id: string, by: Attribution): Promise<Result<TargetMark>> {
    const undone = await this.#parts.marks.undo(id);
    if (undone.ok) await this.#marked(undone.value.target, { undone: undone.value, by });
    return undone;
  }

  /** What is learned from has changed: the target is fitted anew. */
  async #marked(name: string, detail: unknown): Promise<void> {
    this.#parts.targets.get(name)?.outlook.refit("asked");
    await this.#note("mark", name, detail);
  }

  overrides(): readonly Override[] {
    return this.#parts.book.overrides(this.now());
  }

  async addOverride(override: Override): Promise<Result<Override>> {
    const added = this.#parts.book.add(override, this.now());
    if (added.ok) await this.#note("override", override.target, { added: added.value });
    return added;
  }

  async removeOverride(id: string, by: Attribution): Promise<Result<Override>> {
    const removed = this.#parts.book.remove(id, this.now());
    if (removed.ok) await this.#note("override", removed.value.target, { removed: removed.value, by });
    return removed;
  }

  /** A mode may be lowered at will; it never goes above what the policy says. */
  async setMode(name: string, mode: Mode, by: Attribution): Promise<Result<Mode>> {
    const target = this.#parts.targets.get(name);
    if (target === undefined) return failure("missing", `there is no target ${name}`);
    const { policy } = target.runtime;
    if (MODES.indexOf(mode) > MODES.indexOf(policy.mode)) {
      return failure("conflict", `the policy of ${name} goes no further than ${policy.mode}: raise it there`);
    }
    const written = this.#parts.book.setModeLimit(name, mode === policy.mode ? undefined : mode);
    if (!written.ok) return written;
    target.runtime.modeLimit = mode === policy.mode ? undefined : mode;
    await this.#note("mode", name, { mode, by });
    return success(mode);
  }

  killSwitch(): KillSwitchState {
    const state = this.#parts.killSwitch.state();
    if (!state.engaged) {
      this.#killSince = undefined;
      return { engaged: false, sources: [], sinceSeconds: undefined, reason: "", author: "" };
    }
    this.#killSince ??= this.now();
    return { engaged: true, sources: [state.source], sinceSeconds: this.#killSince, reason: state.reason, author: state.author };
  }

  async setKillSwitch(engaged: boolean, by: Attribution): Promise<Result<KillSwitchState>> {
    const { killSwitch } = this.#parts;
    const done = engaged ? killSwitch.engage({ source: "api", reason: by.reason, author: by.author }) : killSwitch.release();
    await this.#note("kill-switch", "*", { engaged, by, done: done.ok });
    return done.ok ? success(this.killSwitch()) : done;
  }

  policies(): PolicySet {
    return this.#parts.policies();
  }

  async reloadPolicies(by: Attribution): Promise<ReloadReport> {
    return await this.#parts.reload(by);
  }

  subscribe(listener: (event: DaemonEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: DaemonEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  async #note(what: "override" | "mode" | "kill-switch" | "mark", target: string, detail: unknown): Promise<void> {
    await this.#parts.journal.appendNote(this.now(), what, { target, detail });
    this.emit({ type: "control", what, target });
  }

  async #olderRows(target: string, stepSeconds: number, [wantedSeconds, toSeconds]: readonly [number, number]): Promise<Result<readonly HistoryRow[]>> {
    const fromSeconds = Math.max(wantedSeconds, toSeconds - MAX_OLDER_ROWS * stepSeconds);
    if (fromSeconds >= toSeconds) return success([]);
    const read = await this.#parts.history.read({ target, signal: "demand", stepSeconds }, fromSeconds, toSeconds);
    if (!read.ok) return read.failure === "missing" ? success([]) : read;
    const rows = Array.from(read.value.values).flatMap((demand, index): HistoryRow[] => {
      const timeSeconds = read.value.startSeconds + (index + 1) * stepSeconds;
      if (Number.isNaN(demand) || timeSeconds >= toSeconds) return [];
      return [{ timeSeconds, demand, capacity: undefined, readyReplicas: undefined, desiredReplicas: undefined, baselineReplicas: undefined, neededReplicas: undefined, missRatio: undefined }];
    });
    return success(rows);
  }
}

/** Rows of a time that nobody scaled, with what was needed and what the HPA would have run on their load, at today's capacity. */
function replayed(rows: readonly HistoryRow[], { board, runtime: { policy } }: StatusParts): readonly HistoryRow[] {
  const last = board.last;
  if (last === undefined) return rows;
  const counts = replayedBaseline(policy, rows, {
    stepSeconds: policy.forecast.stepSeconds, requestsPerSecondPerReplica: last.requestsPerSecondPerReplica, leadTimeSeconds: last.decision.forecast?.leadTimeSeconds ?? 0,
  });
  const perReplica = safeRate(last.requestsPerSecondPerReplica);
  return rows.map((row, index) => ({ ...row, baselineReplicas: counts[index], neededReplicas: neededReplicas(policy, row.demand, perReplica) }));
}
