import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { problemKinds } from "../../src/app/api/problem.ts";

it("every kind of problem is listed in docs/api.md with its status", () => {
  const rows = readFileSync(join(import.meta.dirname, "../../docs/api.md"), "utf8").split("\n").filter((line) => line.startsWith("| `"));
  const listed = rows.flatMap((row) => {
    const [, kinds = "", statuses = ""] = row.split("|");
    return kinds.split(",").map((kind, index) => [kind.trim().replaceAll("`", ""), Number(statuses.split(",")[index])]);
  });
  expect(listed.toSorted()).toEqual(problemKinds().toSorted());
});
