import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { missing, present, valueOf } from "../../../src/model/observation.ts";
import type { Observation } from "../../../src/model/observation.ts";
import { evaluateFormula } from "../../../src/plan/evaluate-formula.ts";
import { parseFormula } from "../../../src/policy/parse-formula.ts";

const SIGNALS: Readonly<Record<string, number>> = { demand: 300, backlog: 6000, uploads: 20 };

function read(name: string): Observation {
  const value = SIGNALS[name];
  return value === undefined ? missing("stale", "no point for 200 s") : present(value, 1000);
}

function evaluate(text: string): Observation {
  const parsed = parseFormula(text, [...Object.keys(SIGNALS), "gone"]);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  return evaluateFormula(parsed.formula.root, read, 1015);
}

describe("a formula", () => {
  it.each([
    ["demand", 300], ["1 + 2 * 3", 7], ["(1 + 2) * 3", 9], ["8 / 4 / 2", 1], ["10 - 3 - 2", 5], ["-(-demand)", 300], ["2 * -3 + 10", 4],
    ["max(demand, backlog / 60, 3 * uploads)", 300], ["min(demand, 2)", 2], ["ceil(0.2) + floor(1.9) + abs(-3) + sqrt(16)", 9], ["1.5e2", 150], ["  demand  ", 300],
  ])("%s is %d", (text, value) => {
    expect(valueOf(evaluate(text))).toBe(value);
  });

  it("is as old as the oldest signal that it names", () => {
    expect(evaluate("demand * 2")).toMatchObject({ timeSeconds: 1000 });
  });

  it.each([
    ["demand + gone", { kind: "absent", cause: "stale", detail: "gone: no point for 200 s" }],
    ["demand / 0", { kind: "absent", cause: "invalid", detail: "the formula gives Infinity" }],
    ["0 / 0", { kind: "absent", cause: "invalid", detail: "the formula gives NaN" }],
    ["uploads - demand", { kind: "absent", cause: "invalid", detail: "the formula gives -280" }],
    ["max(demand, gone)", { kind: "absent", cause: "stale", detail: "gone: no point for 200 s" }],
  ])("%s is no value", (text, observation) => {
    expect(evaluate(text)).toEqual(observation);
  });

  it.each([
    ["", 1], ["demand +", 9], ["demand * / 2", 10], ["(demand", 8], ["demand)", 7], ["demnd", 1], ["2 * pow(demand, 2)", 5], ["sqrt(1, 2)", 1], ["demand ; 1", 8],
    ["demand[0]", 7], ["1 2", 3], ["max()", 5], ["constructor", 1], ["demand.constructor", 7], ["`x`", 1], [`${"(".repeat(40)}1${")".repeat(40)}`, 33], [`demand + ${"1 + ".repeat(200)}1`, 501],
  ])("%s is refused at its column", (text, column) => {
    const parsed = parseFormula(text, Object.keys(SIGNALS));
    expect(parsed.ok ? undefined : parsed.fault.column).toBe(column);
  });

  it("never throws, whatever the text", () => {
    fc.assert(fc.property(fc.string({ maxLength: 60, unit: fc.constantFrom(..."demandxbacklog0123456789.+-*/(), \t".split("")) }), (text) => {
      const parsed = parseFormula(text, Object.keys(SIGNALS));
      if (parsed.ok) evaluateFormula(parsed.formula.root, read, 1015);
      else expect(parsed.fault.column).toBeGreaterThan(0);
    }), { numRuns: 3000, seed: 6 });
  });

  it("means what JavaScript means, where JavaScript has the same text", () => {
    const number = fc.integer({ min: 1, max: 50 }).map(String);
    const text = fc.letrec<{ sum: string }>((tie) => ({
      sum: fc.oneof({ maxDepth: 4 }, number, fc.tuple(tie("sum"), fc.constantFrom("+", "-", "*"), tie("sum")).map(([a, sign, b]) => `${a} ${sign} ${b}`), tie("sum").map((inner) => `(${inner})`)),
    })).sum;
    fc.assert(fc.property(text, (formula) => {
      const expected = sumByHand(formula);
      const seen = evaluate(`(${formula}) * 1 + 1e12`);
      expect(valueOf(seen)).toBe(expected + 1e12);
    }), { seed: 7 });
  });
});

/** Shunting-yard, apart from the parser under test: a value stack and an operator stack. Source: Dijkstra (1961). */
function sumByHand(text: string): number {
  const values: number[] = [];
  const signs: string[] = [];
  const rank = (sign: string): number => (sign === "*" ? 2 : sign === "(" ? 0 : 1);
  const apply = (): void => {
    const b = values.pop() ?? NaN;
    const a = values.pop() ?? NaN;
    const sign = signs.pop();
    values.push(sign === "+" ? a + b : sign === "-" ? a - b : a * b);
  };
  for (const token of text.match(/\d+|[-+*()]/g) ?? []) {
    if (/\d/.test(token)) values.push(Number(token));
    else if (token === "(") signs.push(token);
    else if (token === ")") {
      while (signs.at(-1) !== "(") apply();
      signs.pop();
    } else {
      while (signs.length > 0 && rank(signs.at(-1) ?? "(") >= rank(token)) apply();
      signs.push(token);
    }
  }
  while (signs.length > 0) apply();
  return values[0] ?? NaN;
}
