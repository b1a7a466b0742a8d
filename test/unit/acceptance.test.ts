import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const ROW = /^\| ([LFDCP]\d+) \| (.*) \| ?(.*?) ?\|$/;

interface Row {
  readonly promise: string;
  readonly shownBy: string;
  readonly date: string;
}

function rows(): readonly Row[] {
  return readFileSync("docs/acceptance.md", "utf8").split("\n").flatMap((line) => {
    const [, promise, shownBy, date] = ROW.exec(line) ?? [];
    return promise === undefined || shownBy === undefined || date === undefined ? [] : [{ promise, shownBy, date }];
  });
}

/** Test files named in backticks: `test/unit/x.test.ts`. */
const namedTests = (text: string): readonly string[] => [...text.matchAll(/`(test\/[^`\s]+\.test\.ts)`/g)].map((match) => match[1] ?? "");

describe("docs/acceptance.md", () => {
  it("has one row for every promise of the issues", () => {
    const expected = [["L", 18], ["F", 11], ["D", 18], ["C", 20], ["P", 8]] as const;
    const promises = expected.flatMap(([letter, count]) => Array.from({ length: count }, (_, i) => `${letter}${String(i + 1)}`));
    expect(rows().map((row) => row.promise)).toEqual(promises);
  });

  it("names only tests that exist", () => {
    const missing = rows().flatMap((row) => namedTests(row.shownBy).filter((path) => !existsSync(path)).map((path) => `${row.promise}: ${path}`));
    expect(missing).toEqual([]);
  });

  it("dates what it claims, and says unmet where nothing is claimed", () => {
    const undated = rows().filter((row) => !/^unmet$/.test(row.shownBy.trim()) && !/^\d{4}-\d{2}-\d{2}$/.test(row.date.trim()));
    expect(undated.map((row) => row.promise)).toEqual([]);
  });
});
