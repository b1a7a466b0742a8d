import type { Policy } from "../../model/policy.ts";
import { failure, success, type Result } from "../../model/result.ts";
import type { ConfigError } from "../../policy/config-error.ts";
import type { Configuration, LoadedConfiguration } from "../../policy/load-configuration.ts";
import type { Clock } from "../clock.ts";
import type { ControlLoop } from "../loop/control-loop.ts";
import type { Attribution, PolicyProblem, PolicySet, ReloadReport } from "../status/daemon-view.ts";
import type { Fleet } from "../loop/fleet.ts";

export interface ReloaderParts {
  readonly configuration: Configuration;
  reread(): LoadedConfiguration;
  readonly clock: Clock;
  readonly fleet: Fleet;
  /** Makes what a configuration needs beside its policies, before they hold; a failure changes nothing. */
  prepare(configuration: Configuration): Promise<Result<Prepared>>;
  /** The policies that are to hold from now on: what reads for them begins; told again with the old ones where they are refused. */
  onSwap(policies: readonly Policy[]): void;
  /** The targets of policies that hold: what was kept for others may go, which a refusal could not bring back. */
  onKept(targets: readonly string[]): void;
}

/** What was made for a configuration: kept when its policies hold, taken back where they do not. */
export interface Prepared {
  keep(): Promise<void>;
  undo(): Promise<void>;
}

/** Swaps the policies whole, or keeps those that hold and says why. One reload at a time. */
export class PolicyReloader {
  readonly #parts: ReloaderParts;
  #policies: PolicySet;
  #loop: ControlLoop | undefined;
  #onReport: (report: ReloadReport) => void = () => undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor(parts: ReloaderParts) {
    this.#parts = parts;
    this.#policies = { generation: 0, loadedAtSeconds: parts.clock.nowSeconds(), entries: [], problems: [] };
  }

  get policies(): PolicySet {
    return this.#policies;
  }

  /** The first generation. */
  async start(): Promise<Result<void>> {
    const { policies, policyFiles } = this.#parts.configuration;
    this.#parts.onSwap(policies);
    const applied = await this.#parts.fleet.apply(policies);
    if (!applied.ok) return applied;
    this.#policies = { ...this.#policies, generation: 1, entries: policies.map((policy) => ({ policy, file: policyFiles[policy.name] })) };
    return success(undefined);
  }

  attach(loop: ControlLoop, onReport: (report: ReloadReport) => void): void {
    this.#loop = loop;
    this.#onReport = onReport;
  }

  reload(by: Attribution): Promise<ReloadReport> {
    const work = this.#running.then(() => this.#reload(by));
    this.#running = work.catch(() => undefined);
    return work;
  }

  async #reload(by: Attribution): Promise<ReloadReport> {
    const loaded = this.#parts.reread();
    if (!loaded.ok) return this.#refuse(loaded.errors.map(problemOf));
    const before = new Map(this.#policies.entries.map(({ policy }) => [policy.name, policy.digest]));
    const after = new Map(loaded.configuration.policies.map((policy) => [policy.name, policy.digest]));
    const added = [...after.keys()].filter((name) => !before.has(name));
    const removed = [...before.keys()].filter((name) => !after.has(name));
    const changed = [...after].filter(([name, digest]) => before.has(name) && before.get(name) !== digest).map(([name]) => name);
    const tooMany = shareProblem({ before: before.size, touched: changed.length + removed.length, share: loaded.configuration.daemon.reload.maxChangedShare, forced: by.reason.startsWith("force") });
    if (tooMany !== undefined) return this.#refuse([{ file: "", line: 0, column: 0, message: tooMany }]);
    const prepared = await this.#parts.prepare(loaded.configuration);
    if (!prepared.ok) return this.#refuse([{ file: "", line: 0, column: 0, message: prepared.message }]);
    const swapped = await this.#swap(loaded.configuration.policies);
    await (swapped.ok ? prepared.value.keep() : prepared.value.undo());
    if (!swapped.ok) {
      this.#parts.onSwap(this.#policies.entries.map(({ policy }) => policy));
      return this.#refuse([{ file: "", line: 0, column: 0, message: swapped.message }]);
    }
    this.#policies = {
      generation: this.#policies.generation + 1, loadedAtSeconds: this.#parts.clock.nowSeconds(),
      entries: loaded.configuration.policies.map((policy) => ({ policy, file: loaded.configuration.policyFiles[policy.name] })), problems: [],
    };
    const report: ReloadReport = { ok: true, generation: this.#policies.generation, added, changed, removed };
    this.#parts.onKept([...after.keys()]);
    this.#onReport(report);
    return report;
  }

  async #swap(policies: readonly Policy[]): Promise<Result<void>> {
    this.#parts.onSwap(policies);
    const applied = await this.#parts.fleet.apply(policies);
    if (!applied.ok) return failure(applied.failure, applied.message);
    for (const group of applied.value.removed) await this.#loop?.remove(group);
    for (const group of applied.value.added) this.#loop?.add(group);
    return success(undefined);
  }

  #refuse(problems: readonly PolicyProblem[]): ReloadReport {
    this.#policies = { ...this.#policies, problems };
    const report: ReloadReport = { ok: false, generation: this.#policies.generation, problems };
    this.#onReport(report);
    return report;
  }
}

function problemOf({ file, line, column, message, suggestion }: ConfigError): PolicyProblem {
  return { file, line, column, message: suggestion === undefined ? message : `${message}: ${suggestion}` };
}

/** Why a reload touches too much at once, if it does. One target may always change. */
function shareProblem({ before, touched, share, forced }: { readonly before: number; readonly touched: number; readonly share: number; readonly forced: boolean }): string | undefined {
  if (forced || before === 0 || touched <= 1 || touched / before <= share) return undefined;
  return `${String(touched)} of ${String(before)} targets would change or go, more than ${String(share * 100)} %: nothing was changed (give a reason that begins with "force" to do it all the same)`;
}
