import { heldCapacity } from "../../account/held-capacity.ts";
import type { CostRow } from "../../account/showback.ts";
import type { RatePaths } from "../../account/rate-outlook.ts";
import type { HistoryStore } from "../../history/history-store.ts";
import type { BudgetReading } from "../../model/budget.ts";
import type { MetricSource } from "../../observe/metrics/sources/metric-source.ts";
import type { SizeOption } from "../../account/right-size.ts";
import { instanceFacts, knownInstanceTypes, regionPrices } from "../../observe/market/catalog.ts";
import { scopeOf } from "../sources/market-watch.ts";
import type { CostSpan, MoneyView } from "./money-view.ts";
import { SizingBook, type TargetSizing } from "./sizing-book.ts";
import type { Policy } from "../../model/policy.ts";
import { success, type Result } from "../../model/result.ts";
import type { Forecast } from "../../model/series.ts";
import type { DaemonConfig } from "../../policy/daemon-schema.ts";
import { BudgetWatch, type BudgetStatus, type MoneyTarget } from "../../purchase/budget-watch.ts";
import { plannedRates } from "../../purchase/planned-rates.ts";
import type { PassResult } from "../loop/group-runtime.ts";
import { SpendBook } from "./spend-book.ts";
import { costRows } from "./spend-rows.ts";
import type { TargetBoard, TargetPass } from "../status/target-board.ts";
import type { TargetRuntime } from "../loop/target-runtime.ts";

/** What the desk reads of a running target. */
export interface DeskTarget {
  readonly runtime: Pick<TargetRuntime, "policy" | "mode">;
  readonly board: Pick<TargetBoard, "last">;
  readonly outlook: { readonly forecast: Forecast | undefined };
}

export interface DeskParts {
  readonly history: HistoryStore;
  readonly budgets: DaemonConfig["budgets"];
  targets(): ReadonlyMap<string, DeskTarget>;
  nowSeconds(): number;
  readonly reader: Pick<MetricSource, "takeSteps">;
  onFailure(target: string, message: string): void;
}

/** The account of the daemon: what is spent by whom, and the budgets over it. */
export class MoneyDesk implements MoneyView {
  readonly #parts: DeskParts;
  readonly #spend: SpendBook;
  readonly #budgets: BudgetWatch;
  readonly #sizing: SizingBook;

  constructor(parts: DeskParts) {
    this.#parts = parts;
    this.#spend = new SpendBook({ history: parts.history, onFailure: (target, message) => { parts.onFailure(target, message); } });
    this.#sizing = new SizingBook({ history: parts.history, onFailure: (target, message) => { parts.onFailure(target, message); } });
    this.#budgets = new BudgetWatch({ spend: this.#spend, shared: parts.budgets, target: (name) => this.#moneyOf(name) });
  }

  /** The policies from now on; what the history holds of new targets is taken up. */
  async watch(policies: readonly Policy[]): Promise<Result<void>> {
    this.#budgets.watch(policies);
    const opened = await this.#spend.open(policies.map(({ name }) => name), this.#parts.nowSeconds());
    return opened.ok ? await this.#sizing.open(policies, this.#parts.nowSeconds()) : opened;
  }

  /** Charges what the targets of a pass hold. */
  passed({ pass }: PassResult): void {
    for (const decision of pass.decisions) {
      const target = this.#parts.targets().get(decision.target);
      const seen = pass.snapshot.targets[decision.target];
      if (target === undefined || seen?.workload.kind !== "value") continue;
      const held = heldCapacity({
        workload: seen.workload, asked: acts(target) ? decision.allocation?.instances : undefined,
        offerings: seen.offerings ?? [], carbon: seen.carbon, cost: target.runtime.policy.cost,
      });
      this.#spend.charge(decision.target, held, pass.snapshot.timeSeconds);
      void this.#sizing.feed(target.runtime.policy, { reader: this.#parts.reader, readyReplicas: seen.workload.readyReplicas, nowSeconds: pass.snapshot.timeSeconds });
    }
  }

  readings(policy: Policy, nowSeconds: number): readonly BudgetReading[] | undefined {
    return this.#budgets.readings(policy, nowSeconds);
  }

  budgets(): readonly BudgetStatus[] {
    return this.#budgets.statuses(this.#parts.nowSeconds());
  }

  /** What was held and what it cost by hour, up to now. */
  async costs(span: CostSpan): Promise<Result<readonly CostRow[]>> {
    await this.#spend.flush();
    const targets = new Map([...this.#parts.targets()].filter(([name]) => span.targets?.includes(name) !== false).map(([name, { runtime }]) => [name, runtime.policy.labels]));
    return targets.size === 0 ? success([]) : await costRows(this.#parts.history, { targets, fromSeconds: span.fromSeconds, toSeconds: span.toSeconds });
  }

  sizings(): readonly TargetSizing[] {
    return [...this.#parts.targets()].flatMap(([name, target]) => {
      const sizing = this.#sizing.sizing(name, sizeOptions(target), this.#perReplicaUsd(name, target));
      return sizing === undefined ? [] : [sizing];
    });
  }

  /** What a replica costs on demand now: of what is held, else what the policy says. */
  #perReplicaUsd(name: string, { board, runtime }: DeskTarget): number | undefined {
    const held = this.#spend.held(name);
    const replicas = board.last === undefined ? 0 : replicasOf(board.last);
    const list = held.reduce((sum, { listUsdPerHour }) => sum + listUsdPerHour, 0);
    return list > 0 && replicas > 0 ? list / replicas : runtime.policy.cost.replicaPerHourUsd;
  }

  async close(): Promise<void> {
    await this.#spend.flush();
  }

  #moneyOf(name: string): MoneyTarget | undefined {
    const target = this.#parts.targets().get(name);
    const last = target?.board.last;
    if (target === undefined || last === undefined) return undefined;
    return plannedRates({ policy: target.runtime.policy, acts: acts(target), ...last, held: this.#spend.held(name), forecast: pathsOf(target.outlook.forecast) });
  }
}

/** Machines of the target's region at their on-demand price: live where an offering has it, else the table's. */
function sizeOptions({ runtime: { policy }, board }: DeskTarget): readonly SizeOption[] {
  const { regions } = scopeOf(policy, policy.purchase);
  const [region] = regions;
  if (region === undefined) return [];
  const live = new Map((board.last?.seen.offerings ?? []).filter((offering) => offering.capacityType === "on-demand" && offering.region === region).map((offering) => [offering.instanceType, offering.pricePerHourUsd]));
  return knownInstanceTypes().flatMap((instanceType): SizeOption[] => {
    const facts = instanceFacts(instanceType);
    const price = live.get(instanceType) ?? regionPrices(instanceType, region)?.onDemand ?? undefined;
    return facts === undefined || price === undefined ? [] : [{ instanceType, vcpu: facts.vcpu, memoryGib: facts.memoryGib, pricePerHourUsd: price }];
  });
}

function acts({ runtime }: DeskTarget): boolean {
  return runtime.mode === "full" || runtime.mode === "scale-out-only";
}

function replicasOf({ seen: { workload } }: TargetPass): number {
  return workload.kind === "value" ? workload.readyReplicas + workload.pendingReplicas : 0;
}

/** The quantiles .1, .5 and .9 of a forecast; undefined where it lacks one. */
function pathsOf(forecast: Forecast | undefined): RatePaths | undefined {
  if (forecast === undefined) return undefined;
  const path = (level: number): readonly number[] | undefined => {
    const values = forecast.quantiles[forecast.levels.indexOf(level)];
    return values === undefined ? undefined : [...values];
  };
  const [low, median, high] = [path(0.1), path(0.5), path(0.9)];
  if (low === undefined || median === undefined || high === undefined) return undefined;
  return { timeSeconds: forecast.horizonsSeconds.map((horizon) => forecast.originSeconds + horizon), low, median, high };
}
