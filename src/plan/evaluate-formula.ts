import type { FormulaFunction, FormulaNode } from "../model/formula.ts";
import { missing, present } from "../model/observation.ts";
import type { Observation } from "../model/observation.ts";

/**
 * The value of a formula over observations: as old as the oldest of them. One that is absent makes it absent; a result that is
 * negative or no number makes it invalid.
 */
export function evaluateFormula(root: FormulaNode, read: (signal: string) => Observation, nowSeconds: number): Observation {
  let oldestSeconds = nowSeconds;
  let absent: Observation | undefined;
  const value = valueAt(root, (name) => {
    const seen = read(name);
    if (seen.kind === "value") {
      oldestSeconds = Math.min(oldestSeconds, seen.timeSeconds);
      return seen.value;
    }
    absent ??= missing(seen.cause, `${name}: ${seen.detail}`);
    return NaN;
  });
  if (absent !== undefined) return absent;
  return value >= 0 && Number.isFinite(value) ? present(value, oldestSeconds) : missing("invalid", `the formula gives ${String(value)}`);
}

function valueAt(node: FormulaNode, read: (signal: string) => number): number {
  switch (node.kind) {
    case "number": return node.value;
    case "signal": return read(node.name);
    case "negate": return -valueAt(node.of, read);
    case "call": return APPLY[node.name](node.values.map((value) => valueAt(value, read)));
    case "binary": {
      const left = valueAt(node.left, read);
      const right = valueAt(node.right, read);
      return node.operator === "+" ? left + right : node.operator === "-" ? left - right : node.operator === "*" ? left * right : left / right;
    }
  }
}

const APPLY: Readonly<Record<FormulaFunction, (values: readonly number[]) => number>> = {
  max: (values) => Math.max(...values),
  min: (values) => Math.min(...values),
  abs: ([value = NaN]) => Math.abs(value),
  ceil: ([value = NaN]) => Math.ceil(value),
  floor: ([value = NaN]) => Math.floor(value),
  sqrt: ([value = NaN]) => Math.sqrt(value),
};
