import { mkdtempSync, rmSync } from "node:fs";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";

import { ControlBook } from "../../../src/app/loop/control-book.ts";
import { replaceWhole } from "../../../src/app/whole-file.ts";
import { unwrap } from "../../contract/history-store.contract.ts";

type Opened = { sync: () => Promise<void> };
const fs = createRequire(import.meta.url)("node:fs") as { openSync: (path: string, flags: string) => number; fsyncSync: (file: number) => void; promises: { open: (path: string, flags: string) => Promise<Opened> } };
const real = { openSync: fs.openSync, fsyncSync: fs.fsyncSync, open: fs.promises.open };
const folder = mkdtempSync(join(tmpdir(), "foretide-whole-"));
/** What was synced, in order: a loss of power keeps nothing else for certain. */
const synced: string[] = [];

beforeAll(() => {
  const paths = new Map<number, string>();
  fs.openSync = (path, ...rest) => {
    const file = real.openSync(path, ...rest);
    paths.set(file, path);
    return file;
  };
  fs.fsyncSync = (file) => {
    synced.push(paths.get(file) ?? "");
    real.fsyncSync(file);
  };
  fs.promises.open = async (path, ...rest) => {
    const file = await real.open(path, ...rest);
    const sync = file.sync.bind(file);
    file.sync = () => {
      synced.push(path);
      return sync();
    };
    return file;
  };
  syncBuiltinESMExports();
});
beforeEach(() => { synced.length = 0; });
afterAll(() => {
  Object.assign(fs, { openSync: real.openSync, fsyncSync: real.fsyncSync });
  fs.promises.open = real.open;
  syncBuiltinESMExports();
  rmSync(folder, { recursive: true, force: true });
});

it("a file that is replaced whole is synced, and then its folder: the new name survives a loss of power", async () => {
  unwrap(await replaceWhole(join(folder, "traffic.json"), { a: 1 }));
  expect(synced).toEqual([join(folder, "traffic.json.new"), folder]);
});

it("so is the book of overrides and of the epoch", () => {
  unwrap(ControlBook.open(join(folder, "controls.json")));
  expect(synced).toEqual([join(folder, "controls.json.new"), folder]);
});
