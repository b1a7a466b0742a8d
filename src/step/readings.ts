import { missing } from "../model/observation.ts";
import type { Observation } from "../model/observation.ts";
import type { Policy, SignalSpec } from "../model/policy.ts";
import { emptyRecord, ownValue } from "../model/record.ts";
import type { Snapshot, TargetSnapshot } from "../model/snapshot.ts";
import { plainUnit, unitScale } from "../model/unit.ts";
import { initialTargetState } from "./state.ts";
import type { GroupState, TargetState } from "./state.ts";

/** How a signal is read: what was learned of it holds for values that are read so, and for no others. */
export interface Reading {
  readonly extract: SignalSpec["extract"];
  readonly aggregate: SignalSpec["aggregate"];
  readonly quantile: number | undefined;
  /** Stated by the policy, else the first that was seen; undefined while neither is known. */
  readonly unit: string | undefined;
  /** Since when, where it was read otherwise before: a fit to older rows is not for it. */
  readonly sinceSeconds?: number;
}

/** How a target's signals are read. */
export interface Readings {
  readonly signals: Readonly<Record<string, Reading>>;
  /** What this tick's decision says of them. */
  readonly said?: readonly Said[];
}

interface Said {
  readonly code: "learned-anew" | "unit-changed";
  readonly text: string;
}

/**
 * What is known of each target and what is seen of it, in one unit. A signal whose reading the policy has changed is learned anew;
 * values in another unit than was learned are converted, and are invalid where they cannot be.
 */
export function readSignals(state: GroupState, snapshot: Snapshot, policies: readonly Policy[]): { readonly before: readonly TargetState[]; readonly snapshot: Snapshot } {
  const changed: [string, TargetSnapshot][] = [];
  const before = policies.map((policy) => {
    const specs = specsOf(policy);
    const target = asStated(ownValue(state.targets, policy.name) ?? initialTargetState(policy), { policy, specs, nowSeconds: snapshot.timeSeconds });
    const seen = ownValue(snapshot.targets, policy.name);
    if (seen === undefined || target.readings === undefined) return target;
    const read = inKnownUnits(seen, target.readings, specs);
    if (read.seen !== seen) changed.push([policy.name, read.seen]);
    return read.readings === target.readings ? target : { ...target, readings: read.readings };
  });
  return { before, snapshot: changed.length === 0 ? snapshot : { ...snapshot, targets: { ...snapshot.targets, ...Object.fromEntries(changed) } } };
}

const OWN_SIGNALS = ["demand", "utilization", "missRatio", "backlog"] as const;

function isOwn(name: string): name is (typeof OWN_SIGNALS)[number] {
  return (OWN_SIGNALS as readonly string[]).includes(name);
}

type Specs = readonly (readonly [string, SignalSpec])[];

/** The signals that are read from a source. */
function specsOf({ signals, extraSignals = [] }: Policy): Specs {
  const own = OWN_SIGNALS.flatMap((name) => { const spec = signals[name]; return spec === undefined ? [] : [[name, spec] as const]; });
  return [...own, ...extraSignals.flatMap(({ name, spec }) => (spec === undefined ? [] : [[name, spec] as const]))];
}

function asStated(target: TargetState, { policy, specs, nowSeconds }: { readonly policy: Policy; readonly specs: Specs; readonly nowSeconds: number }): TargetState {
  const known = target.readings?.signals ?? {};
  if (specs.every(([name, spec]) => isReadSo(ownValue(known, name), spec)) && target.readings?.said === undefined && specs.length === Object.keys(known).length) return target;
  const signals = emptyRecord<Reading>();
  const changes: { readonly name: string; readonly what: string }[] = [];
  for (const [name, spec] of specs) {
    const was = ownValue(known, name);
    const is = readingOf(spec, was);
    const what = was === undefined ? undefined : changeOf(was, is);
    signals[name] = what === undefined ? is : { ...is, sinceSeconds: nowSeconds };
    if (what !== undefined) changes.push({ name, what });
  }
  if (changes.length === 0) return { ...target, readings: { signals } };
  const text = `${changes.map(({ name, what }) => `${name} is now read with ${what}`).join("; ")}: what was learned of it is learned anew`;
  return { ...changes.reduce((state, { name }) => forget(state, name, policy), target), readings: { signals, said: [{ code: "learned-anew", text }] } };
}

/** Cheap: it is asked at every tick. */
function isReadSo(was: Reading | undefined, { extract, aggregate, quantile, unit }: SignalSpec): boolean {
  if (was?.extract !== extract || was.aggregate !== aggregate || was.quantile !== quantile) return false;
  return unit === undefined || was.unit === unit || was.unit === plainUnit(unit);
}

function readingOf({ extract, aggregate, quantile, unit }: SignalSpec, was: Reading | undefined): Reading {
  const since = was?.sinceSeconds === undefined ? {} : { sinceSeconds: was.sinceSeconds };
  return { extract, aggregate, quantile, unit: unit === undefined ? was?.unit : plainUnit(unit), ...since };
}

function changeOf(was: Reading, is: Reading): string | undefined {
  const changed = (["extract", "aggregate", "quantile", "unit"] as const).filter((key) => was[key] !== is[key] && (key !== "unit" || was.unit !== undefined));
  return changed.length === 0 ? undefined : changed.map((key) => `${key} ${String(is[key] ?? "none")} instead of ${String(was[key] ?? "none")}`).join(", ");
}

/** The state without what hangs on the values of a signal. What is counted in replicas or seconds stays. */
function forget(state: TargetState, signal: string, policy: Policy): TargetState {
  const { model, capacity, budget, lastDemand, fittedToSeconds, demotion, headroom, headroomDay, drop, queue, idleSinceSeconds, surprise, breakingPoint } = initialTargetState(policy);
  if (signal === "demand") return { ...state, model, capacity, budget, lastDemand, fittedToSeconds, demotion, headroom, headroomDay, drop, queue, idleSinceSeconds, surprise, breakingPoint };
  if (signal === "utilization") return { ...state, capacity, breakingPoint };
  if (signal === "missRatio") return { ...state, budget, breakingPoint };
  if (signal === "backlog") return { ...state, queue, idleSinceSeconds };
  return { ...state, signals: Object.fromEntries(Object.entries(state.signals).filter(([name]) => name !== signal)) };
}

/** The values in the units that are known; a unit that is new becomes known. Where nothing differs, what was given as it stands. */
function inKnownUnits(seen: TargetSnapshot, readings: Readings, specs: Specs): { readonly seen: TargetSnapshot; readonly readings: Readings } {
  const values = emptyRecord<Observation>();
  const first = emptyRecord<Reading>();
  const said: Said[] = [];
  for (const [name, { unit: stated }] of specs) {
    const observation = isOwn(name) ? seen[name] : ownValue(seen.signals, name);
    const reading = ownValue(readings.signals, name);
    if (stated !== undefined || reading === undefined || observation?.kind !== "value" || observation.unit === undefined) continue;
    if (reading.unit === undefined) first[name] = { ...reading, unit: observation.unit };
    if (reading.unit === undefined || reading.unit === observation.unit) continue;
    const units = { from: observation.unit, to: reading.unit, name };
    const value = values[name] = converted(observation, units);
    said.push({ code: "unit-changed", text: value.kind === "absent" ? value.detail : `${changedUnit(units)}: converted` });
  }
  const next = Object.keys(first).length + said.length === 0 ? readings : { signals: { ...readings.signals, ...first }, ...(said.length + (readings.said?.length ?? 0) > 0 && { said: [...(readings.said ?? []), ...said] }) };
  if (said.length === 0) return { seen, readings: next };
  const own = Object.fromEntries(Object.entries(values).filter(([name]) => isOwn(name)));
  const extra = seen.signals === undefined ? {} : { signals: Object.fromEntries(Object.entries(seen.signals).map(([name, observation]) => [name, ownValue(values, name) ?? observation])) };
  return { seen: { ...seen, ...own, ...extra }, readings: next };
}

interface ChangedUnit {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

function converted(observation: Observation & { readonly kind: "value" }, units: ChangedUnit): Observation {
  const scale = unitScale(units.from, units.to);
  if (scale === undefined) return missing("invalid", `${changedUnit(units)}: state its unit in the policy`);
  return { ...observation, value: observation.value * scale, unit: units.to };
}

function changedUnit({ name, from, to }: ChangedUnit): string {
  return `${name} is now reported in ${JSON.stringify(from)}, but was learned in ${JSON.stringify(to)}`;
}
