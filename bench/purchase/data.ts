import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Where the measured traces are; absent on a machine without them. */
export const DATA_DIR = process.env["FORETIDE_DATA"] ?? join(import.meta.dirname, "..", "..", "..", "shared", "data");

export function dataFile(...path: readonly string[]): string {
  return join(DATA_DIR, ...path);
}

export function hasData(): boolean {
  return existsSync(dataFile("spot"));
}

export function readText(...path: readonly string[]): string {
  return readFileSync(dataFile(...path), "utf8");
}

/** Rows of a plain CSV (no quoted fields) as records. */
export function readCsv(...path: readonly string[]): readonly Readonly<Record<string, string>>[] {
  const [head = "", ...lines] = readText(...path).trim().split("\n");
  const names = head.split(",");
  return lines.map((line) => {
    const cells = line.split(",");
    return Object.fromEntries(names.map((name, at) => [name, cells[at] ?? ""]));
  });
}
