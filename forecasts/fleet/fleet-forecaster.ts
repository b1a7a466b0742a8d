import type { EnsembleForecaster } from "../ensemble/ensemble.ts";
import type { RunningEnsemble, SavedEnsemble } from "../ensemble/running-ensemble.ts";
import type { Forecast } from "../forecast.ts";
import type { Forecaster, HorizonVerdict, OnlineForecaster } from "../forecaster.ts";
import { RowWindow, type SavedWindow } from "../numeric/row-window.ts";
import { prepareSeries } from "../preparation.ts";
import { FLEET_LEVELS, fleetReach } from "./fleet-features.ts";
import { fleetRows, suitsFleet, type FleetRows } from "./fleet-rows.ts";
import { FleetTrial, type SavedTrial } from "./fleet-trial.ts";
import { FLEET_NETWORKS } from "./fleet-weights.ts";
import { QuantileNetwork } from "./quantile-network.ts";

/** A correction moves a path by at most so many recent errors of the ensemble. */
const MOST_CORRECTION = 2;
const MIDDLE = FLEET_LEVELS.indexOf(0.5);

interface FleetFit {
  readonly fleet: { readonly window: SavedWindow; readonly trial: SavedTrial };
  readonly inner: SavedEnsemble;
}

/**
 * Lets an ensemble be corrected by what a network has learned from other series: each path is moved by a share of the network's
 * quantile correction, and the share follows from which of the two has scored better. Without a suitable rhythm it is the ensemble.
 */
export function withFleet(inner: EnsembleForecaster): Forecaster {
  return {
    id: inner.id,
    minimumRows: (seasons) => inner.minimumRows(seasons),
    fit: (input) => {
      const result = inner.fit(input);
      if (!result.ok) return result;
      const saved = result.fit as SavedEnsemble;
      if (!suitsFleet(saved.shape)) return result;
      const window = new RowWindow(fleetReach(saved.shape.day));
      for (const value of prepareSeries(input)!.values) window.push(value);
      const fit: FleetFit = { fleet: { window: window.save(), trial: new FleetTrial().save() }, inner: saved };
      return { ok: true, fit, note: result.note };
    },
    resume: (fit) => (isFleetFit(fit) ? new FleetForecaster(inner.resume(fit.inner), fit.fleet) : inner.resume(fit)),
  };
}

function isFleetFit(fit: unknown): fit is FleetFit {
  return typeof fit === "object" && fit !== null && "fleet" in fit;
}

class FleetForecaster implements OnlineForecaster {
  readonly id: string;
  private readonly inner: RunningEnsemble;
  private readonly window: RowWindow;
  private readonly networks = FLEET_NETWORKS.map((weights) => new QuantileNetwork(weights));
  private trial: FleetTrial;
  private latest: { readonly rows: FleetRows; readonly corrections: readonly Float64Array[] } | undefined;

  constructor(inner: RunningEnsemble, { window, trial }: FleetFit["fleet"]) {
    this.id = inner.id;
    this.inner = inner;
    this.window = RowWindow.restore(window);
    this.trial = new FleetTrial(trial);
  }

  observe(value: number): void {
    const known = Number.isFinite(value);
    this.trial.mature(this.window.count, known ? value : NaN);
    this.window.push(known ? value : this.inner.forecast([1], [0.5]).mean[0]!);
    this.inner.observe(value);
    this.latest = undefined;
    const { rows, corrections } = this.ahead();
    this.trial.issue(this.window.count, rows, corrections);
  }

  forecast(horizons: readonly number[], levels: readonly number[]): Forecast {
    const own = this.inner.forecast(horizons, levels);
    const { rows, corrections } = this.ahead();
    const mean = own.mean.slice();
    const quantiles = own.quantiles.map((path) => path.slice());
    for (const [i, horizon] of horizons.entries()) {
      const correction = corrections[horizon - 1];
      if (correction === undefined) continue;
      const share = this.trial.share(horizon);
      mean[i] = Math.max(rows.floor, own.mean[i]! + share * correction[MIDDLE]!);
      let least = rows.floor;
      for (const [q, level] of own.levels.entries()) {
        least = Math.max(least, own.quantiles[q]![i]! + share * at(correction, level));
        quantiles[q]![i] = least;
      }
    }
    return { ...own, mean, quantiles, model: { ...own.model, weights: this.shares(own.model.weights) } };
  }

  save(): FleetFit {
    return { fleet: { window: this.window.save(), trial: this.trial.save() }, inner: this.inner.save() };
  }

  adopt(earlier: unknown): void {
    this.inner.adopt(earlier);
    if (isFleetFit(earlier)) this.trial = FleetTrial.succeed(earlier.fleet.trial, this.window.count - earlier.fleet.window.count);
  }

  verdicts(): readonly HorizonVerdict[] {
    return this.inner.verdicts();
  }

  /** The rows ahead and each one's corrections, in the series' unit. */
  private ahead(): { readonly rows: FleetRows; readonly corrections: readonly Float64Array[] } {
    if (this.latest !== undefined) return this.latest;
    const rows = fleetRows(this.inner, (rowsAgo) => this.window.ago(rowsAgo));
    const corrections = rows.features.map((features, place) => {
      const out = new Float64Array(FLEET_LEVELS.length);
      const unit = rows.units[place]!;
      if (unit === 0) return out;
      for (const network of this.networks) network.addOutputs(features, out);
      return out.map((sum) => unit * Math.max(-MOST_CORRECTION, Math.min(MOST_CORRECTION, sum / this.networks.length)));
    });
    this.latest = { rows, corrections };
    return this.latest;
  }

  private shares(members: Readonly<Record<string, number>>): Record<string, number> {
    const share = this.trial.share(1);
    return { ...Object.fromEntries(Object.entries(members).map(([id, weight]) => [id, (1 - share) * weight])), fleet: share };
  }
}

/** The correction of a level: between two known ones what lies between theirs, outside them the outermost one's. */
function at(correction: Float64Array, level: number): number {
  const place = Math.max(0, Math.min(FLEET_LEVELS.length - 1, 10 * level - 1));
  const lower = Math.floor(place);
  const upper = Math.min(FLEET_LEVELS.length - 1, lower + 1);
  return correction[lower]! + (place - lower) * (correction[upper]! - correction[lower]!);
}
