import { ACTUATORS } from "../act/registry.ts";
import { CARBON_SOURCES } from "../observe/carbon/registry.ts";
import { MARKET_SOURCES } from "../observe/market/registry.ts";
import { METRIC_SOURCES } from "../observe/metrics/sources/registry.ts";
import { DISCOVERY } from "../observe/workload/registry.ts";
import type { Registries } from "../policy/read-provider.ts";

/** Every provider that a configuration can name, with the schema of its configuration. */
export const REGISTRIES: Registries = {
  actuators: ACTUATORS,
  market: Object.entries(MARKET_SOURCES).map(([type, { config }]) => ({ type, config })),
  carbon: Object.entries(CARBON_SOURCES).map(([type, { config }]) => ({ type, config })),
  metrics: METRIC_SOURCES.filter(({ type }) => type !== "otlp"),
  discovery: DISCOVERY,
};
