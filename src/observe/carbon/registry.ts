import * as carbonAwareSdk from "./carbon-aware-sdk.ts";
import * as electricityMaps from "./electricity-maps.ts";
import * as embedded from "./embedded-carbon.ts";
import * as file from "./file-carbon.ts";
import * as gb from "./gb-carbon-intensity.ts";
import * as watttime from "./watttime.ts";

/** Every source of carbon intensity: its config schema and how it is made. One line adds one. */
export const CARBON_SOURCES = {
  embedded,
  file,
  "electricity-maps": electricityMaps,
  watttime,
  "gb-carbon-intensity": gb,
  "carbon-aware-sdk": carbonAwareSdk,
} as const;
