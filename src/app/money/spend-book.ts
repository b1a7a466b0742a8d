import type { HeldOffering } from "../../account/held-capacity.ts";
import { KEPT_HOURS, type HourRing } from "../../account/hour-ring.ts";
import { LONGEST_GAP_SECONDS, RunningAccount, SPEND_STEP_SECONDS, type ChargedSpan } from "../../account/running-account.ts";
import type { HistoryPoint, HistoryStore, SignalKey } from "../../history/history-store.ts";
import { parseOfferingId } from "../../model/offering.ts";
import { success, type Result } from "../../model/result.ts";

/** Signals of the account: one a held offering, and the target's sums. Means per hour of the step; machines for `held`. */
export const HELD = "held:";
export const HELD_USD = "held-usd:";
export const HELD_LIST_USD = "held-list-usd:";
export const HELD_GRAMS = "held-grams:";
const TOTAL_USD = "spend-usd";
const TOTAL_GRAMS = "spend-grams";
const HOUR_SECONDS = 3_600;

interface OpenStep {
  readonly startSeconds: number;
  seconds: number;
  readonly held: Map<string, { instanceSeconds: number; usd: number; listUsd: number; grams: number; gramsSeconds: number }>;
}

interface Account {
  readonly running: RunningAccount;
  /** Whether what the history holds has been taken up: until then nothing is charged, so that the time before is not passed over. */
  isOpen: boolean;
  open: OpenStep | undefined;
}

/**
 * What each target has cost and emitted: charged at every pass for what it held since the last one, kept in the history by
 * offering, and summed by the hour in memory. It survives a restart; the time in between is charged at the last known rates.
 */
export class SpendBook {
  readonly #history: HistoryStore;
  readonly #accounts = new Map<string, Account>();
  readonly #onFailure: (target: string, message: string) => void;

  constructor(parts: { readonly history: HistoryStore; onFailure(target: string, message: string): void }) {
    this.#history = parts.history;
    this.#onFailure = (target, message) => { parts.onFailure(target, message); };
  }

  /** Takes up what the history holds of targets; one that is known already stays as it is, one that is not named goes. */
  async open(targets: readonly string[], nowSeconds: number): Promise<Result<void>> {
    for (const known of this.#accounts.keys()) if (!targets.includes(known)) this.#close(known);
    const fresh = targets.filter((target) => !this.#accounts.has(target));
    if (fresh.length === 0) return success(undefined);
    const keys = await this.#history.keys();
    if (!keys.ok) return keys;
    const heldBy = Map.groupBy(keys.value.filter(({ signal, stepSeconds }) => signal.startsWith(HELD) && stepSeconds === SPEND_STEP_SECONDS), ({ target }) => target);
    for (const target of fresh) {
      const account: Account = { running: new RunningAccount(), isOpen: false, open: undefined };
      this.#accounts.set(target, account);
      const read = await this.#sums(target, account, nowSeconds);
      if (read.ok) await this.#resume(target, account, { nowSeconds, keys: heldBy.get(target) ?? [] });
      account.isOpen = true;
      if (!read.ok) return read;
    }
    return success(undefined);
  }

  async #sums(target: string, { running: { hours } }: Account, nowSeconds: number): Promise<Result<void>> {
    for (const [signal, unit] of [[TOTAL_USD, "usd"], [TOTAL_GRAMS, "grams"]] as const) {
      const read = await this.#history.readPoints({ target, signal, stepSeconds: HOUR_SECONDS }, nowSeconds - KEPT_HOURS * HOUR_SECONDS, nowSeconds);
      if (!read.ok) return read;
      for (const { timeSeconds, mean, coverage } of read.value) hours.add(timeSeconds, { usd: 0, grams: 0, seconds: unit === "usd" ? coverage * HOUR_SECONDS : 0, [unit]: mean * coverage });
    }
    return success(undefined);
  }

  #close(target: string): void {
    const open = this.#accounts.get(target)?.open;
    this.#accounts.delete(target);
    if (open !== undefined) void this.#store(target, open);
  }

  /** Charges the time since the last pass at what was held then, and takes what is held from now on. */
  charge(target: string, held: readonly HeldOffering[], nowSeconds: number): void {
    const account = this.#accounts.get(target);
    if (account?.isOpen !== true) return;
    account.running.charge(held, nowSeconds, (span) => { this.#keep(target, account, span); });
  }

  spentSince(target: string, fromSeconds: number, unit: "usd" | "grams"): number {
    return this.#accounts.get(target)?.running.hours.sumSince(fromSeconds, unit) ?? 0;
  }

  pastRates(target: string, beforeSeconds: number, unit: "usd" | "grams"): ReturnType<HourRing["rates"]> {
    return this.#accounts.get(target)?.running.hours.rates(beforeSeconds, unit) ?? [];
  }

  held(target: string): readonly HeldOffering[] {
    return this.#accounts.get(target)?.running.held ?? [];
  }

  /** Writes the open steps, for a stop or a reader. What was written is folded into its step by the history. */
  async flush(): Promise<void> {
    await Promise.all([...this.#accounts].map(async ([target, account]) => {
      const { open } = account;
      account.open = undefined;
      if (open !== undefined) await this.#store(target, open);
    }));
  }

  #keep(target: string, account: Account, { fromSeconds, toSeconds, held }: ChargedSpan): void {
    const startSeconds = Math.floor(fromSeconds / SPEND_STEP_SECONDS) * SPEND_STEP_SECONDS;
    if (account.open !== undefined && account.open.startSeconds !== startSeconds) {
      void this.#store(target, account.open);
      account.open = undefined;
    }
    account.open ??= { startSeconds, seconds: 0, held: new Map() };
    addTo(account.open, held, toSeconds - fromSeconds);
  }

  async #store(target: string, step: OpenStep): Promise<void> {
    const timeSeconds = step.startSeconds;
    const append = async (signal: string, perHour: number, seconds: number): Promise<void> => {
      const point: HistoryPoint = { timeSeconds, mean: perHour, min: perHour, max: perHour, count: Math.max(1, Math.round(seconds)), coverage: seconds / SPEND_STEP_SECONDS };
      const stored = await this.#history.append({ target, signal, stepSeconds: SPEND_STEP_SECONDS }, [point]);
      if (!stored.ok) this.#onFailure(target, stored.message);
    };
    let usd = 0;
    let grams = 0;
    for (const [id, held] of step.held) {
      usd += held.usd;
      grams += held.grams;
      // What is held for a part of the step is held for the whole of it in the mean.
      await append(HELD + id, held.instanceSeconds / step.seconds, step.seconds);
      await append(HELD_USD + id, (held.usd / step.seconds) * HOUR_SECONDS, step.seconds);
      await append(HELD_LIST_USD + id, (held.listUsd / step.seconds) * HOUR_SECONDS, step.seconds);
      if (held.gramsSeconds > 0) await append(HELD_GRAMS + id, (held.grams / step.seconds) * HOUR_SECONDS, step.seconds);
    }
    if (step.seconds <= 0) return;
    await append(TOTAL_USD, (usd / step.seconds) * HOUR_SECONDS, step.seconds);
    await append(TOTAL_GRAMS, (grams / step.seconds) * HOUR_SECONDS, step.seconds);
  }

  /** What was held at the end of the newest step: until the first pass it is what is known. */
  async #resume(target: string, account: Account, { nowSeconds, keys }: { readonly nowSeconds: number; readonly keys: readonly SignalKey[] }): Promise<void> {
    const newestOf = async (signal: string): Promise<HistoryPoint | undefined> => {
      const read = await this.#history.readPoints({ target, signal, stepSeconds: SPEND_STEP_SECONDS }, nowSeconds - LONGEST_GAP_SECONDS, nowSeconds + SPEND_STEP_SECONDS);
      return read.ok ? read.value.at(-1) : undefined;
    };
    const newest = await newestOf(TOTAL_USD);
    if (newest === undefined) return;
    const held: HeldOffering[] = [];
    for (const { signal } of keys) {
      const instances = await newestOf(signal);
      if (instances?.timeSeconds !== newest.timeSeconds) continue;
      const id = signal.slice(HELD.length);
      const [usd, list, grams] = [await newestOf(HELD_USD + id), await newestOf(HELD_LIST_USD + id), await newestOf(HELD_GRAMS + id)];
      const gramsPerHour = grams?.timeSeconds === newest.timeSeconds ? grams.mean : undefined;
      held.push({ offering: offeringOf(id), instances: instances.mean, usdPerHour: usd?.mean ?? 0, listUsdPerHour: list?.mean ?? 0, gramsPerHour });
    }
    account.running.held = held;
    account.running.chargedToSeconds = Math.min(nowSeconds, newest.timeSeconds + newest.coverage * SPEND_STEP_SECONDS);
  }
}

/** The parts of an offering that its id tells; AWS's zones are their region and a letter. */
export function offeringOf(id: string): HeldOffering["offering"] {
  const parts = parseOfferingId(id);
  if (parts === undefined) return { id, region: "", zone: "", instanceType: "", capacityType: "on-demand" };
  return { id, region: parts.zone.replace(/(?<=\d)[a-z]$/u, ""), ...parts };
}

function addTo(step: OpenStep, held: readonly HeldOffering[], seconds: number): void {
  step.seconds += seconds;
  const hours = seconds / HOUR_SECONDS;
  for (const { offering: { id }, instances, usdPerHour, listUsdPerHour, gramsPerHour } of held) {
    let row = step.held.get(id);
    if (row === undefined) step.held.set(id, (row = { instanceSeconds: 0, usd: 0, listUsd: 0, grams: 0, gramsSeconds: 0 }));
    row.instanceSeconds += instances * seconds;
    row.usd += usdPerHour * hours;
    row.listUsd += listUsdPerHour * hours;
    if (gramsPerHour === undefined) continue;
    row.grams += gramsPerHour * hours;
    row.gramsSeconds += seconds;
  }
}
