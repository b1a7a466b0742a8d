import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { problemKinds } from "../../src/app/api/problem.ts";
import { valueOrProblem } from "../../src/app/api/wire.ts";
import { failure } from "../../src/model/result.ts";

it("every kind of problem is listed in docs/api.md with its status", () => {
  const rows = readFileSync(join(import.meta.dirname, "../../docs/api.md"), "utf8").split("\n").filter((line) => line.startsWith("| `"));
  const listed = rows.flatMap((row) => {
    const [, kinds = "", statuses = ""] = row.split("|");
    return kinds.split(",").map((kind, index) => [kind.trim().replaceAll("`", ""), Number(statuses.split(",")[index])]);
  });
  expect(listed.toSorted()).toEqual(problemKinds().toSorted());
});

it.each([["transient", 503], ["permanent", 400], ["missing", 404], ["conflict", 409]] as const)("answers a failure that is %s with %i", (kind, status) => {
  try {
    valueOrProblem(failure(kind, "no"));
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({ status });
  }
});
