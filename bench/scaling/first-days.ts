import { borrowHistory } from "../../forecasts/cold-start.ts";
import { CONTROL_MODELS } from "../../forecasts/models/lead-ridge-forecaster.ts";
import type { Series } from "../../forecasts/series.ts";
import { missing, present, type Observation } from "../../src/model/observation.ts";
import type { Policy } from "../../src/model/policy.ts";
import type { ModelInstall } from "../../src/model/snapshot.ts";
import type { Controller, Sighting } from "../../src/replay/controller.ts";
import { defaultPolicy } from "../../src/replay/default-policy.ts";
import { simulate } from "../../src/replay/simulate.ts";
import { fitInput, fitRequests, initialGroupState, step, type GroupState } from "../../src/step.ts";
import { seeded } from "../../test/fixtures/seeded.ts";
import { benchmarkWorld, traceFolder, WARM_UP_DAYS } from "./traces.ts";

const LEAD_SECONDS = 120;
const DAY_SECONDS = 86_400;
/** The first two days of a new target are scored. */
const DAYS = 2;
/** The alike target: three times the load, and noise of its own on each row. */
const DONOR_FACTOR = 3;
const DONOR_NOISE = 0.1;
const NOT_MEASURED = missing("absent", "not measured");

/** The production step of a target without a past, beside another that may lend one. */
class NewTarget implements Controller {
  readonly #policy: Policy;
  readonly #donor: Series | undefined;
  #state: GroupState;
  #waiting: { readonly install: ModelInstall; readonly atSeconds: number }[] = [];
  /** Hours after the first row at which the past was borrowed. */
  borrowedAfterHours: number | undefined;

  constructor(policy: Policy, donor: Series | undefined) {
    this.#policy = policy;
    this.#donor = donor;
    this.#state = initialGroupState(policy.group, [policy]);
  }

  decide({ timeSeconds, load, utilization, missRatio, readyReplicas, pendingReplicas }: Sighting): number {
    const seen = (value: number): Observation => (Number.isNaN(value) ? NOT_MEASURED : present(value, timeSeconds));
    const due = this.#waiting.filter(({ atSeconds }) => atSeconds <= timeSeconds);
    this.#waiting = this.#waiting.filter(({ atSeconds }) => atSeconds > timeSeconds);
    const result = step(this.#state, {
      timeSeconds, wake: "tick", epoch: 1, installs: due.map(({ install }) => install), outcomes: [], overrides: [],
      targets: {
        [this.#policy.name]: {
          demand: seen(load), utilization: seen(utilization), missRatio: seen(missRatio), backlog: NOT_MEASURED, notices: [],
          workload: { kind: "value", timeSeconds, desiredReplicas: readyReplicas + pendingReplicas, readyReplicas, pendingReplicas },
        },
      },
    }, [this.#policy]);
    this.#state = result.nextState;
    this.#fit();
    return result.decisions[0]?.desiredReplicas ?? readyReplicas + pendingReplicas;
  }

  #fit(): void {
    for (const request of fitRequests(this.#state, [this.#policy])) {
      const asked = fitInput(this.#state, request, [this.#policy]);
      if (asked === undefined || (request.modelId === "lead-past" && this.#donor === undefined)) continue;
      const lent = request.modelId === "lead-past" && this.#donor !== undefined ? borrowHistory(asked.series, [{ name: "alike", series: this.#donor }], (asked.historyRows ?? 0) - asked.series.values.length) : undefined;
      const input = lent === undefined ? asked : { ...asked, series: lent.series, borrowed: { rows: lent.series.values.length - asked.series.values.length, donor: lent.donor } };
      const fitted = CONTROL_MODELS[request.modelId]?.fit(input);
      if (fitted?.ok !== true) continue;
      if (request.modelId === "lead-past") this.borrowedAfterHours ??= (asked.series.values.length * asked.series.stepSeconds) / 3_600;
      this.#waiting.push({ atSeconds: request.installAtSeconds, install: { target: request.target, modelId: request.modelId, digest: "bench", fittedToSeconds: request.upToSeconds, fit: fitted.fit } });
    }
  }
}

/** `node bench/scaling/first-days.ts [trace …]`: misses and replica-hours of a new target's first two days, without and with an alike target. */
function main(wanted: readonly string[]): void {
  const folder = traceFolder();
  if (folder === undefined) throw new Error("no traces: set FORETIDE_DATA");
  process.stdout.write("| trace | holds: missed %, replica-hours | borrows | after hours |\n| --- | --- | --- | --- |\n");
  for (const trace of Object.keys(WARM_UP_DAYS).filter((name) => wanted.length === 0 || wanted.includes(name))) {
    const whole = benchmarkWorld(folder, trace, LEAD_SECONDS);
    const from = whole.scoreFrom;
    const world = { ...whole, load: whole.load.slice(from, from + (DAYS * DAY_SECONDS) / whole.stepSeconds), startSeconds: whole.startSeconds + from * whole.stepSeconds, scoreFrom: 0 };
    const policy = defaultPolicy({ leadTimeSeconds: LEAD_SECONDS, requestsPerSecondPerReplica: 100, errorBudget: 0.001 });
    const scores = [undefined, donorOf(whole.load, whole.startSeconds, whole.stepSeconds)].map((donor) => {
      const target = new NewTarget(policy, donor);
      const { missShare, replicaHours } = simulate(world, target);
      return { cell: `${(100 * missShare).toFixed(3)}, ${replicaHours.toFixed(0)}`, after: target.borrowedAfterHours };
    });
    process.stdout.write(`| ${trace} | ${scores[0]!.cell} | ${scores[1]!.cell} | ${String(scores[1]!.after ?? "never")} |\n`);
  }
}

function donorOf(load: Float64Array, startSeconds: number, stepSeconds: number): Series {
  const random = seeded(11);
  return { startSeconds, stepSeconds, values: load.map((value) => DONOR_FACTOR * value * (1 + DONOR_NOISE * (2 * random() - 1))) };
}

main(process.argv.slice(2));
