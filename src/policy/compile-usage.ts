import type { Policy, SignalSpec } from "../model/policy.ts";
import { compileSignal, sourceFaults, type SignalContext } from "./compile-signals.ts";
import type { Fault } from "./issues.ts";
import type { SpecInput } from "./policy-schema.ts";
import { suggestOneOf } from "./suggest.ts";

/** The signals of right-sizing: the demand of the presets cpu and memory, or any metric in cores and bytes. */
export function compileUsage(spec: Partial<SpecInput>, context: SignalContext): { readonly value?: Pick<Policy, "usage">; readonly faults: readonly Fault[] } {
  if (spec.usage === undefined) return { value: {}, faults: [] };
  const faults: Fault[] = [];
  const usage: { cpu?: SignalSpec; memory?: SignalSpec } = {};
  for (const name of ["cpu", "memory"] as const) {
    const input = spec.usage[name];
    if (input === undefined) continue;
    const path = ["spec", "usage", name];
    if (input.preset !== undefined && !context.presets.has(input.preset)) faults.push({ path: [...path, "preset"], at: "value", message: `unknown preset ${JSON.stringify(input.preset)}`, suggestion: suggestOneOf(input.preset, [...context.presets.keys()]) });
    const compiled = compileSignal({ name: "demand", path, input, demand: undefined, demandPreset: undefined, presets: context.presets, latencySeconds: undefined });
    faults.push(...compiled.faults, ...sourceFaults(path, input, context.metricSources));
    if (compiled.value !== undefined) usage[name] = compiled.value;
  }
  return faults.length > 0 ? { faults } : { value: { usage }, faults };
}
