import type { CapacityType, CarbonSignal, Notice, Offering } from "../model/offering.ts";

/** One line of the drive protocol that holds what it should. Absent and null are the same. */
export type DriveLine = DriveStart | DriveObservation | { readonly type: "end" };

export interface DriveStart {
  readonly type: "start";
  readonly time: number;
  readonly intervalSeconds: number | undefined;
  readonly target: {
    readonly name: string | undefined;
    readonly min: number | undefined;
    readonly max: number | undefined;
    readonly requestsPerSecondPerReplica: number | undefined;
    readonly leadTimeSeconds: number | undefined;
  };
  readonly objective: { readonly latencySeconds: number | undefined; readonly errorBudget: number | undefined };
}

export interface DriveObservation {
  readonly type: "observation";
  readonly time: number;
  readonly demand: number | undefined;
  readonly utilization: number | undefined;
  readonly readyReplicas: number | undefined;
  readonly pendingReplicas: number | undefined;
  readonly missRatio: number | undefined;
  readonly backlog: number | undefined;
  /** The policy's other signals by name. */
  readonly signals: Readonly<Record<string, number>> | undefined;
  readonly offerings: readonly Offering[] | undefined;
  readonly running: Readonly<Record<string, number>> | undefined;
  readonly pending: Readonly<Record<string, number>> | undefined;
  readonly notices: readonly Notice[];
  readonly carbon: CarbonSignal | undefined;
}

/** What is wrong with a line, and where in it ("" is the line itself). */
export class DriveLineError extends Error {
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads one line; throws a DriveLineError that names the field. Unknown fields are ignored. */
export function parseDriveLine(text: string): DriveLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new DriveLineError("", "not JSON");
  }
  const fields = object(value, "");
  switch (fields["type"]) {
    case "observation": return parseObservation(fields);
    case "start": return parseStart(fields);
    case "end": return { type: "end" };
    default: throw new DriveLineError("type", 'expected "start", "observation" or "end"');
  }
}

function parseStart(fields: Fields): DriveStart {
  const target = object(fields["target"] ?? {}, "target");
  const objective = object(fields["objective"] ?? {}, "objective");
  const min = number(target, "min", { path: "target.min", whole: true, least: 0 });
  const max = number(target, "max", { path: "target.max", whole: true, least: 1 });
  if (min !== undefined && max !== undefined && min > max) throw new DriveLineError("target.min", "min is greater than max");
  return {
    type: "start",
    time: required(number(fields, "time", { path: "time", least: 0 }), "time"),
    intervalSeconds: number(fields, "intervalSeconds", { path: "intervalSeconds", above: 0 }),
    target: {
      name: text(target, "name", "target.name"), min, max,
      requestsPerSecondPerReplica: number(target, "requestsPerSecondPerReplica", { path: "target.requestsPerSecondPerReplica", above: 0 }),
      leadTimeSeconds: number(target, "leadTimeSeconds", { path: "target.leadTimeSeconds", least: 0 }),
    },
    objective: {
      latencySeconds: number(objective, "latencySeconds", { path: "objective.latencySeconds", above: 0 }),
      errorBudget: number(objective, "errorBudget", { path: "objective.errorBudget", above: 0, most: 1 }),
    },
  };
}

function parseObservation(fields: Fields): DriveObservation {
  const offerings = list(fields, "offerings");
  const notices = list(fields, "notices");
  return {
    type: "observation",
    time: required(number(fields, "time", { path: "time", least: 0 }), "time"),
    demand: number(fields, "demand", { path: "demand", least: 0 }),
    utilization: number(fields, "utilization", { path: "utilization", least: 0 }),
    readyReplicas: number(fields, "readyReplicas", { path: "readyReplicas", whole: true, least: 0 }),
    pendingReplicas: number(fields, "pendingReplicas", { path: "pendingReplicas", whole: true, least: 0 }),
    missRatio: number(fields, "missRatio", { path: "missRatio", least: 0, most: 1 }),
    backlog: number(fields, "backlog", { path: "backlog", least: 0 }),
    signals: values(fields, "signals"),
    offerings: offerings?.map((one, i) => parseOffering(object(one, `offerings[${String(i)}]`), `offerings[${String(i)}]`)),
    running: counts(fields, "running"),
    pending: counts(fields, "pending"),
    notices: notices?.map((one, i) => parseNotice(object(one, `notices[${String(i)}]`), `notices[${String(i)}]`)) ?? [],
    carbon: fields["carbon"] === undefined || fields["carbon"] === null ? undefined : parseCarbon(object(fields["carbon"], "carbon"), required(number(fields, "time", { path: "time" }), "time")),
  };
}

const CAPACITY_TYPES: readonly CapacityType[] = ["on-demand", "spot", "committed"];

function parseOffering(fields: Fields, path: string): Offering {
  const at = (name: string): string => `${path}.${name}`;
  const optional = (name: string, as: string): Record<string, number> => {
    const value = number(fields, name, { path: at(name), least: 0 });
    return value === undefined ? {} : { [as]: value };
  };
  const capacityType = CAPACITY_TYPES.find((known) => known === (fields["capacityType"] ?? "on-demand"));
  if (capacityType === undefined) throw new DriveLineError(at("capacityType"), "expected on-demand, spot or committed");
  const launchable = fields["launchable"] ?? true;
  if (typeof launchable !== "boolean") throw new DriveLineError(at("launchable"), "expected true or false");
  return {
    id: required(text(fields, "id", at("id")), at("id")),
    region: text(fields, "region", at("region")) ?? "", zone: text(fields, "zone", at("zone")) ?? "", instanceType: text(fields, "instanceType", at("instanceType")) ?? "",
    capacityType, launchable,
    replicas: number(fields, "replicas", { path: at("replicas"), whole: true, least: 1 }) ?? 1,
    pricePerHourUsd: number(fields, "pricePerHourUsd", { path: at("pricePerHourUsd"), least: 0 }) ?? NaN,
    interruptionsPerHour: number(fields, "interruptionsPerHour", { path: at("interruptionsPerHour"), least: 0 }) ?? (capacityType === "spot" ? NaN : 0),
    startSeconds: number(fields, "startSeconds", { path: at("startSeconds"), least: 0 }) ?? 120,
    ...optional("intensityGramsPerKwh", "intensityGramsPerKwh"), ...optional("powerWatts", "powerWatts"), ...optional("embodiedGramsPerHour", "embodiedGramsPerHour"),
    ...optional("egressUsdPerHour", "egressPerHourUsd"), ...optional("maxInstances", "maxInstances"),
  };
}

function parseNotice(fields: Fields, path: string): Notice {
  const kind = fields["kind"] ?? "interruption";
  if (kind !== "interruption" && kind !== "rebalance") throw new DriveLineError(`${path}.kind`, "expected interruption or rebalance");
  return {
    kind,
    offering: required(text(fields, "offering", `${path}.offering`), `${path}.offering`),
    count: number(fields, "count", { path: `${path}.count`, whole: true, least: 0 }) ?? 1,
    timeSeconds: required(number(fields, "time", { path: `${path}.time`, least: 0 }), `${path}.time`),
  };
}

function parseCarbon(fields: Fields, timeSeconds: number): CarbonSignal {
  const signal = fields["signal"] ?? "average";
  if (signal !== "average" && signal !== "marginal") throw new DriveLineError("carbon.signal", "expected average or marginal");
  const forecast = list(fields, "forecast", "carbon.forecast")?.map((one, i) => {
    const path = `carbon.forecast[${String(i)}]`;
    const point = object(one, path);
    return {
      timeSeconds: required(number(point, "time", { path: `${path}.time`, least: 0 }), `${path}.time`),
      intensityGramsPerKwh: required(number(point, "intensityGramsPerKwh", { path: `${path}.intensityGramsPerKwh`, least: 0 }), `${path}.intensityGramsPerKwh`),
    };
  });
  return {
    signal, timeSeconds,
    intensityGramsPerKwh: required(number(fields, "intensityGramsPerKwh", { path: "carbon.intensityGramsPerKwh", least: 0 }), "carbon.intensityGramsPerKwh"),
    ...(forecast !== undefined && { forecast }),
  };
}

interface NumberRule {
  readonly path: string;
  readonly least?: number;
  readonly above?: number;
  readonly most?: number;
  readonly whole?: boolean;
}

function number(fields: Fields, name: string, rule: NumberRule): number | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !Number.isFinite(value)) throw new DriveLineError(rule.path, "expected a number");
  if (rule.whole === true && !Number.isInteger(value)) throw new DriveLineError(rule.path, "expected a whole number");
  if (rule.least !== undefined && value < rule.least) throw new DriveLineError(rule.path, `expected ${String(rule.least)} or more`);
  if (rule.above !== undefined && value <= rule.above) throw new DriveLineError(rule.path, `expected more than ${String(rule.above)}`);
  if (rule.most !== undefined && value > rule.most) throw new DriveLineError(rule.path, `expected ${String(rule.most)} or less`);
  return value;
}

function text(fields: Fields, name: string, path: string): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string" || value === "") throw new DriveLineError(path, "expected a text");
  return value;
}

function object(value: unknown, path: string): Fields {
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw new DriveLineError(path, "expected an object");
  return value as Fields;
}

function list(fields: Fields, name: string, path = name): readonly unknown[] | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw new DriveLineError(path, "expected a list");
  return value as readonly unknown[];
}

function counts(fields: Fields, name: string): Readonly<Record<string, number>> | undefined {
  const read = numbers(fields, name, { whole: true, least: 0 });
  return read && Object.fromEntries(read.map(([key, value]) => [key, value ?? 0]));
}

/** Those that are null are left out: absent is never zero. */
function values(fields: Fields, name: string): Readonly<Record<string, number>> | undefined {
  const read = numbers(fields, name, { least: 0 });
  return read && Object.fromEntries(read.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
}

function numbers(fields: Fields, name: string, rule: Omit<NumberRule, "path">): readonly (readonly [string, number | undefined])[] | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  const given = object(value, name);
  return Object.keys(given).map((key) => [key, number(given, key, { ...rule, path: `${name}.${key}` })]);
}

function required<T>(value: T | undefined, path: string): T {
  if (value === undefined) throw new DriveLineError(path, "is required");
  return value;
}
