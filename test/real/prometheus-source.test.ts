import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createMetricSource } from "../../src/observe/metrics/sources/registry.ts";
import { signalOf } from "../fixtures/otlp/send.ts";
import { isInstalled, prometheus, victoriaMetrics, type Rows } from "../fixtures/range-servers.ts";

const NOW = Math.floor(Date.now() / 1000) - 60;
/** Half an hour of a counter of 4 per second, every 15 s. */
const ROWS: Rows = Array.from({ length: 121 }, (_, i) => [NOW - (120 - i) * 15, 1000 + 60 * i]);

async function looksBackAsTold(url: string): Promise<boolean> {
  const { data } = (await (await fetch(`${url}/api/v1/status/buildinfo`)).json()) as { readonly data: { readonly version?: string } };
  // VictoriaMetrics tells no version.
  const [major = 0, minor = 0] = data.version?.split(".").map(Number) ?? [3];
  return major > 2 || minor >= 44;
}

describe.each([prometheus, victoriaMetrics])("the Prometheus source on $name", ({ command, start }) => {
  const missing = isInstalled(command) ? "" : ` (skipped: ${command} is not installed; apt-get install ${command})`;
  it.skipIf(missing !== "")(`reads a counter's rate, a level and an expression${missing}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "foretide-source-"));
    mkdirSync(join(folder, "server"));
    const { url, stop } = await start(join(folder, "server"), ROWS);
    const made = await createMetricSource("prometheus", { url }, { now: () => NOW });
    if (!made.ok) throw new Error(made.message);
    const { value: source } = made;
    const rate = signalOf({ metric: "load" });
    const expression = signalOf({ metric: "sum(rate(load[2m]))", extract: "gauge" });
    source.retain([rate, expression]);
    expect(await source.refresh(NOW)).toEqual({ ok: true, value: undefined });
    for (const spec of [rate, expression]) {
      const read = source.read(spec, NOW);
      expect(read.kind === "value" ? read.value : read.detail).toBeCloseTo(4, 6);
    }
    // The rows end at NOW: two minutes later a level that may be a minute old is gone, though the server looks back five minutes
    // by itself, and before 2.44 a Prometheus always does.
    const level = signalOf({ metric: "sum(load) + 0", extract: "gauge", staleAfterSeconds: 60 });
    source.retain([level]);
    expect(await source.refresh(NOW + 120)).toEqual({ ok: true, value: undefined });
    expect(source.read(level, NOW + 120).kind).toBe((await looksBackAsTold(url)) ? "absent" : "value");
    source.retain([signalOf({ metric: "sum(load", extract: "gauge" })]);
    expect(await source.refresh(NOW)).toMatchObject({ ok: false, failure: "permanent", message: expect.stringMatching(/parse|unclosed|missing/) as string });
    await stop();
    rmSync(folder, { recursive: true, force: true });
  });
});
