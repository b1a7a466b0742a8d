import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { loadSeries } from "../fixtures/load-series.ts";

let folder: string;
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), "foretide-forecast-")); });
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function foretide(...args: readonly string[]): { code: number | null; out: string; talk: string } {
  const done = spawnSync(process.execPath, ["src/main.ts", ...args], { encoding: "utf8" });
  return { code: done.status, out: done.stdout, talk: done.stderr };
}

const SERIES = loadSeries({ rows: 24 * 20, day: 24 });
const rows = (count: number): string => Array.from(SERIES.values.subarray(0, count), (value, row) => `${String(1_700_000_000 + row * 3600)},${String(value)}`).join("\n");

describe("foretide forecast", () => {
  it("writes a row a step and origin, with quantiles that ascend", () => {
    const { code, out } = foretide("forecast", "--input", write("load.csv", `timestamp,value\n${rows(480)}\n`), "--horizon", "3", "--origins", "240,480", "--season", "24,168");
    const lines = out.trim().split("\n");
    expect(code).toBe(0);
    expect(lines[0]).toBe("series,origin,timestamp,mean,q0.5,q0.9,q0.95,q0.99");
    expect(lines).toHaveLength(7);
    expect(lines[4]!.split(",").slice(0, 3)).toEqual(["load", "480", String(1_700_000_000 + 480 * 3600)]);
    for (const line of lines.slice(1)) {
      const quantiles = line.split(",").slice(4).map(Number);
      expect(quantiles).toEqual(quantiles.toSorted((a, b) => a - b));
    }
  });

  it("sees nothing of what stands after an origin", () => {
    const whole = foretide("forecast", "--input", write("whole.csv", rows(480)), "--horizon", "6", "--origins", "240").out;
    const cut = foretide("forecast", "--input", write("cut.csv", rows(240)), "--horizon", "6").out;
    const figures = (text: string): string[] => text.trim().split("\n").slice(1).map((line) => line.slice(line.indexOf(",")));
    expect(figures(whole)).toEqual(figures(cut));
  });

  it("spreads many series over workers and keeps their order, with the bytes of a run alone", () => {
    const many = ["b", "a", "d", "c", "e"].map((name) => rows(200).split("\n").map((line) => `${name},${line}`).join("\n")).join("\n");
    const { code, out } = foretide("forecast", "--input", write("many.csv", `series,timestamp,value\n${many}\n`), "--horizon", "2", "--season", "24");
    const lines = out.trim().split("\n").slice(1);
    expect(code).toBe(0);
    expect(lines.map((line) => line.split(",")[0])).toEqual(["b", "b", "a", "a", "d", "d", "c", "c", "e", "e"]);
    const alone = foretide("forecast", "--input", write("b.csv", rows(200)), "--horizon", "2", "--season", "24").out.trim().split("\n").slice(1);
    expect(lines.slice(0, 2)).toEqual(alone);
  });

  it("writes times as the file does, takes an empty value for a gap, and JSON where asked", () => {
    const iso = Array.from({ length: 60 }, (_, hour) => `${new Date(Date.UTC(2024, 0, 1, hour)).toISOString()},${hour === 30 ? "" : String(hour % 24)}`).join("\n");
    const { code, out } = foretide("forecast", "--input", write("iso.csv", iso), "--horizon", "1", "--format", "json", "--levels", "0.1,0.9");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ forecasts: [{ series: "iso", origin: 60, timestamps: ["2024-01-03T12:00:00Z"], quantiles: { "0.1": [expect.any(Number)], "0.9": [expect.any(Number)] } }] });
  });

  it("notes on standard error where a series is too short for its season", () => {
    const { code, out, talk } = foretide("forecast", "--input", write("short.csv", rows(20)), "--horizon", "2", "--season", "24");
    expect(code).toBe(0);
    expect(out.trim().split("\n")).toHaveLength(3);
    expect(talk).toContain("note: ");
  });

  it.each([
    ["an empty file", "", ":1:1: expected rows"],
    ["a word for a value", "1700000000,1\n1700003600,many\n", ":2:12: expected a finite number or nothing (a gap), found \"many\""],
    ["an infinity", "1700000000,Infinity\n", ":1:12: expected a finite number"],
    ["a broken time", "yesterday,1\n", ":1:1: expected a time"],
    ["a time twice", "1700000000,1\n1700000000,2\n", ":2:1: expected a time after the row before it, found the same time again"],
    ["a time that goes back", "1700003600,1\n1700000000,2\n", ":2:1: expected a time after the row before it, found an earlier one"],
    ["a row with too many columns", "1700000000,1\n1700003600,1,2\n", ":2:1: expected 2 columns, found 3"],
    ["gaps only", "1700000000,\n1700003600,\n", "expected at least one value"],
  ])("refuses %s with its place, and writes nothing", (_name, text, message) => {
    const path = write("bad.csv", text);
    const { code, out, talk } = foretide("forecast", "--input", path, "--horizon", "2");
    expect({ code, out }).toEqual({ code: 64, out: "" });
    expect(talk).toContain(message);
    expect(talk).toContain(path);
  });

  it.each([
    [["--horizon", "0"], "whole number from 1"],
    [["--horizon", "2", "--levels", "1.5"], "between 0 and 1"],
    [["--horizon", "2", "--model", "oracle"], "expected auto"],
    [["--horizon", "2", "--origins", "999"], "expected at most 30"],
    [["--horizon", "2", "--calendar", "QQ"], "no holidays are known"],
  ])("refuses %j", (args, message) => {
    const { code, out, talk } = foretide("forecast", "--input", write("ok.csv", rows(30)), ...args);
    expect({ code, out }).toEqual({ code: 64, out: "" });
    expect(talk.replace(/one of .*?, auto/, "expected auto")).toContain(message === "expected auto" ? "oracle" : message);
  });
});

describe("foretide capacity", () => {
  const growing = Array.from({ length: 40 * 24 }, (_, row) => `${String(1_700_000_000 + row * 3600)},${String((100 + 2 * Math.floor(row / 24)) * (1 + Math.sin((Math.PI * row) / 12)))}`).join("\n");

  it("says when limits are reached", () => {
    const { code, out } = foretide("capacity", "--input", write("growing.csv", growing), "--limit", "maximum=440", "--limit", "quota=9000", "--json");
    const { limits, growthPerDay } = JSON.parse(out) as { limits: { name: string; likelyDays?: number }[]; growthPerDay: number };
    expect(code).toBe(0);
    expect(growthPerDay).toBeCloseTo(4, 0);
    // The peak, twice the level, is 356 on the last day and reaches 440 after some twenty days.
    expect(Math.abs(limits[0]!.likelyDays! - 21)).toBeLessThan(12);
    expect(limits[1]!.likelyDays).toBeUndefined();
  });

  it("refuses a load too short to tell growth, and a call without a limit", () => {
    expect(foretide("capacity", "--input", write("days.csv", rows(48)), "--limit", "maximum=440")).toMatchObject({ code: 64, out: "" });
    expect(foretide("capacity", "--input", write("growing2.csv", growing)).talk).toContain("--limit");
  });
});
