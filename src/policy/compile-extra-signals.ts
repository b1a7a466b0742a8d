import type { ExtraSignal, Policy } from "../model/policy.ts";
import { compileSignal, type SignalContext, sourceFaults } from "./compile-signals.ts";
import type { Fault } from "./issues.ts";
import { parseFormula } from "./parse-formula.ts";
import type { ExtraSignalInput, SpecInput } from "./policy-schema.ts";
import { suggestOneOf } from "./suggest.ts";

/** What a formula may name besides the signals above it. */
const BUILT_IN = ["demand", "utilization", "missRatio", "backlog", "readyReplicas"] as const;

interface Compiled {
  readonly value?: ExtraSignal;
  readonly faults: readonly Fault[];
}

/** Turns `spec.signals` into the model's, or every fault in them. */
export function compileExtraSignals(spec: Partial<SpecInput>, context: SignalContext): { readonly value?: Pick<Policy, "extraSignals">; readonly faults: readonly Fault[] } {
  const inputs = spec.signals ?? [];
  if (inputs.length === 0) return { value: {}, faults: [] };
  const names: string[] = BUILT_IN.filter((name) => name === "demand" || name === "readyReplicas" || spec[name] !== undefined);
  const faults: Fault[] = [];
  const signals: ExtraSignal[] = [];
  for (const [index, input] of inputs.entries()) {
    const path = ["spec", "signals", index];
    if (names.includes(input.name) || (BUILT_IN as readonly string[]).includes(input.name)) faults.push({ path: [...path, "name"], at: "value", message: `the name ${input.name} is taken`, suggestion: "choose another name" });
    const compiled = compileOne(input, { path, names, context, latencySeconds: spec.objective?.latency });
    faults.push(...compiled.faults);
    if (compiled.value !== undefined) signals.push(compiled.value);
    names.push(input.name);
  }
  faults.push(...unusedFaults(inputs));
  return faults.length > 0 ? { faults } : { value: { extraSignals: signals }, faults };
}

interface Place {
  readonly path: readonly (string | number)[];
  readonly names: readonly string[];
  readonly context: SignalContext;
  readonly latencySeconds: number | undefined;
}

function compileOne(input: ExtraSignalInput, place: Place): Compiled {
  const { name, by, target } = input;
  const { path } = place;
  const given = (["preset", "metric", "formula"] as const).filter((key) => input[key] !== undefined);
  const [first, second] = given;
  if (first === undefined) return { faults: [{ path, at: "key", message: "needs a preset, a metric or a formula", suggestion: "write metric: and extract:, or formula: with the signals above it" }] };
  if (second !== undefined) return { faults: [{ path: [...path, second], at: "key", message: `give ${first} or ${second}, not both`, suggestion: "remove one of the two" }] };
  const tooMuch: readonly Fault[] = by === "utilization" && target !== undefined && target > 1 ? [{ path: [...path, "target"], at: "value", message: "a utilization is at most 100%", suggestion: `did you mean ${String(Math.min(target, 100))}%?` }] : [];
  if (input.formula !== undefined) {
    const parsed = parseFormula(input.formula, place.names);
    if (parsed.ok) return tooMuch.length > 0 ? { faults: tooMuch } : { value: { name, by, target, formula: parsed.formula }, faults: [] };
    const { column, message, suggestion } = parsed.fault;
    return { faults: [...tooMuch, { path: [...path, "formula"], at: "value", message: `column ${String(column)} of the formula: ${message}`, ...(suggestion !== undefined && { suggestion }) }] };
  }
  return compileMeasured(input, place, tooMuch);
}

function compileMeasured(input: ExtraSignalInput, { path, context, latencySeconds }: Place, before: readonly Fault[]): Compiled {
  const { name, by, target, preset } = input;
  if (preset !== undefined && !context.presets.has(preset)) {
    return { faults: [...before, { path: [...path, "preset"], at: "value", message: `unknown preset ${JSON.stringify(preset)}`, suggestion: suggestOneOf(preset, [...context.presets.keys()]) }] };
  }
  const compiled = compileSignal({
    name: by === "utilization" ? "utilization" : "demand", path, input, demand: undefined, demandPreset: undefined, presets: context.presets, latencySeconds,
  });
  const faults = [...before, ...compiled.faults, ...sourceFaults(path, input, context.metricSources)];
  return faults.length > 0 || compiled.value === undefined ? { faults } : { value: { name, by, target, spec: compiled.value }, faults };
}

/** A signal without a target that no formula names does nothing. */
function unusedFaults(inputs: readonly ExtraSignalInput[]): readonly Fault[] {
  return inputs.flatMap((input, index) => {
    const isUsed = input.target !== undefined || inputs.slice(index + 1).some(({ formula }) => formula !== undefined && new RegExp(`\\b${input.name}\\b`).test(formula));
    return isUsed ? [] : [{ path: ["spec", "signals", index], at: "key" as const, message: `${input.name} has no target, and no formula after it uses it`, suggestion: "write target: the load that one replica should carry" }];
  });
}
