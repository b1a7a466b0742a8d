import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { adviseCommitment, commitmentSaving } from "../../src/account/commitment.ts";
import { run } from "../../src/cli/commit.ts";

/** A hundred hours: two replicas always, ten in a fifth of them. */
const DEMAND = Array.from({ length: 100 }, (_, hour) => (hour % 5 === 0 ? 10 : 2));

describe("the commitment to buy", () => {
  it("commits the replicas that are needed in more hours than the price ratio", () => {
    expect(adviseCommitment(DEMAND, { marginalUsd: 1, committedUsd: 0.66 })).toMatchObject({ replicas: 2, utilization: 1, lastNeededShare: 1 });
    expect(adviseCommitment(DEMAND, { marginalUsd: 1, committedUsd: 0.15 }).replicas).toBe(10);
  });

  it("commits nothing where the commitment costs more than what it replaces", () => {
    expect(adviseCommitment(DEMAND, { marginalUsd: 0.45, committedUsd: 0.66 })).toMatchObject({ replicas: 0, savingPerHourUsd: 0 });
  });

  it("saves the most of all levels, tried one by one", () => {
    for (const committedUsd of [0.1, 0.19, 0.21, 0.5, 0.9]) {
      const terms = { marginalUsd: 1, committedUsd };
      const best = adviseCommitment(DEMAND, terms);
      const tried = Array.from({ length: 12 }, (_, replicas) => commitmentSaving(DEMAND, replicas, terms));
      expect(best.savingPerHourUsd).toBeCloseTo(Math.max(...tried), 9);
    }
  });

  it("shows that it loses when the load goes away", () => {
    expect(commitmentSaving(DEMAND.map(() => 0), 2, { marginalUsd: 1, committedUsd: 0.66 })).toBeCloseTo(-1.32, 9);
  });
});

describe("foretide commit", () => {
  const file = join(mkdtempSync(join(tmpdir(), "foretide-commit-")), "load.csv");
  const lines = Array.from({ length: 24 * 14 }, (_, hour) => `${1_700_000_000 + hour * 3600},${hour % 24 < 12 ? 100 : 400}`);
  writeFileSync(file, `timestamp,demand\n${lines.join("\n")}\n`);

  it("prints the advice as JSON", async () => {
    const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    try {
      expect(await run(["--history", file, "--capacity", "100", "--headroom", "0", "--json"])).toBe(0);
      const { advice } = JSON.parse(write.mock.calls.map(([text]) => String(text)).join("")) as { advice: { term: string; against: string; replicas: number }[] };
      expect(advice.find(({ term, against }) => term === "1 year" && against === "on-demand")?.replicas).toBe(1);
      expect(advice.find(({ term, against }) => term === "3 years" && against === "on-demand")?.replicas).toBe(4);
    } finally {
      write.mockRestore();
    }
  });

  it("ends with 64 and a place on bad input", async () => {
    const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    try {
      expect(await run(["--history", `${file}.not`, "--capacity", "100"])).toBe(64);
      expect(await run(["--history", file, "--capacity", "0"])).toBe(64);
      expect(await run(["--history", file, "--capacity", "1", "--instance-type", "x9.huge"])).toBe(64);
      expect(write.mock.calls.map(([text]) => String(text)).join("")).toMatch(/no prices in the table for x9\.huge/u);
    } finally {
      write.mockRestore();
    }
  });
});
