import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { ControlBook } from "../../../src/app/loop/control-book.ts";
import type { Override } from "../../../src/model/override.ts";

const PAUSE: Override = { id: "p1", target: "web", kind: "pause", reason: "migration", author: "ann", createdAtSeconds: 100, expiresAtSeconds: 1000 };

function freshPath(): string {
  return join(mkdtempSync(join(tmpdir(), "foretide-book-")), "controls.json");
}

function open(path: string): ControlBook {
  const opened = ControlBook.open(path);
  if (!opened.ok) throw new Error(opened.message);
  return opened.value;
}

describe("the control book", () => {
  it("keeps a pause over a restart, until it ends", () => {
    const path = freshPath();
    expect(open(path).add(PAUSE, 100).ok).toBe(true);
    const again = open(path);
    expect(again.overrides(999)).toEqual([PAUSE]);
    expect(again.overrides(1000)).toEqual([]);
  });

  it("begins a new epoch at every start", () => {
    const path = freshPath();
    expect([open(path).epoch, open(path).epoch, open(path).epoch]).toEqual([1, 2, 3]);
  });

  it("gives back what is stored where the same override is added again", () => {
    const book = open(freshPath());
    book.add(PAUSE, 100);
    const again = book.add({ ...PAUSE, reason: "other" }, 200);
    expect(again.ok && again.value.reason).toBe("migration");
  });

  it("refuses to start on a file that it cannot read, and leaves it as it is", () => {
    const path = freshPath();
    writeFileSync(path, '{"format":1,"overrides":[');
    const opened = ControlBook.open(path);
    expect(opened.ok).toBe(false);
    expect(!opened.ok && opened.message).toContain(path);
    expect(readFileSync(path, "utf8")).toBe('{"format":1,"overrides":[');
  });

  it("lowers a mode for good and gives it back", () => {
    const path = freshPath();
    open(path).setModeLimit("web", "observe");
    const again = open(path);
    expect(again.modeLimit("web")).toBe("observe");
    again.setModeLimit("web", undefined);
    expect(open(path).modeLimit("web")).toBeUndefined();
  });
});
