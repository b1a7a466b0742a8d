import { readFileSync } from "node:fs";

import { createEnsemble } from "../../forecasts/ensemble/ensemble.ts";
import { MEMBERS } from "../../forecasts/ensemble/members.ts";
import { withFleet } from "../../forecasts/fleet/fleet-forecaster.ts";
import { ENSEMBLE_MEMBERS, FORECASTERS } from "../../forecasts/registry.ts";
import type { Forecaster } from "../../forecasts/forecaster.ts";
import type { Task } from "./data.ts";

/** Point and quantile paths for a task; `levels` ascend. A candidate that makes no quantiles returns none. */
export interface Candidate {
  readonly name: string;
  run(task: Task, levels: readonly number[]): { readonly mean: Float64Array; readonly quantiles: readonly Float64Array[] };
}

export function candidateOf(name: string, forecaster: Forecaster): Candidate {
  return {
    name,
    run: ({ history, actual, stepSeconds, seasons }, levels) => {
      const result = forecaster.fit({ series: { startSeconds: 0, stepSeconds, values: history }, seasons, horizon: actual.length, seed: 1 });
      if (!result.ok) throw new Error(result.reason);
      return forecaster.resume(result.fit).forecast(Array.from(actual, (_, k) => k + 1), levels);
    },
  };
}

/** Every registered forecaster, the ensemble first. */
export function registered(): Candidate[] {
  return Object.entries(FORECASTERS)
    .sort(([a], [b]) => Number(b === "auto") - Number(a === "auto"))
    .map(([name, forecaster]) => candidateOf(name, forecaster));
}

/** The ensemble as it is without the fleet model. */
export function withoutFleet(): Candidate {
  return candidateOf("without the fleet model", createEnsemble("without-fleet", ENSEMBLE_MEMBERS));
}

/** The ensemble without the fleet model, without one of its members, each in turn, and with one that is not among them. */
export function ablations(): Candidate[] {
  const ids = ENSEMBLE_MEMBERS;
  const candidate = (name: string, members: readonly string[]): Candidate => candidateOf(name, withFleet(createEnsemble(name, members)));
  const without = ids.map((left) => candidate(`without ${left}`, ids.filter((id) => id !== left)));
  const others = Object.keys(MEMBERS).filter((id) => !ids.includes(id));
  return [withoutFleet(), ...without, ...others.map((id) => candidate(`with ${id}`, [...ids, id]))];
}

/** MSTL with exponential smoothing from the augurs package (WebAssembly), or undefined where it is not installed. */
export async function augurs(): Promise<Candidate | undefined> {
  try {
    const { initSync, MSTL } = await import("@bsull/augurs/mstl");
    // The package's own loader fetches a file: URL, which Node does not do.
    initSync({ module: readFileSync(new URL("mstl_bg.wasm", import.meta.resolve("@bsull/augurs/mstl"))) });
    return {
      name: "augurs MSTL (comparison)",
      run: ({ history, actual, seasons }) => {
        const periods = seasons.filter((season) => history.length >= 2 * season);
        const model = MSTL.ets(Uint32Array.from(periods));
        model.fit(history);
        const { point } = model.predict(actual.length);
        model.free();
        return { mean: Float64Array.from(point), quantiles: [] };
      },
    };
  } catch {
    return undefined;
  }
}
