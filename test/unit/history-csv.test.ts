import { describe, expect, it } from "vitest";
import { parseHistoryCsv, pointsOf } from "../../src/history/history-csv.ts";

function problemsOf(text: string): string[] {
  const parsed = parseHistoryCsv(text);
  return parsed.ok ? [] : parsed.problems.map((problem) => `${String(problem.line)}:${String(problem.column)} ${problem.message}`);
}

describe("history CSV", () => {
  it("reads epoch seconds and ISO times, with and without offset, as the same instants", () => {
    const parsed = parseHistoryCsv("timestamp,value\n1704067200,1\n2024-01-01T00:01:00Z,2\n2024-01-01 00:02:00,3\n2024-01-01T02:03:00+02:00,4\n1704067440.5,5\n");
    expect(parsed.ok && [...parsed.value.timesSeconds]).toEqual([1704067200, 1704067260, 1704067320, 1704067380, 1704067440.5]);
    expect(parsed.ok && [...(parsed.value.signals.demand ?? [])]).toEqual([1, 2, 3, 4, 5]);
  });

  it("reads several signals, in any order of columns, an empty cell or NaN as absent", () => {
    const parsed = parseHistoryCsv("\uFEFFtimestamp,missRatio,demand,readyReplicas\r\n0,,10,NaN\r\n60,0.5,,3\r\n");
    expect(parsed.ok && parsed.value.signals).toEqual({ missRatio: Float64Array.of(NaN, 0.5), demand: Float64Array.of(10, NaN), readyReplicas: Float64Array.of(NaN, 3) });
  });

  it.each([
    ["", "1:1 expected the header timestamp,value or timestamp,demand[,utilization,readyReplicas,missRatio,backlog], found nothing"],
    ["1704067200,5\n", "1:1 expected the header timestamp,value or timestamp,demand[,utilization,readyReplicas,missRatio,backlog], found \"1704067200,5\""],
    ["timestamp,demand,cpu\n0,1,2\n", "1:18 expected the header timestamp,value or timestamp,demand[,utilization,readyReplicas,missRatio,backlog], found the column \"cpu\""],
    ["timestamp,demand,value\n0,1,2\n", "1:18 the column demand stands twice"],
    ["timestamp,value\n", "2:1 expected at least one row after the header"],
    ["timestamp,value\n0,1\n60\n", "3:1 expected 2 columns, found 1"],
    ["timestamp,value\n0,1\n60,1,2\n", "3:1 expected 2 columns, found 3"],
    ["timestamp,value\nyesterday,1\n", "2:1 expected a time (ISO 8601 or epoch seconds), found \"yesterday\""],
    ["timestamp,value\n2024-13-01T00:00:00Z,1\n", "2:1 expected a time (ISO 8601 or epoch seconds), found \"2024-13-01T00:00:00Z\""],
    ["timestamp,value\n1704067200000,1\n", "2:1 expected epoch seconds, found 1704067200000 (milliseconds?)"],
    ["timestamp,value\n-5,1\n", "2:1 expected epoch seconds, found -5"],
    ["timestamp,value\n60,1\n60,2\n", "3:1 expected a time after the row before it, found the same time again"],
    ["timestamp,value\n60,1\n0,2\n", "3:1 expected a time after the row before it, found an earlier one"],
    ["timestamp,value\n0,many\n", "2:3 expected a finite number or nothing (absent) in demand, found \"many\""],
    ["timestamp,value\n0,1e999\n", "2:3 expected a finite number or nothing (absent) in demand, found \"1e999\""],
    ["timestamp,demand,utilization\n0,1,-0.5\n", "2:5 expected 0 or more in utilization, found -0.5"],
    ["timestamp,demand,missRatio\n0,100,1.5\n", "2:7 expected a share from 0 to 1 in missRatio, found 1.5"],
  ])("tells what is wrong with %j, and where", (text, problem) => {
    expect(problemsOf(text)).toEqual([problem]);
  });

  it("tells every problem at once, up to twenty", () => {
    expect(problemsOf("timestamp,demand,missRatio\nx,y,2\n0,1\n")).toHaveLength(4);
    expect(problemsOf(`timestamp,value\n${"x,1\n".repeat(100)}`)).toHaveLength(20);
  });
});

describe("points on a grid", () => {
  it("gives rows closer than the grid their share of the step", () => {
    const points = pointsOf(Float64Array.of(0, 15, 30, 45, 60), Float64Array.of(1, 2, 3, 4, 5), 60);
    expect(points.map((point) => [point.timeSeconds, point.mean, point.coverage])).toEqual([[0, 1, 0.25], [15, 2, 0.25], [30, 3, 0.25], [45, 4, 0.25], [60, 5, 0.25]]);
  });

  it("fills the steps that a wider row covers, and leaves gaps in the file gaps", () => {
    const points = pointsOf(Float64Array.of(0, 180, 360, 900), Float64Array.of(1, NaN, 3, 4), 60);
    expect(points.map((point) => [point.timeSeconds, point.mean])).toEqual([[0, 1], [60, 1], [120, 1], [360, 3], [420, 3], [480, 3], [900, 4], [960, 4], [1020, 4]]);
  });
});
