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
