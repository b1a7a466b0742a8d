import type { ScalingSpec, SignalSpec } from "../model/policy.ts";
import { type Fault, isRecord } from "./issues.ts";
import { knownUnit, metricNames, type Preset, type PresetSignal } from "./preset.ts";
import type { SignalInput, SpecInput } from "./policy-schema.ts";
import { suggestOneOf } from "./suggest.ts";

type SignalName = "demand" | "utilization" | "missRatio" | "backlog";
const SIGNAL_NAMES: readonly SignalName[] = ["demand", "utilization", "missRatio", "backlog"];

/** The source that every daemon has: what is pushed to it. */
export const BUILT_IN_SOURCE = "otlp";

export interface CompiledSignals {
  readonly signals: { readonly demand: SignalSpec } & { readonly [Name in SignalName]?: SignalSpec };
  readonly scaling: ScalingSpec;
}

/**
 * Turns a spec's signals and scaling into the model's: presets become metrics with their older names, `service` becomes
 * a selector, and a unit that contradicts the metric's convention is a fault.
 */
export function compileSignals(spec: Partial<SpecInput>, { presets, metricSources }: SignalContext): { readonly value?: CompiledSignals; readonly faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const demandPreset = presetOf(spec.demand, presets);
  const latencySeconds = spec.objective?.latency;
  const signals: { [Name in SignalName]?: SignalSpec } = {};
  for (const name of SIGNAL_NAMES) {
    const compiled = compileSignal({ name, input: spec[name], demand: spec.demand, demandPreset, presets, latencySeconds });
    faults.push(...compiled.faults, ...sourceFaults(["spec", name], spec[name], metricSources));
    if (compiled.value !== undefined) signals[name] = compiled.value;
  }
  const scaling = compileScaling(spec, demandPreset, signals.utilization !== undefined);
  faults.push(...scaling.faults);
  const { demand, ...others } = signals;
  if (faults.length > 0 || demand === undefined || scaling.value === undefined) return { faults };
  return { value: { signals: { demand, ...others }, scaling: scaling.value }, faults: [] };
}

export interface SignalContext {
  readonly presets: ReadonlyMap<string, Preset>;
  readonly metricSources: readonly string[] | undefined;
}

/** A preset names OpenTelemetry's metrics, which have other names wherever else they are asked for. */
export function sourceFaults(path: readonly (string | number)[], input: SignalInput | undefined, known: readonly string[] | undefined): readonly Fault[] {
  if (input === undefined || input.source === BUILT_IN_SOURCE) return [];
  const { source, preset } = input;
  if (known?.includes(source) === false) return [{ path: [...path, "source"], at: "value", message: `foretide.yaml has no metric source ${JSON.stringify(source)}`, suggestion: suggestOneOf(source, [BUILT_IN_SOURCE, ...known]) ?? "name it beneath sources.metrics" }];
  if (preset !== undefined) return [{ path: [...path, "preset"], at: "value", message: `a preset is read from ${BUILT_IN_SOURCE}, not from ${source}`, suggestion: "write metric: with the name or query that the source knows, and extract:" }];
  return [];
}

/** Presets that do not exist, told even where the rest of a signal cannot be read. */
export function unknownPresets(spec: Readonly<Record<string, unknown>>, presets: ReadonlyMap<string, Preset>): readonly Fault[] {
  return SIGNAL_NAMES.flatMap((name) => {
    const signal = spec[name];
    const preset = isRecord(signal) ? signal["preset"] : undefined;
    if (typeof preset !== "string" || preset === "" || presets.has(preset)) return [];
    return [{ path: ["spec", name, "preset"], at: "value", message: `unknown preset ${JSON.stringify(preset)}`, suggestion: suggestOneOf(preset, [...presets.keys()]) }];
  });
}

function presetOf(input: SignalInput | undefined, presets: ReadonlyMap<string, Preset>): Preset | undefined {
  return input?.preset === undefined ? undefined : presets.get(input.preset);
}

export interface SignalTask {
  readonly name: SignalName;
  /** Where the signal stands, unless beneath its own name. */
  readonly path?: readonly (string | number)[];
  readonly input: SignalInput | undefined;
  readonly demand: SignalInput | undefined;
  readonly demandPreset: Preset | undefined;
  readonly presets: ReadonlyMap<string, Preset>;
  readonly latencySeconds: number | undefined;
}

export function compileSignal(task: SignalTask): { readonly value?: SignalSpec; readonly faults: readonly Fault[] } {
  const { name, input, demand, demandPreset, presets, path = ["spec", name] } = task;
  if (input === undefined) {
    // The preset of the demand brings its companions, read as the demand is read.
    const companion = demandPreset?.signals[name];
    return companion === undefined || demand === undefined || demandPreset === undefined ? { faults: [] } : { value: fromPreset({ signal: companion, preset: demandPreset }, demand, task.latencySeconds), faults: [] };
  }
  if (input.preset !== undefined && input.metric !== undefined) return { faults: [{ path: [...path, "metric"], at: "key", message: "give preset or metric, not both", suggestion: "remove one of the two" }] };
  if (input.preset !== undefined) {
    const preset = presets.get(input.preset);
    if (preset === undefined) return { faults: [] }; // unknownPresets tells it
    const signal = preset.signals[name];
    if (signal === undefined) return { faults: [{ path: [...path, "preset"], at: "value", message: `the preset ${input.preset} has no ${name}`, suggestion: "give a metric, or take another preset" }] };
    const units = signal.metrics.map((metric) => metric.unit);
    if (input.unit !== undefined && !units.includes(input.unit)) return { faults: [{ path: [...path, "unit"], at: "value", message: `the preset ${preset.name} carries ${units[0] ?? "no unit"}, not ${input.unit}`, suggestion: "remove the unit" }] };
    return { value: fromPreset({ signal, preset }, input, task.latencySeconds), faults: [] };
  }
  return fromMetric(task, input, path);
}

function fromPreset({ signal, preset }: { readonly signal: PresetSignal; readonly preset: Preset }, input: SignalInput, latencySeconds: number | undefined): SignalSpec {
  const [first, ...others] = signal.metrics;
  if (first === undefined) throw new Error(`preset ${preset.name} names no metric`);
  const extract = input.extract ?? signal.extract;
  return {
    ...reading(input, preset.serviceAttribute),
    metric: first.name,
    unit: first.unit,
    extract: signal.extract === "share-above" ? "share-above" : extract,
    aggregate: signal.extract === "share-above" ? signal.aggregate : (input.aggregate ?? signal.aggregate),
    quantile: extract === "quantile" ? (input.quantile ?? 0.5) : undefined,
    threshold: signal.extract === "share-above" ? (input.threshold ?? latencySeconds) : undefined,
    ...(others.length === 0 ? {} : { alternatives: others.map((other) => ({ metric: other.name, unit: other.unit, scale: other.scale })) }),
  };
}

function fromMetric(task: SignalTask, input: SignalInput, path: readonly (string | number)[]): { readonly value?: SignalSpec; readonly faults: readonly Fault[] } {
  const { name, presets, latencySeconds } = task;
  if (input.metric === undefined) return { faults: [{ path, at: "key", message: "needs a preset or a metric", suggestion: `write preset: ${name === "demand" ? "http-rate" : "cpu"}, or metric: and extract:` }] };
  const faults: Fault[] = [];
  const known = knownUnit(input.metric, presets);
  if (input.unit !== undefined && known !== undefined && known !== input.unit) {
    faults.push({ path: [...path, "unit"], at: "value", message: `${input.metric} is measured in ${known}, not ${input.unit}`, suggestion: `did you mean ${JSON.stringify(known)}?` });
  }
  if (input.source === BUILT_IN_SOURCE && known === undefined && /[A-Z_]{2,}|^http|^rpc|^process|^gen_ai/.test(input.metric) && !input.metric.includes(".")) {
    const near = suggestOneOf(input.metric.replaceAll("_", "."), metricNames(presets));
    if (near?.startsWith("did you") === true) faults.push({ path: [...path, "metric"], at: "value", message: `${input.metric} is not an OpenTelemetry name`, suggestion: near });
  }
  if (input.extract === undefined) faults.push({ path, at: "key", message: "a metric needs extract", suggestion: "write extract: rate for a counter, extract: gauge for a gauge" });
  if (input.extract === "quantile" && input.quantile === undefined) faults.push({ path, at: "key", message: "extract: quantile needs quantile", suggestion: "write quantile: 0.99" });
  const threshold = input.extract === "share-above" ? (input.threshold ?? (known === "ms" && latencySeconds !== undefined ? latencySeconds * 1000 : latencySeconds)) : undefined;
  if (faults.length > 0 || input.extract === undefined) return { faults };
  return {
    value: {
      ...reading(input, "service.name"),
      metric: input.metric,
      unit: input.unit ?? known,
      extract: input.extract,
      aggregate: input.aggregate ?? (input.extract === "rate" || input.extract === "gauge" ? "sum" : "mean"),
      quantile: input.extract === "quantile" ? input.quantile : undefined,
      threshold,
    },
    faults: [],
  };
}

function reading(input: SignalInput, serviceAttribute: string): Pick<SignalSpec, "source" | "select" | "windowSeconds" | "staleAfterSeconds"> {
  return {
    source: input.source,
    select: { ...input.select, ...(input.service === undefined ? {} : { [serviceAttribute]: input.service }) },
    windowSeconds: input.window,
    staleAfterSeconds: input.staleAfter,
  };
}

function compileScaling(spec: Partial<SpecInput>, preset: Preset | undefined, hasUtilization: boolean): { readonly value?: ScalingSpec; readonly faults: readonly Fault[] } {
  if (spec.scaling === undefined) return { faults: [] };
  const path = ["spec", "scaling"];
  const { requestsPerSecondPerReplica } = spec.scaling;
  const by = spec.scaling.by ?? preset?.scaling.by ?? "objective";
  const target = spec.scaling.target ?? (by === preset?.scaling.by ? preset.scaling.target : undefined);
  const keyFault = (field: readonly string[], message: string, suggestion: string): { readonly faults: readonly Fault[] } => ({ faults: [{ path: [...path, ...field], at: "key", message, suggestion }] });
  if (by === "objective") {
    if (spec.scaling.target !== undefined) return keyFault(["target"], "by: objective takes no target", "remove it, or set by: utilization or by: per-replica");
    return { value: { by, requestsPerSecondPerReplica }, faults: [] };
  }
  if (requestsPerSecondPerReplica !== undefined) return keyFault(["requestsPerSecondPerReplica"], `by: ${by} takes no requestsPerSecondPerReplica`, "did you mean target?");
  if (target === undefined) return keyFault([], `by: ${by} needs a target`, by === "utilization" ? "write target: 70%" : "write target: the load that one replica should carry");
  if (by === "per-replica") return { value: { by, target }, faults: [] };
  if (target > 1) return { faults: [{ path: [...path, "target"], at: "value", message: "a utilization is at most 100%", suggestion: `did you mean ${String(Math.min(target, 100))}%?` }] };
  if (!hasUtilization && spec.demand !== undefined) return keyFault([], "by: utilization needs spec.utilization", "write utilization: { preset: cpu }");
  return { value: { by, target }, faults: [] };
}
