import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSqliteHistory } from "../../src/history/sqlite-history.ts";
import { unwrap } from "../contract/history-store.contract.ts";
import { runForetide, type Ended } from "../fixtures/run-foretide.ts";

let folder: string;
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), "foretide-import-")); });
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

const foretide = (args: readonly string[], input = ""): Promise<Ended> => runForetide(["import", ...args], { cwd: folder, input });

async function stored(data: string, signal: string, [from, to]: readonly [number, number]): Promise<number[]> {
  const history = unwrap(await openSqliteHistory(join(folder, data, "history.sqlite")));
  const series = unwrap(await history.read({ target: "web", signal, stepSeconds: 60 }, from, to));
  await history.close();
  return [...series.values];
}

describe("foretide import", () => {
  it("imports every signal of a CSV file", async () => {
    writeFileSync(join(folder, "past.csv"), "timestamp,demand,missRatio\n2024-01-01T00:00:00Z,10,0\n2024-01-01T00:01:00Z,,0.25\n2024-01-01T00:02:00Z,30,0.5\n");
    const ended = await foretide(["past.csv", "--target", "web", "--data", "a"]);
    expect(ended).toEqual({ code: 0, stdout: "web/demand: 2 values on a grid of 60 s\nweb/missRatio: 3 values on a grid of 60 s\n", stderr: "" });
    expect(await stored("a", "demand", [1_704_067_200, 1_704_067_380])).toEqual([10, NaN, 30]);
    expect(await stored("a", "missRatio", [1_704_067_200, 1_704_067_380])).toEqual([0, 0.25, 0.5]);
  });

  it("imports standard input, and reports as JSON", async () => {
    const ended = await foretide(["-", "--target", "web", "--data", "b", "--step", "300", "--json"], "timestamp,value\n0,1\n300,2\n");
    expect(ended.code).toBe(0);
    expect(JSON.parse(ended.stdout)).toEqual({ target: "web", stepSeconds: 300, signals: [{ signal: "demand", stored: 2, droppedLate: 0, droppedInvalid: 0 }] });
  });

  it("tells file, line and column of bad input, exits 64 and writes nothing", async () => {
    writeFileSync(join(folder, "bad.csv"), "timestamp,demand\n0,1\n60,lots\n30,2\n");
    const ended = await foretide(["bad.csv", "--target", "web", "--data", "untouched"]);
    expect(ended.code).toBe(64);
    expect(ended.stdout).toBe("");
    expect(ended.stderr.split("\n").slice(0, 2)).toEqual([
      "bad.csv:3:4: expected a finite number or nothing (absent) in demand, found \"lots\"",
      "bad.csv:4:1: expected a time after the row before it, found an earlier one",
    ]);
    expect(existsSync(join(folder, "untouched"))).toBe(false);
  });

  it("leaves what was there as it was when the input is bad", async () => {
    await foretide(["-", "--target", "web", "--data", "c"], "timestamp,value\n0,1\n60,2\n");
    const before = readFileSync(join(folder, "c", "history.sqlite"));
    expect((await foretide(["-", "--target", "web", "--data", "c"], "timestamp,value\n0,9\n60,-1\n")).code).toBe(64);
    expect(readFileSync(join(folder, "c", "history.sqlite")).equals(before)).toBe(true);
  });

  it.each([
    ["no source", ["--target", "web"]],
    ["two sources", ["past.csv", "--target", "web", "--prometheus", "http://127.0.0.1:9", "--query", "x", "--from", "0", "--to", "60"]],
    ["half a query", ["--target", "web", "--prometheus", "http://127.0.0.1:9", "--query", "x"]],
    ["no target", ["past.csv"]],
    ["a missing file", ["nowhere.csv", "--target", "web"]],
    ["an unknown signal", ["past.csv", "--target", "web", "--signal", "load"]],
    ["a step of nothing", ["past.csv", "--target", "web", "--step", "0"]],
    ["an unknown option", ["past.csv", "--target", "web", "--fast"]],
  ])("calls %s bad usage", async (_, args) => {
    const ended = await foretide(args);
    expect(ended.code).toBe(64);
    expect(ended.stderr).not.toBe("");
  });

  it("says so when a running daemon owns the history", async () => {
    const history = unwrap(await openSqliteHistory(join(folder, "owned", "history.sqlite")));
    const ended = await foretide(["-", "--target", "web", "--data", "owned"], "timestamp,value\n0,1\n60,2\n");
    await history.close();
    expect(ended).toMatchObject({ code: 1, stderr: "foretide import: owned/history.sqlite is in use by another process\n" });
  });

  it("imports a Prometheus range query; each value belongs to the step that ends at its time", async () => {
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => { body += String(chunk); }).on("end", () => {
        const form = new URLSearchParams(body);
        const values: [number, string][] = [];
        for (let t = Number(form.get("start")); t <= Number(form.get("end")); t += 60) if (t !== 1_704_067_320) values.push([t, String(t - 1_704_067_200)]);
        response.end(JSON.stringify({ status: "success", data: { resultType: "matrix", result: [{ metric: {}, values }] } }));
      });
    });
    await new Promise<void>((resolve) => { server.listen(0, "127.0.0.1", resolve); });
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    const ended = await foretide(["--target", "web", "--data", "p", "--prometheus", url, "--query", "sum(x)", "--from", "2024-01-01T00:00:00Z", "--to", "2024-01-01T00:05:00Z"]);
    server.close();
    expect(ended).toEqual({ code: 0, stdout: "web/demand: 4 values on a grid of 60 s\n", stderr: "" });
    expect(await stored("p", "demand", [1_704_067_200, 1_704_067_500])).toEqual([60, NaN, 180, 240, 300]);
  });
});
