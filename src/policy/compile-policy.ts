import { contentDigest } from "../model/content-digest.ts";
import { MODES, type Mode } from "../model/mode.ts";
import { DEFAULT_IDLE_SECONDS } from "../model/policy.ts";
import type { EventSpec, Policy, ScheduleSpec } from "../model/policy.ts";
import { inChallenger, splitChallenger } from "./challenger.ts";
import { compileSignals, unknownPresets } from "./compile-signals.ts";
import { compileExtraSignals } from "./compile-extra-signals.ts";
import { compileUsage } from "./compile-usage.ts";
import { crossChecks } from "./cross-checks.ts";
import { type Fault, isRecord, parseWith, unknownKey, withoutEchoes } from "./issues.ts";
import { SPEC_FIELDS, type SpecInput } from "./policy-schema.ts";
import type { Preset } from "./preset.ts";
import { type ProviderSchemas, readProvider, TARGET_PLACE } from "./read-provider.ts";

export interface PolicyHead {
  readonly name: string;
  readonly group: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface CompileContext {
  readonly presets: ReadonlyMap<string, Preset>;
  readonly actuators: ProviderSchemas | undefined;
  /** The names beneath sources.metrics in foretide.yaml; undefined where that file is not known, and any name is taken. */
  readonly metricSources: readonly string[] | undefined;
  /** No policy goes further than this. */
  readonly modeCeiling: Mode;
}

/** Turns a merged `spec` into a Policy, its challenger included, or every fault in it at once. */
export function compilePolicy(head: PolicyHead, spec: unknown, context: CompileContext): { readonly value?: Policy; readonly faults: readonly Fault[] } {
  if (!isRecord(spec)) return compileSpec(head, spec, context);
  const split = splitChallenger(spec);
  const { value, faults } = compileSpec(head, split.champion, context);
  if (value === undefined || split.faults.length > 0) return { faults: [...faults, ...split.faults] };
  if (split.challenger === undefined) return { value, faults };
  const other = compileSpec(head, split.challenger, context);
  if (other.value === undefined) return { faults: other.faults.map(inChallenger) };
  const { digest: _, ...plain } = value;
  const policy = { ...plain, challenger: { ...other.value, mode: "observe" as const } };
  return { value: { digest: contentDigest(policy), ...policy }, faults: [] };
}

function compileSpec(head: PolicyHead, spec: unknown, context: CompileContext): { readonly value?: Policy; readonly faults: readonly Fault[] } {
  if (!isRecord(spec)) return { faults: [{ path: ["spec"], at: "key", message: spec === undefined ? "is required" : spec === null ? "is empty" : "expected a mapping", suggestion: "write target, replicas and demand beneath it" }] };
  const faults: Fault[] = [...unknownFields(spec)];
  const fields: Partial<Record<keyof SpecInput, unknown>> = {};
  for (const [name, schema] of Object.entries(SPEC_FIELDS)) {
    const parsed = parseWith(schema, spec[name], ["spec", name]);
    faults.push(...parsed.faults);
    if (parsed.faults.length === 0) fields[name as keyof SpecInput] = parsed.value;
  }
  const read = fields as Partial<SpecInput>;
  const target = readProvider(spec["target"], context.actuators, TARGET_PLACE);
  const signals = compileSignals(read, context);
  const extra = compileExtraSignals(read, context);
  const usage = compileUsage(read, context);
  faults.push(...unknownPresets(spec, context.presets));
  faults.push(...target.faults, ...signals.faults, ...extra.faults, ...usage.faults, ...crossChecks(read));
  faults.push(...unitFaults(target.value?.config, read.purchase));
  if (faults.length > 0 || target.value === undefined || signals.value === undefined) return { faults: withoutEchoes(faults) };
  const policy = { ...head, actuator: target.value, ...signals.value, ...extra.value, ...usage.value, ...optionalClauses(read as SpecInput, context.presets), ...plainFields(read as SpecInput, context.modeCeiling), behavior: behaviorOf((read as SpecInput).behavior, signals.value.scaling.by) };
  return { value: { digest: contentDigest(policy), ...policy }, faults: [] };
}

/** What a unit of the target carries and what is bought must be the same machine: an instance is one unit, or several by its weight. */
function unitFaults(config: Readonly<Record<string, unknown>> | undefined, purchase: SpecInput["purchase"]): readonly Fault[] {
  const perUnit = config?.["replicasPerUnit"];
  if (typeof perUnit !== "number" || purchase === undefined || purchase.replicasPerInstance % perUnit === 0) return [];
  return [{ path: ["spec", "purchase", "replicasPerInstance"], at: "value", message: `${String(purchase.replicasPerInstance)} is not a whole number of the target's units, which carry replicasPerUnit ${String(perUnit)} each`, suggestion: `did you mean ${String(perUnit)}?` }];
}

const KNOWN_FIELDS: readonly string[] = ["target", "challenger", ...Object.keys(SPEC_FIELDS)];

function unknownFields(spec: Readonly<Record<string, unknown>>): readonly Fault[] {
  const free = KNOWN_FIELDS.filter((field) => !Object.hasOwn(spec, field));
  return Object.keys(spec).filter((key) => !KNOWN_FIELDS.includes(key) && !key.startsWith("x-")).map((key) => unknownKey(["spec", key], free, KNOWN_FIELDS));
}

type PlainFields = Omit<Policy, "name" | "group" | "labels" | "digest" | "actuator" | "signals" | "scaling" | "behavior">;

/** Clauses that are left out of a policy that does not use them. */
function optionalClauses(spec: SpecInput, presets: CompileContext["presets"]): Pick<Policy, "demandIsServed" | "drainSeconds" | "follows" | "redundancy" | "shared" | "warmUpSeconds" | "deferral"> {
  const counts = spec.demand.counts ?? (spec.demand.preset === undefined ? undefined : presets.get(spec.demand.preset)?.counts);
  return {
    ...(counts === "served" && spec.backlog !== undefined && { demandIsServed: true }),
    ...(spec.backlog?.drainWithin !== undefined && { drainSeconds: spec.backlog.drainWithin }),
    ...(spec.follows.length > 0 && { follows: spec.follows }),
    ...(spec.redundancy !== undefined && (spec.redundancy.spareReplicas > 0 || spec.redundancy.zones > 1) && { redundancy: spec.redundancy }),
    ...(spec.shared !== undefined && { shared: { maxReplicas: spec.shared.maxReplicas, maxPerHourUsd: spec.shared.maxPerHourUsd, priority: spec.shared.priority } }),
    ...(spec.warmUp !== undefined && { warmUpSeconds: spec.warmUp }),
    ...(spec.deferral !== undefined && { deferral: { deadlineSeconds: spec.deferral.deadline, carbonPricePerKgUsd: spec.deferral.carbonPricePerKgUsd, changeoverSeconds: spec.deferral.changeover, interruptible: spec.deferral.interruptible } }),
  };
}

/** The fields that only change names: units plain, bounds spelled out. */
function plainFields(spec: SpecInput, modeCeiling: Mode): PlainFields {
  const { forecast, fallback } = spec;
  return {
    mode: MODES[Math.min(MODES.indexOf(spec.mode), MODES.indexOf(modeCeiling))] ?? "observe",
    replicas: { min: spec.replicas.min, max: spec.replicas.max, ...(spec.replicas.min === 0 && { idleAfterSeconds: spec.replicas.idleAfter ?? DEFAULT_IDLE_SECONDS }) },
    objective: { latencySeconds: spec.objective.latency, errorBudget: spec.objective.errorBudget },
    leadTimeSeconds: spec.leadTime,
    evaluationIntervalSeconds: spec.evaluationInterval,
    forecast: {
      enabled: forecast.enabled,
      stepSeconds: forecast.step,
      seasonsSeconds: forecast.seasons,
      horizonSeconds: forecast.horizon,
      refitSeconds: forecast.refit,
      historySeconds: forecast.history,
      calendar: forecast.calendar,
    },
    fallback: { holdSeconds: fallback.hold, forecastSeconds: fallback.forecast, staticReplicas: fallback.staticReplicas },
    purchase: spec.purchase === undefined ? undefined : withoutAbsent(spec.purchase, ["surviveShare", "shortfallFactor"]),
    cost: withoutAbsent({ ...spec.cost, maxPerHourUsd: spec.cost.maxPerHourUsd, replicaPerHourUsd: spec.cost.replicaPerHourUsd }, ["maxPerDayUsd", "maxPerMonthUsd"]),
    carbon: withoutAbsent({ ...spec.carbon, maxGramsPerHour: spec.carbon.maxGramsPerHour }, ["maxGramsPerDay", "onLimit"]),
    ...(spec.schedules.length === 0 ? {} : { schedules: spec.schedules.map(plainSchedule) }),
    ...(spec.events.length === 0 ? {} : { events: spec.events.map(plainEvent) }),
  };
}

/** A classic target behaves as the HPA does by default (autoscaling/v2 defaults.go); an objective weighs the cost of a change itself. */
function behaviorOf({ tolerance, scaleOut, scaleIn }: SpecInput["behavior"], by: Policy["scaling"]["by"]): Policy["behavior"] {
  const isObjective = by === "objective";
  return {
    tolerance: tolerance ?? (isObjective ? 0 : 0.1),
    scaleInStabilizationSeconds: scaleIn.stabilization ?? (isObjective ? 60 : 300),
    scaleOutStabilizationSeconds: scaleOut.stabilization ?? 0,
    maxScaleOutShare: scaleOut.maxShare ?? (isObjective ? 4 : 1),
    maxScaleOutReplicas: scaleOut.maxReplicas ?? (isObjective ? 10 : 4),
    maxScaleInShare: scaleIn.maxShare ?? 1,
    maxScaleInReplicas: scaleIn.maxReplicas ?? 1,
    ...(scaleIn.minimumRunTime !== undefined && { minimumRunSeconds: scaleIn.minimumRunTime }),
  };
}

function plainSchedule(schedule: SpecInput["schedules"][number]): ScheduleSpec {
  const { name, cron, timezone, duration = 0, until, minReplicas, maxReplicas, priority, off, expires } = schedule;
  return { name, cron, timezone, durationSeconds: duration, ...(until !== undefined && { untilCron: until }), minReplicas, maxReplicas, priority, ...(off === true && { off }), expiresAtSeconds: expires };
}

function plainEvent(event: SpecInput["events"][number]): EventSpec {
  const { name, start, end, duration = 0, minReplicas, maxReplicas, priority, uplift } = event;
  return { name, startSeconds: start, endSeconds: end ?? start + duration, minReplicas, maxReplicas, priority, ...(uplift !== undefined && { uplift }) };
}

type Present<T, K extends keyof T> = Omit<T, K> & { readonly [Key in K]?: Exclude<T[Key], undefined> };

/** Leaves out the fields that were not given, so that a policy that does not use them keeps its digest. */
function withoutAbsent<T extends object, K extends keyof T>(clause: T, names: readonly K[]): Present<T, K> {
  return Object.fromEntries(Object.entries(clause).filter(([name, value]) => value !== undefined || !names.includes(name as K))) as Present<T, K>;
}
