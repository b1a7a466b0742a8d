import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { MarkBook, type TargetMark } from "../../../src/app/forecasts/mark-book.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "foretide-marks-"));
  path = join(folder, "marks.json");
});
afterEach(() => { rmSync(folder, { recursive: true, force: true }); });

async function open(): Promise<MarkBook> {
  const opened = await MarkBook.open(path);
  if (!opened.ok) throw new Error(opened.message);
  return opened.value;
}

const deploy: TargetMark = { id: "m1", target: "web", kind: "deploy", fromSeconds: 100, toSeconds: 200, reason: "release", author: "ada", createdAtSeconds: 210, automatic: false };
const gap = (fromSeconds: number, toSeconds: number) => ({ target: "web", kind: "scrape-gap" as const, fromSeconds, toSeconds, reason: "no data" });

describe("the book of marks", () => {
  it("keeps a person's mark over a restart, and its undoing", async () => {
    const book = await open();
    expect(await book.add(deploy)).toEqual({ ok: true, value: deploy });
    // Not closed: what was answered is on disk.
    const again = await open();
    expect(again.marks("web")).toEqual([deploy]);
    expect((await again.undo("m1")).ok).toBe(true);
    expect((await open()).marks("web")).toEqual([]);
    expect((await again.undo("m1")).ok).toBe(false);
  });

  it("joins stretches that touch, and keeps apart those that do not", async () => {
    const book = await open();
    book.found(gap(0, 60), 60);
    book.found(gap(60, 120), 120);
    book.found(gap(300, 360), 360);
    expect(book.marks("web").map(({ fromSeconds, toSeconds, author, automatic }) => [fromSeconds, toSeconds, author, automatic])).toEqual([[0, 120, "foretide", true], [300, 360, "foretide", true]]);
    await book.close();
    expect((await open()).marks("web")).toHaveLength(2);
  });

  it("does not find again what a person has undone, nor its continuation", async () => {
    const book = await open();
    book.found(gap(0, 60), 60);
    await book.undo(book.marks("web")[0]?.id ?? "");
    book.found(gap(0, 60), 60);
    book.found(gap(60, 120), 120);
    expect(book.marks("web")).toEqual([]);
    await book.close();
    const again = await open();
    again.found(gap(30, 90), 200);
    expect(again.marks("web")).toEqual([]);
    again.found(gap(500, 560), 560);
    expect(again.marks("web")).toHaveLength(1);
  });

  it("forgets what no fit sees any more", async () => {
    const book = await open();
    await book.add(deploy);
    book.forget(199);
    expect(book.marks("web")).toHaveLength(1);
    book.forget(201);
    expect(book.marks("web")).toEqual([]);
  });

  it("is a failure where the file cannot be read, and leaves it as it is", async () => {
    writeFileSync(path, "{broken");
    expect((await MarkBook.open(path)).ok).toBe(false);
    writeFileSync(path, '{"format":2,"marks":[]}');
    const opened = await MarkBook.open(path);
    expect(opened.ok || opened.message).toMatch(/format/u);
    expect(readFileSync(path, "utf8")).toBe('{"format":2,"marks":[]}');
  });

  it("lets what it has found go before what a person has said, and takes a person's mark when it is full", async () => {
    const book = await open();
    await book.add({ ...deploy, fromSeconds: 1e6, toSeconds: 1e6 + 60 });
    for (let at = 0; at < 1_001; at += 1) book.found(gap(at * 100, at * 100 + 60), at * 100 + 60);
    expect(book.marks("web")).toHaveLength(1_000);
    expect(book.find("m1")).toBeDefined();
    expect((await book.add({ ...deploy, id: "m2" })).ok).toBe(true);
    expect(book.marks("web")).toHaveLength(1_000);
    await book.close();
  });

  it("keeps what was found while a mark could not be written", async () => {
    const book = await open();
    rmSync(folder, { recursive: true, force: true });
    writeFileSync(folder, "no folder");
    const adding = book.add(deploy);
    book.found(gap(300, 360), 360);
    expect((await adding).ok).toBe(false);
    expect(book.marks("web").map(({ kind }) => kind)).toEqual(["scrape-gap"]);
    rmSync(folder, { force: true });
    await book.close();
    expect((await open()).marks("web")).toHaveLength(1);
  });
});
