import type { Meter } from "@opentelemetry/api";
import type { DaemonView } from "../status/daemon-view.ts";
import { OTHER, type LabelCap } from "./label-cap.ts";

/** How good each target's forecasts have been: at most four horizons with four levels each, so that the series stay bounded. */
export function registerQualityGauges(meter: Meter, targets: LabelCap, viewOf: () => DaemonView | undefined): void {
  const gauge = (name: string, description: string) => meter.createObservableGauge(name, { description });
  const coverage = gauge("foretide_forecast_horizon_coverage_ratio", "Share of matured rows at or under the path of the level, by horizon");
  const error = gauge("foretide_forecast_horizon_relative_error_ratio", "Mean absolute error at a horizon over that of the rival: seasonal-naive or now");
  const matured = gauge("foretide_forecast_horizon_matured", "Forecasts of a horizon that have matured in the last four weeks");
  const demoted = gauge("foretide_forecast_demoted_horizons", "Horizons at which a baseline stands in for the ensemble");
  meter.addBatchObservableCallback((result) => {
    const view = viewOf();
    for (const { target: name } of view?.targets() ?? []) {
      const target = targets.of(name);
      const quality = target === OTHER ? undefined : view?.forecastQuality(name);
      if (quality === undefined) continue;
      for (const horizon of quality.horizons) {
        const labels = { target, horizon: String(horizon.horizonSeconds) };
        result.observe(matured, horizon.matured, labels);
        for (const { level, share } of horizon.coverage) result.observe(coverage, share, { ...labels, level: String(level) });
        if (horizon.overSeasonalNaive !== undefined) result.observe(error, horizon.overSeasonalNaive, { ...labels, rival: "seasonal-naive" });
        if (horizon.overNow !== undefined) result.observe(error, horizon.overNow, { ...labels, rival: "now" });
      }
      result.observe(demoted, quality.trust.filter(({ uses }) => uses !== "ensemble").length, { target });
    }
  }, [coverage, error, matured, demoted]);
}
