import { Cron } from "croner";
import { breadthFaults } from "./group-checks.ts";
import type { Fault } from "./issues.ts";
import type { SpecInput } from "./policy-schema.ts";
import { formatSeconds } from "./scalars.ts";
import { suggestOneOf } from "./suggest.ts";

/** What no single field can tell: faults between fields, over those that could be read. */
export function crossChecks(spec: Partial<SpecInput>): readonly Fault[] {
  return [...replicaFaults(spec), ...forecastFaults(spec), ...clauseFaults(spec), ...deferralFaults(spec), ...scheduleFaults(spec), ...eventFaults(spec), ...breadthFaults(spec)];
}

type Path = readonly (string | number)[];
const fault = (path: Path, message: string, suggestion: string): Fault => ({ path: ["spec", ...path], at: "value", message, suggestion });
const keyFault = (path: Path, message: string, suggestion: string): Fault => ({ ...fault(path, message, suggestion), at: "key" });

function replicaFaults({ replicas, fallback, purchase }: Partial<SpecInput>): readonly Fault[] {
  if (replicas === undefined) return [];
  const faults: Fault[] = [];
  if (replicas.min > replicas.max) faults.push(fault(["replicas", "min"], `min ${String(replicas.min)} is above max ${String(replicas.max)}`, "swap them, or raise max"));
  const fixed = fallback?.staticReplicas;
  if (fixed !== undefined && (fixed < replicas.min || fixed > replicas.max)) faults.push(fault(["fallback", "staticReplicas"], `${String(fixed)} is outside replicas ${String(replicas.min)} to ${String(replicas.max)}`, "choose a count within the bounds"));
  if (purchase !== undefined && purchase.onDemandBase > replicas.max) faults.push(fault(["purchase", "onDemandBase"], `${String(purchase.onDemandBase)} is above replicas.max ${String(replicas.max)}`, `did you mean ${String(replicas.max)}?`));
  return faults;
}

function forecastFaults({ forecast, leadTime, demand }: Partial<SpecInput>): readonly Fault[] {
  const faults: Fault[] = [];
  if (demand !== undefined && demand.staleAfter < demand.window) faults.push(fault(["demand", "staleAfter"], "is shorter than window: data would be stale before it is read", `did you mean ${formatSeconds(demand.window * 2)}?`));
  if (forecast === undefined) return faults;
  const { step, horizon, history } = forecast;
  for (const [index, season] of forecast.seasons.entries()) {
    if (season < 2 * step || season % step !== 0) faults.push(fault(["forecast", "seasons", index], `${formatSeconds(season)} is not a whole number of steps of ${formatSeconds(step)}, two or more`, `did you mean ${formatSeconds(Math.max(2, Math.round(season / step)) * step)}?`));
  }
  const longest = Math.max(0, ...forecast.seasons);
  if (history < longest) faults.push(fault(["forecast", "history"], `${formatSeconds(history)} does not hold the season of ${formatSeconds(longest)}`, `did you mean ${formatSeconds(2 * longest)}?`));
  if (horizon < step) faults.push(fault(["forecast", "horizon"], `is shorter than one step of ${formatSeconds(step)}`, `did you mean ${formatSeconds(step)}?`));
  if (leadTime !== undefined && horizon < leadTime) faults.push(fault(["forecast", "horizon"], `is shorter than leadTime ${formatSeconds(leadTime)}: what is ordered now would not be seen`, `did you mean ${formatSeconds(2 * leadTime)}?`));
  return faults;
}

function clauseFaults({ carbon, cost }: Partial<SpecInput>): readonly Fault[] {
  const faults: Fault[] = [];
  if (carbon?.mode === "cap" && carbon.maxGramsPerHour === undefined) faults.push(fault(["carbon", "mode"], "mode: cap needs maxGramsPerHour", "write maxGramsPerHour, or mode: prefer"));
  if (carbon?.mode === "price" && carbon.pricePerKgUsd === 0) faults.push(fault(["carbon", "mode"], "mode: price needs pricePerKgUsd above 0", "write pricePerKgUsd: 0.1"));
  if (carbon !== undefined && carbon.mode !== "cap" && carbon.maxGramsPerHour !== undefined) faults.push(keyFault(["carbon", "maxGramsPerHour"], `has no effect with mode: ${carbon.mode}`, "write mode: cap, or remove it"));
  if (cost?.maxPerHourUsd === 0) faults.push(fault(["cost", "maxPerHourUsd"], "a limit of 0 dollars buys nothing", "remove it, or raise it"));
  return faults;
}

function deferralFaults({ deferral, backlog, scaling }: Partial<SpecInput>): readonly Fault[] {
  if (deferral === undefined) return [];
  const faults: Fault[] = [];
  if (backlog === undefined) faults.push(keyFault(["deferral"], "deferral needs spec.backlog: the work that waits", "write backlog: { preset: queue-depth, service: jobs }"));
  if (backlog?.drainWithin !== undefined) faults.push(keyFault(["backlog", "drainWithin"], "drainWithin runs work at once, deferral lets it wait", "remove one of the two"));
  if (scaling?.by !== undefined && scaling.by !== "objective") faults.push(keyFault(["deferral"], `deferral needs what a replica works off, and by: ${scaling.by} does not tell it`, "write scaling: { by: objective, requestsPerSecondPerReplica: 5 }"));
  if (deferral.deadline <= 2 * deferral.changeover) faults.push(fault(["deferral", "deadline"], "leaves no time beside two changeovers", `did you mean ${formatSeconds(4 * deferral.changeover)}?`));
  return faults;
}

function boundsFaults(path: Path, bounds: { readonly minReplicas?: number | undefined; readonly maxReplicas?: number | undefined }, replicas: SpecInput["replicas"] | undefined): readonly Fault[] {
  const { minReplicas, maxReplicas } = bounds;
  if (minReplicas === undefined && maxReplicas === undefined) return [fault(path, "needs minReplicas or maxReplicas", "write minReplicas: the least replicas while it holds")];
  const faults: Fault[] = [];
  if (minReplicas !== undefined && maxReplicas !== undefined && minReplicas > maxReplicas) faults.push(fault([...path, "minReplicas"], `minReplicas ${String(minReplicas)} is above maxReplicas ${String(maxReplicas)}`, "swap them, or raise maxReplicas"));
  if (replicas !== undefined && minReplicas !== undefined && minReplicas > replicas.max) faults.push(fault([...path, "minReplicas"], `${String(minReplicas)} is above replicas.max ${String(replicas.max)}`, "raise replicas.max: nothing breaks it"));
  if (replicas !== undefined && maxReplicas !== undefined && maxReplicas < replicas.min) faults.push(fault([...path, "maxReplicas"], `${String(maxReplicas)} is below replicas.min ${String(replicas.min)}`, "lower replicas.min: nothing breaks it"));
  return faults;
}

function offFaults(path: Path, bounds: { readonly minReplicas?: number | undefined; readonly maxReplicas?: number | undefined }): readonly Fault[] {
  return (["minReplicas", "maxReplicas"] as const).filter((field) => bounds[field] !== undefined).map((field) => keyFault([...path, field], "has no effect with off: true", "remove it, or off"));
}

function scheduleFaults({ schedules = [], replicas }: Partial<SpecInput>): readonly Fault[] {
  return schedules.flatMap((schedule, index) => {
    const path = ["schedules", index];
    const faults = schedule.off === true ? [...offFaults(path, schedule)] : [...boundsFaults(path, schedule, replicas)];
    if (!isTimezone(schedule.timezone)) faults.push(fault([...path, "timezone"], `unknown time zone ${JSON.stringify(schedule.timezone)}`, suggestOneOf(schedule.timezone, Intl.supportedValuesOf("timeZone")) ?? "write an IANA name: Europe/Berlin, or UTC"));
    if ((schedule.until === undefined) === (schedule.duration === undefined)) faults.push(schedule.until === undefined ? fault(path, "needs duration or until", "write duration: 8h") : keyFault([...path, "duration"], "give until or duration, not both", "remove one of the two"));
    const untilProblem = schedule.until === undefined ? undefined : cronProblem(schedule.until);
    if (untilProblem !== undefined) faults.push(fault([...path, "until"], `${JSON.stringify(schedule.until)} is not a schedule: ${untilProblem}`, 'write five fields, minute hour day month weekday: "0 7 * * 1-5"'));
    const problem = cronProblem(schedule.cron);
    if (problem !== undefined) faults.push(fault([...path, "cron"], `${JSON.stringify(schedule.cron)} is not a schedule: ${problem}`, 'write five fields, minute hour day month weekday: "0 8 * * 1-5"'));
    const first = schedules.findIndex((other) => other.name === schedule.name);
    if (first < index) faults.push(fault([...path, "name"], `the name ${JSON.stringify(schedule.name)} is taken by schedules[${String(first)}]`, "choose another name"));
    return faults;
  });
}

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "" && !/^[+-]/.test(name);
  } catch {
    return false;
  }
}

function cronProblem(expression: string): string | undefined {
  if (expression.trim().split(/\s+/).length !== 5) return "it has not five fields";
  try {
    new Cron(expression, { paused: true });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^CronPattern: /, "") : String(error);
  }
}

function eventFaults({ events = [], replicas }: Partial<SpecInput>): readonly Fault[] {
  return events.flatMap((event, index) => {
    const path = ["events", index];
    const faults = [...boundsFaults(path, event, replicas)];
    if ((event.end === undefined) === (event.duration === undefined)) faults.push(event.end === undefined ? fault(path, "needs end or duration", "write duration: 6h") : keyFault([...path, "duration"], "give end or duration, not both", "remove one of the two"));
    if (event.end !== undefined && event.end <= event.start) faults.push(fault([...path, "end"], "ends before it starts", "put end after start"));
    const first = events.findIndex((other) => other.name === event.name);
    if (first < index) faults.push(fault([...path, "name"], `the name ${JSON.stringify(event.name)} is taken by events[${String(first)}]`, "choose another name"));
    return faults;
  });
}
