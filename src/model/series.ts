export type { Series } from "../../forecasts/series.ts";
export type { Forecast, ForecastProvenance } from "../../forecasts/forecast.ts";
