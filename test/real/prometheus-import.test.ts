import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { queryPrometheusRange } from "../../src/history/prometheus-range.ts";
import { openSqliteHistory } from "../../src/history/sqlite-history.ts";
import { unwrap } from "../contract/history-store.contract.ts";
import { isInstalled, prometheus, type Rows, victoriaMetrics } from "../fixtures/range-servers.ts";
import { runForetide } from "../fixtures/run-foretide.ts";

const STEP = 60;
/** Twelve days of minutes: more than one answer of a server holds. An hour is missing. */
const MINUTES = 12 * 1_440;
const END = Math.floor(Date.now() / 86_400_000) * 86_400;
const START = END - MINUTES * STEP;
const GAP = { from: START + 5 * 86_400, to: START + 5 * 86_400 + 3_600 };

function valueAt(seconds: number): number {
  return 100 + ((seconds / STEP) % 1_440) / 8;
}

function rows(): Rows {
  const times = Array.from({ length: MINUTES + 1 }, (_, minute) => START + minute * STEP);
  return times.filter((seconds) => seconds < GAP.from || seconds >= GAP.to).map((seconds) => [seconds, valueAt(seconds)]);
}

describe.each([prometheus, victoriaMetrics])("a range query of $name", ({ command, start }) => {
  const missing = isInstalled(command) ? "" : ` (skipped: ${command} is not installed; apt-get install ${command})`;
  describe.skipIf(missing !== "")(`of Debian${missing}`, () => {
    const folder = mkdtempSync(join(tmpdir(), "foretide-range-"));
    let url = "";
    let stop: (() => Promise<void>) | undefined;
    beforeAll(async () => {
      const data = join(folder, "server");
      mkdirSync(data);
      ({ url, stop } = await start(data, rows()));
    });
    afterAll(async () => {
      await stop?.();
      rmSync(folder, { recursive: true, force: true });
    });

    it("is imported whole, over the limit of points, with the missing hour as a gap", async () => {
      const ended = await runForetide(["import", "--target", "web", "--data", folder, "--prometheus", url, "--query", "sum(load)", "--from", String(START), "--to", String(END)]);
      expect(ended).toMatchObject({ code: 0, stderr: "" });
      const history = unwrap(await openSqliteHistory(join(folder, "history.sqlite")));
      const { values } = unwrap(await history.read({ target: "web", signal: "demand", stepSeconds: STEP }, START, END));
      await history.close();
      expect(values).toHaveLength(MINUTES);
      // A server goes on with the last value for some minutes (Prometheus: five) before it calls a series stale.
      const inGap = (seconds: number): boolean => seconds >= GAP.from && seconds < GAP.to;
      let gaps = 0;
      for (const [minute, value] of values.entries()) {
        const seconds = START + (minute + 1) * STEP;
        if (!inGap(seconds)) expect(value).toBe(valueAt(seconds));
        else if (Number.isNaN(value)) gaps++;
      }
      expect(gaps).toBeGreaterThanOrEqual(54);
    });

    it("that is malformed, or gives nothing, is a failure with the server's words", async () => {
      const range = { url, fromSeconds: START, toSeconds: END, stepSeconds: STEP };
      expect(await queryPrometheusRange({ ...range, query: "sum(load" })).toMatchObject({ ok: false, failure: "permanent", message: expect.stringMatching(/parse|unclosed|missing/) as string });
      expect(await queryPrometheusRange({ ...range, query: "no_such_metric" })).toMatchObject({ ok: false, failure: "missing" });
    });
  });
});
