import { describe, expect, it } from "vitest";
import type { CarbonSource, SignalKind } from "../../src/observe/carbon/carbon-source.ts";

export interface CarbonCounterpart {
  readonly source: CarbonSource;
  readonly region: string;
  readonly zone?: string;
  readonly nowSeconds: number;
  /** What the counterpart holds: intensity in force now; false where the source forecasts nothing. */
  readonly grams: number;
  readonly forecasts: boolean;
  /** Makes every later request fail so; absent where nothing can fail. */
  readonly fail?: (how: "busy" | "down" | "refused" | "malformed") => void;
}

/** What every source of carbon intensity must do. `start` gives a fresh counterpart for each test. */
export function carbonSourceContract(type: string, signal: SignalKind, start: () => Promise<CarbonCounterpart>): void {
  describe(`the carbon source ${type}`, () => {
    const query = (at: CarbonCounterpart): Parameters<CarbonSource["read"]>[0] => ({ region: at.region, nowSeconds: at.nowSeconds, horizonSeconds: 86_400, ...(at.zone === undefined ? {} : { zone: at.zone }) });

    it("names itself and the one signal that it gives", async () => {
      const { source } = await start();
      expect(source.type).toBe(type);
      expect(source.signal).toBe(signal);
    });

    it("gives the intensity in force in gCO2e/kWh, with its source and time, of the same signal", async () => {
      const at = await start();
      const read = await at.source.read(query(at));
      if (!read.ok) throw new Error(read.message);
      expect(read.value.gramsPerKwh).toBeCloseTo(at.grams, 6);
      expect(read.value).toMatchObject({ signal, source: type });
      expect(read.value.timeSeconds).toBeLessThanOrEqual(at.nowSeconds);
    });

    it("forecasts in ascending times after the value in force, finite and not negative", async () => {
      const at = await start();
      const read = await at.source.read(query(at));
      if (!read.ok) throw new Error(read.message);
      expect(read.value.forecast.length > 0).toBe(at.forecasts);
      let before = read.value.timeSeconds;
      for (const { timeSeconds, gramsPerKwh } of read.value.forecast) {
        expect(timeSeconds).toBeGreaterThan(before);
        expect(gramsPerKwh).toBeGreaterThanOrEqual(0);
        before = timeSeconds;
      }
    });

    it("answers a failure as a value: never a made-up intensity", async () => {
      for (const [how, kind] of [["busy", "transient"], ["down", "transient"], ["refused", "permanent"], ["malformed", "permanent"]] as const) {
        const at = await start();
        if (at.fail === undefined) {
          expect(await at.source.read({ ...query(at), region: "nowhere-9", zone: "NOWHERE" })).toMatchObject({ ok: type === "embedded" ? false : expect.any(Boolean) as boolean });
          continue;
        }
        at.fail(how);
        expect(await at.source.read(query(at)), how).toMatchObject({ ok: false, failure: kind });
      }
    });
  });
}
