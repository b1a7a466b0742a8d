import { describe, expect, it } from "vitest";
import { PageCache } from "../../src/app/api/page-cache.ts";
import { ProblemError } from "../../src/app/api/problem.ts";
import type { DaemonEvent, DaemonView } from "../../src/app/status/daemon-view.ts";
import { failure, success } from "../../src/model/result.ts";

function viewOf() {
  const reads: unknown[] = [];
  let listener: (event: DaemonEvent) => void = () => undefined;
  let answer = () => Promise.resolve(success({ decisions: [], nextCursor: `after-${String(reads.length)}` }) as ReturnType<typeof failure> | ReturnType<typeof success<{ decisions: []; nextCursor: string }>>);
  const view = {
    decisions: { decisions: (query: unknown) => { reads.push(query); return answer(); } },
    subscribe: (given: (event: DaemonEvent) => void) => { listener = given; return () => undefined; },
  } as unknown as Pick<DaemonView, "decisions" | "subscribe">;
  return { view, reads, emit: (event: unknown) => { listener(event as DaemonEvent); }, set: (next: typeof answer) => { answer = next; } };
}

describe("pages of decisions", () => {
  it("are read once until something is decided or comes out for their target", async () => {
    const { view, reads, emit } = viewOf();
    const cache = new PageCache(view);
    const ask = async () => [await cache.text({ target: "a", limit: 5 }), await cache.text({ target: "b", limit: 5 }), await cache.text({ limit: 5 })];
    await ask();
    await ask();
    expect(reads).toHaveLength(3);
    emit({ type: "observation", target: "a" });
    await ask();
    expect(reads).toHaveLength(3);
    emit({ type: "decision", target: "a" });
    await ask();
    expect(reads).toHaveLength(5);
    emit({ type: "outcome", target: "b" });
    await ask();
    expect(reads).toHaveLength(7);
  });

  it("are read apart for other limits, kinds and cursors", async () => {
    const { view, reads } = viewOf();
    const cache = new PageCache(view);
    for (const query of [{ limit: 5 }, { limit: 6 }, { limit: 5, kind: "hold" }, { limit: 5, cursor: "x" }]) await cache.text(query);
    expect(reads).toHaveLength(4);
  });

  it("that were being read when something was decided are not kept", async () => {
    const { view, reads, emit, set } = viewOf();
    const cache = new PageCache(view);
    let finish: () => void = () => undefined;
    set(() => new Promise((resolve) => { finish = () => { resolve(success({ decisions: [], nextCursor: "old" })); }; }));
    const early = cache.text({ limit: 1 });
    emit({ type: "decision", target: "a" });
    finish();
    expect(await early).toContain("old");
    set(() => Promise.resolve(success({ decisions: [], nextCursor: "new" })));
    expect(await cache.text({ limit: 1 })).toContain("new");
    expect(reads).toHaveLength(2);
  });

  it("that failed are told as problems and asked for again", async () => {
    const { view, reads, set } = viewOf();
    const cache = new PageCache(view);
    set(() => Promise.resolve(failure("transient", "the disk is gone")));
    await expect(cache.text({ limit: 1 })).rejects.toThrow(ProblemError);
    await expect(cache.text({ limit: 1 })).rejects.toThrow("the disk is gone");
    expect(reads).toHaveLength(2);
  });
});
