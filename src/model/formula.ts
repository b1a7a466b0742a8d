/** A parsed formula as plain data: what a policy's text says of numbers and signals. */
export interface Formula {
  /** As the policy has it. */
  readonly text: string;
  readonly root: FormulaNode;
}

export type FormulaNode =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "signal"; readonly name: string }
  | { readonly kind: "negate"; readonly of: FormulaNode }
  | { readonly kind: "binary"; readonly operator: "+" | "-" | "*" | "/"; readonly left: FormulaNode; readonly right: FormulaNode }
  | { readonly kind: "call"; readonly name: FormulaFunction; readonly values: readonly FormulaNode[] };

export const FORMULA_FUNCTIONS = ["max", "min", "abs", "ceil", "floor", "sqrt"] as const;
export type FormulaFunction = (typeof FORMULA_FUNCTIONS)[number];
