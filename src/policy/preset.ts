import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { type ConfigError, formatConfigError } from "./config-error.ts";
import { parseWith, placeFaults } from "./issues.ts";
import { choice, number, objectName, targetValue, text } from "./scalars.ts";
import { readYaml, type YamlFile } from "./yaml-source.ts";

/** One name that a measurement goes by, with the unit it must carry under that name. */
const named = z.strictObject({
  name: text().describe("The metric's name."),
  unit: text().optional().describe("The unit that it must carry."),
  scale: number({ moreThan: 0 }).prefault(1).describe("Value in the unit of the first name = value × scale."),
});

const presetSignal = z.strictObject({
  extract: choice(["rate", "gauge", "mean", "quantile", "share-above"]).describe("How the metric becomes a number."),
  aggregate: choice(["sum", "mean", "max", "min"]).describe("How several series become one number."),
  metrics: z.array(named).min(1).describe("The names of the measurement, the current convention first."),
});

const presetSchema = z.strictObject({
  apiVersion: choice(["foretide.dev/v1"]).describe("The version of this format."),
  kind: choice(["Preset"]).describe("What this document is."),
  metadata: z.strictObject({ name: objectName().describe("The preset's name."), description: text().describe("What it is for.") }),
  spec: z.strictObject({
    serviceAttribute: text().prefault("service.name").describe("The attribute that `service` selects by."),
    counts: choice(["arrivals", "served"]).prefault("arrivals").describe("What the demand counts: what arrives, or what is served."),
    scaling: z.strictObject({ by: choice(["objective", "utilization", "per-replica"]).describe("How the load becomes replicas by default."), target: targetValue().optional().describe("The default target.") }),
    signals: z.strictObject({
      demand: presetSignal.describe("The load."),
      utilization: presetSignal.optional().describe("The busy share."),
      missRatio: presetSignal.optional().describe("The share that missed the objective."),
      backlog: presetSignal.optional().describe("Work that waits."),
    }),
  }),
});

export type PresetSignal = z.output<typeof presetSignal>;
export type Preset = z.output<typeof presetSchema>["spec"] & { readonly name: string; readonly description: string };

/** Reads preset documents; every error with its place. */
export function parsePresets(files: readonly YamlFile[]): { readonly presets: ReadonlyMap<string, Preset>; readonly errors: readonly ConfigError[] } {
  const presets = new Map<string, Preset>();
  const errors: ConfigError[] = [];
  for (const file of files) {
    const read = readYaml(file, { env: () => undefined, file: () => undefined });
    errors.push(...read.errors);
    for (const document of read.documents) {
      const { value, faults } = parseWith(presetSchema, document.value, []);
      errors.push(...placeFaults(faults, document));
      if (value !== undefined) presets.set(value.metadata.name, { ...value.spec, ...value.metadata });
    }
  }
  return { presets, errors };
}

let builtIn: ReadonlyMap<string, Preset> | undefined;

/** The presets that come with the program (config/presets), read once. */
export function builtInPresets(): ReadonlyMap<string, Preset> {
  if (builtIn === undefined) {
    const folder = presetFolder();
    const files = readdirSync(folder).filter((name) => name.endsWith(".yaml")).map((name) => ({ path: join(folder, name), text: readFileSync(join(folder, name), "utf8") }));
    const { presets, errors } = parsePresets(files);
    if (errors.length > 0) throw new Error(errors.map(formatConfigError).join("\n"));
    builtIn = presets;
  }
  return builtIn;
}

// src/policy/preset.ts and dist/src/policy/preset.js stand at different depths beneath the folder that holds config/.
function presetFolder(): string {
  return fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "../../config/presets" : "../../../config/presets", import.meta.url));
}

/** The unit that a metric of a known convention carries, or undefined where no preset names it. */
export function knownUnit(metric: string, presets: ReadonlyMap<string, Preset>): string | undefined {
  for (const preset of presets.values()) {
    for (const signal of Object.values(preset.signals)) {
      const found = signal?.metrics.find((candidate) => candidate.name === metric);
      if (found?.unit !== undefined) return found.unit;
    }
  }
  return undefined;
}

export function metricNames(presets: ReadonlyMap<string, Preset>): readonly string[] {
  return [...new Set([...presets.values()].flatMap((preset) => Object.values(preset.signals).flatMap((signal) => signal?.metrics.map((metric) => metric.name) ?? [])))];
}
