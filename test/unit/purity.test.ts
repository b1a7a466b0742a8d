import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import ts from "typescript";

// Time and seeds are inputs of these folders: the same input gives the same output, byte for byte.
const PURE = ["forecasts", "src/model", "src/twin", "src/learn", "src/plan", "src/account", "src/purchase", "src/decide", "src/guard", "src/step.ts", "src/step"];
// Hashing is arithmetic; everything else of Node reaches outside.
const ALLOWED_NODE_MODULES = new Set(["node:crypto"]);
const IMPURE_CALLS = new Set(["Date.now", "Math.random", "performance.now", "process.hrtime", "crypto.randomUUID", "setTimeout", "setInterval", "setImmediate", "queueMicrotask", "fetch"]);

function filesOf(path: string): readonly string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (stat.isFile()) return path.endsWith(".ts") ? [path] : [];
  return readdirSync(path).flatMap((name) => filesOf(join(path, name)));
}

/** Every impure thing in a source text: imports of Node modules, clocks, timers, random numbers, globals of the process. */
function impurities(path: string, text: string): readonly string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const add = (node: ts.Node, what: string): void => {
    found.push(`${path}:${String(source.getLineAndCharacterOfPosition(node.getStart()).line + 1)} ${what}`);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      const name = node.moduleSpecifier.text;
      const typeOnly = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
      if (!typeOnly && name.startsWith("node:") && !ALLOWED_NODE_MODULES.has(name)) add(node, `imports ${name}`);
    } else if (ts.isPropertyAccessExpression(node) && IMPURE_CALLS.has(`${node.expression.getText()}.${node.name.text}`)) add(node, node.getText());
    else if (ts.isPropertyAccessExpression(node) && node.expression.getText() === "process") add(node, node.getText());
    else if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && IMPURE_CALLS.has(node.expression.text)) add(node, node.expression.text);
    else if (ts.isNewExpression(node) && node.expression.getText() === "Date" && (node.arguments ?? []).length === 0) add(node, "new Date() without a time");
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

describe("pure folders", () => {
  it("read no clock, no random source, no network and no disk", () => {
    const files = PURE.flatMap(filesOf).filter((path) => !/-worker\.ts$/.test(path));
    expect(files.length).toBeGreaterThan(20);
    expect(files.flatMap((path) => impurities(path, readFileSync(path, "utf8")))).toEqual([]);
  });

  it("would be caught with any of these", () => {
    const impure = ['import { readFileSync } from "node:fs";', "Date.now();", "new Date();", "Math.random();", "setTimeout(() => 1, 2);", "process.env;", "fetch('x');", "performance.now();"];
    for (const line of impure) expect(impurities("x.ts", line), line).toHaveLength(1);
    for (const line of ['import { createHash } from "node:crypto";', 'import type { Server } from "node:http";', "new Date(0);", "clock.now();"]) expect(impurities("x.ts", line), line).toEqual([]);
  });
});
