import { FORECASTERS } from "../../forecasts/registry.ts";
import { describeForecaster } from "./forecaster.contract.ts";

for (const [id, forecaster] of Object.entries(FORECASTERS)) describeForecaster(id, () => forecaster);
