import { failure, success, type Result } from "../../model/result.ts";
import type { FoundTarget } from "../../observe/workload/discovery.ts";
import { DISCOVERY } from "../../observe/workload/registry.ts";
import { loadConfiguration, type LoadedConfiguration } from "../../policy/load-configuration.ts";
import type { Discovery, SetTarget } from "../../policy/policy-set.ts";
import { REGISTRIES } from "../registries.ts";

const ASK_EVERY_MS = 60_000;

/** Keeps what the sets of policies have found, and reads the configuration with it. What cannot be asked stays as it was last found. */
export class TargetDiscovery {
  readonly #path: string;
  #found: Readonly<Record<string, readonly SetTarget[]>> = {};

  constructor(path: string) {
    this.#path = path;
  }

  /** The configuration with a policy for every target that is known now. */
  read(): LoadedConfiguration {
    return loadConfiguration(this.#path, { registries: REGISTRIES, discovered: this.#found });
  }

  /**
   * Asks the world again; true where something else was found. A question that fails keeps the old answer; so does one that finds
   * nothing where there was something: an empty answer is more often a lost permission than an empty cloud, and it would drop every policy.
   */
  async refresh(): Promise<Result<boolean>> {
    const loaded = this.read();
    if (!loaded.ok) return success(false);
    const before = JSON.stringify(this.#found);
    const problems: string[] = [];
    const found = { ...this.#found };
    for (const discovery of loaded.configuration.discoveries) {
      const answer = await ask(discovery);
      if (!answer.ok) problems.push(`${discovery.set}: ${answer.message}`);
      else if (answer.value.length === 0 && (found[discovery.set]?.length ?? 0) > 0) problems.push(`${discovery.set}: nothing was found any more; what was known is kept`);
      else found[discovery.set] = answer.value;
    }
    this.#found = found;
    return problems.length > 0 ? failure("transient", problems.join("; ")) : success(JSON.stringify(found) !== before);
  }

  /** Asks again and again, one question at a time, and tells what came of it. Without a set of policies that asks, it costs a look at the files. */
  keepAsking(listener: { readonly onFound: () => Promise<unknown>; readonly onProblem: (message: string) => void; readonly everyMs?: number }): { stop(): void } {
    let running = false;
    const ask = async (): Promise<void> => {
      if (running) return;
      running = true;
      const answer = await this.refresh();
      if (!answer.ok) listener.onProblem(answer.message);
      else if (answer.value) await listener.onFound();
      running = false;
    };
    const timer = setInterval(() => void ask(), listener.everyMs ?? ASK_EVERY_MS);
    timer.unref();
    return { stop: () => { clearInterval(timer); } };
  }
}

function ask({ type, config }: Discovery): Promise<Result<readonly FoundTarget[]>> {
  const provider = DISCOVERY.find((candidate) => candidate.type === type);
  return provider === undefined ? Promise.resolve(failure("permanent", `nothing finds ${type}`)) : provider.discover(config);
}
