export type { Series } from "../../forecasts/series.ts";
export type { Forecast } from "../../forecasts/forecast.ts";
