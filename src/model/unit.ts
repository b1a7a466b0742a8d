/** A unit in one spelling: UCUM annotations in braces say nothing about the dimension, and no unit is "1". */
export function plainUnit(unit: string): string {
  const plain = unit.replaceAll(/\{[^}]*\}/g, "").replace(/^\./, "");
  if (plain === "") return "1";
  return plain.startsWith("/") ? `1${plain}` : plain;
}

/** Whether a metric of unit `reported` may be read as `stated`; a unit that is not stated fits all. */
export function unitFits(reported: string, stated: string | undefined): boolean {
  return stated === undefined || plainUnit(reported) === plainUnit(stated);
}

/** Units of one dimension, each in terms of the dimension's first (UCUM, as OpenTelemetry's conventions use it). */
const DIMENSIONS: readonly ReadonlyMap<string, number>[] = [
  new Map([["s", 1], ["ns", 1e-9], ["us", 1e-6], ["ms", 1e-3], ["min", 60], ["h", 3600], ["d", 86_400]]),
  new Map([
    ["By", 1], ["kBy", 1e3], ["MBy", 1e6], ["GBy", 1e9], ["TBy", 1e12],
    ["KiBy", 1024], ["MiBy", 1024 ** 2], ["GiBy", 1024 ** 3], ["TiBy", 1024 ** 4],
  ]),
  new Map([["1", 1], ["%", 0.01]]),
];

/** By what a value in `from` is multiplied to be one in `to`; undefined where they are not known to be of one dimension. `unitScale("ms", "s")` is 0.001. */
export function unitScale(from: string, to: string): number | undefined {
  const [one, other] = [plainUnit(from), plainUnit(to)];
  if (one === other) return 1;
  const [[above, below], [otherAbove, otherBelow]] = [parts(one), parts(other)];
  const [up, down] = [simpleScale(above, otherAbove), simpleScale(below, otherBelow)];
  return up === undefined || down === undefined ? undefined : up / down;
}

/** Numerator and denominator of a unit with at most one slash. */
function parts(unit: string): readonly [string, string] {
  const slash = unit.indexOf("/");
  return slash < 0 ? [unit, "1"] : [unit.slice(0, slash), unit.slice(slash + 1)];
}

function simpleScale(from: string, to: string): number | undefined {
  if (from === to) return 1;
  for (const units of DIMENSIONS) {
    const [one, other] = [units.get(from), units.get(to)];
    if (one !== undefined && other !== undefined) return one / other;
  }
  return undefined;
}
