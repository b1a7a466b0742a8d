import { FORMULA_FUNCTIONS, type Formula, type FormulaFunction, type FormulaNode } from "../model/formula.ts";
import { suggestOneOf } from "./suggest.ts";

/** Why a text is no formula; `column` counts its characters from 1. */
export interface FormulaFault {
  readonly column: number;
  readonly message: string;
  readonly suggestion: string | undefined;
}

export type ParsedFormula = { readonly ok: true; readonly formula: Formula } | { readonly ok: false; readonly fault: FormulaFault };

const LONGEST = 500;
const DEEPEST = 32;
const TOKEN = /\s*(?:(\d+(?:\.\d+)?(?:e[+-]?\d+)?)|([A-Za-z_][A-Za-z0-9_]*)|([-+*/(),]))/y;

/**
 * Reads `max(backlog / 60, 2 * connections)`: numbers, signals by name, + - * / ( ), and max, min, abs, ceil, floor, sqrt.
 * A text that is not one gets the column of its first fault. No code is run: the result is data.
 */
export function parseFormula(text: string, signals: readonly string[]): ParsedFormula {
  try {
    return { ok: true, formula: { text, root: new FormulaParser(text, signals).whole() } };
  } catch (error) {
    if (error instanceof FormulaError) return { ok: false, fault: error.fault };
    throw error;
  }
}

class FormulaError extends Error {
  readonly fault: FormulaFault;

  constructor(fault: FormulaFault) {
    super(fault.message);
    this.fault = fault;
  }
}

interface Token {
  readonly kind: "number" | "name" | "sign" | "end";
  readonly text: string;
  readonly column: number;
}

/** Recursive descent: sum = product {+|- product}; product = factor {*|/ factor}; factor = -factor | number | name | call | (sum). */
class FormulaParser {
  readonly #tokens: readonly Token[];
  readonly #signals: readonly string[];
  #next = 0;
  #depth = 0;

  constructor(text: string, signals: readonly string[]) {
    if (text.length > LONGEST) throw new FormulaError({ column: LONGEST + 1, message: `a formula is at most ${String(LONGEST)} characters long`, suggestion: "split it over several signals" });
    this.#tokens = tokensOf(text);
    this.#signals = signals;
  }

  whole(): FormulaNode {
    const node = this.#sum();
    const rest = this.#peek();
    if (rest.kind !== "end") throw unexpected(rest, "an operator or the end");
    return node;
  }

  #sum(): FormulaNode {
    let left = this.#product();
    for (let sign = this.#take("+", "-"); sign !== undefined; sign = this.#take("+", "-")) left = { kind: "binary", operator: sign, left, right: this.#product() };
    return left;
  }

  #product(): FormulaNode {
    let left = this.#factor();
    for (let sign = this.#take("*", "/"); sign !== undefined; sign = this.#take("*", "/")) left = { kind: "binary", operator: sign, left, right: this.#factor() };
    return left;
  }

  #factor(): FormulaNode {
    const token = this.#peek();
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw new FormulaError({ column: token.column, message: `is nested more than ${String(DEEPEST)} deep`, suggestion: "split it over several signals" });
    const node = this.#innermost(token);
    this.#depth -= 1;
    return node;
  }

  #innermost(token: Token): FormulaNode {
    this.#next += 1;
    if (token.kind === "number") return { kind: "number", value: Number(token.text) };
    if (token.text === "-" && token.kind === "sign") return { kind: "negate", of: this.#factor() };
    if (token.text === "(") {
      const node = this.#sum();
      this.#expect(")");
      return node;
    }
    if (token.kind !== "name") throw unexpected(token, "a number, a signal or a function");
    return this.#peek().text === "(" ? this.#call(token) : this.#signal(token);
  }

  #signal(token: Token): FormulaNode {
    if (this.#signals.includes(token.text)) return { kind: "signal", name: token.text };
    throw new FormulaError({ column: token.column, message: `no signal is called ${token.text}`, suggestion: suggestOneOf(token.text, this.#signals) });
  }

  #call(token: Token): FormulaNode {
    const name = FORMULA_FUNCTIONS.find((known) => known === token.text);
    if (name === undefined) throw new FormulaError({ column: token.column, message: `no function is called ${token.text}`, suggestion: suggestOneOf(token.text, FORMULA_FUNCTIONS) });
    this.#expect("(");
    const values = [this.#sum()];
    while (this.#take(",") !== undefined) values.push(this.#sum());
    this.#expect(")");
    const most = MOST_VALUES[name];
    if (values.length > most) throw new FormulaError({ column: token.column, message: `${name} takes one value, not ${String(values.length)}`, suggestion: "put the values together first" });
    return { kind: "call", name, values };
  }

  #peek(): Token {
    const token = this.#tokens[this.#next];
    if (token === undefined) throw new Error("read past the end of a formula");
    return token;
  }

  #take<Sign extends string>(...signs: readonly Sign[]): Sign | undefined {
    const token = this.#peek();
    const sign = token.kind === "sign" ? signs.find((one) => one === token.text) : undefined;
    if (sign !== undefined) this.#next += 1;
    return sign;
  }

  #expect(sign: string): void {
    if (this.#take(sign) === undefined) throw unexpected(this.#peek(), sign);
  }
}

const MOST_VALUES: Readonly<Record<FormulaFunction, number>> = { max: Infinity, min: Infinity, abs: 1, ceil: 1, floor: 1, sqrt: 1 };

function unexpected(token: Token, wanted: string): FormulaError {
  const found = token.kind === "end" ? "ends too early" : `has an unexpected ${JSON.stringify(token.text)}`;
  return new FormulaError({ column: token.column, message: `${found} where ${wanted} should stand`, suggestion: "write it as max(backlog / 60, 2 * connections)" });
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  const matcher = new RegExp(TOKEN);
  const end = text.trimEnd().length;
  while (matcher.lastIndex < end) {
    const from = matcher.lastIndex;
    const match = matcher.exec(text);
    if (match === null) {
      const column = from + 1 + (/^\s*/.exec(text.slice(from))?.[0].length ?? 0);
      throw new FormulaError({ column, message: `cannot read ${JSON.stringify(text[column - 1])}`, suggestion: "use numbers, signals, + - * / ( ) and max, min, abs, ceil, floor, sqrt" });
    }
    const [whole, number, name, sign] = match;
    const found = number ?? name ?? sign ?? "";
    tokens.push({ kind: number !== undefined ? "number" : name !== undefined ? "name" : "sign", text: found, column: from + whole.length - found.length + 1 });
  }
  tokens.push({ kind: "end", text: "", column: end + 1 });
  return tokens;
}
