import { readFile } from "node:fs/promises";
import { z } from "zod";
import { failure, success } from "../../model/result.ts";
import type { CarbonSource } from "./carbon-source.ts";

export const config = z.strictObject({
  path: z.string().min(1).describe("A CSV of time and one column a zone, gCO2e per kWh."),
  signal: z.enum(["average", "marginal"]).describe("Which intensity it is: the grid's average, or that of the marginal plant (MOER)."),
  emissions: z.enum(["lifecycle", "direct"]).default("lifecycle").describe("Life-cycle factors of the plants, or their direct emissions alone."),
});

/**
 * A CSV `time,<zone>,…` of gCO2e/kWh (ISO 8601 or epoch seconds): the last row at or before now is in force, later rows are the
 * forecast, an empty cell is absent. The column is the query's `zone`, else its region.
 */
export function create(options: z.infer<typeof config>): CarbonSource {
  return {
    type: "file", signal: options.signal,
    async read({ region, zone, nowSeconds, horizonSeconds }) {
      let text: string;
      try {
        text = await readFile(options.path, "utf8");
      } catch (error) {
        return failure("missing", `${options.path}: ${error instanceof Error ? error.message : String(error)}`);
      }
      const [head = "", ...lines] = text.trim().split(/\r?\n/u);
      const name = zone ?? region;
      const column = head.split(",").indexOf(name, 1);
      if (column < 0) return failure("missing", `${options.path}: no column ${name}`);
      const points = [];
      for (const [at, line] of lines.entries()) {
        const cells = line.split(",");
        const time = cells[0] ?? "";
        const timeSeconds = /^\d+$/u.test(time) ? Number(time) : Date.parse(time) / 1000;
        const cell = cells[column] ?? "";
        const gramsPerKwh = cell === "" ? NaN : Number(cell);
        if (!Number.isFinite(timeSeconds) || (cell !== "" && !Number.isFinite(gramsPerKwh))) return failure("permanent", `${options.path}:${at + 2}: not a time and a number`);
        if (cell !== "") points.push({ timeSeconds, gramsPerKwh });
      }
      const at = points.findLastIndex(({ timeSeconds }) => timeSeconds <= nowSeconds);
      const now = points[at];
      if (now === undefined) return failure("missing", `${options.path}: no value for ${name} at or before now`);
      const forecast = points.slice(at + 1).filter(({ timeSeconds }) => timeSeconds <= nowSeconds + horizonSeconds);
      return success({ signal: options.signal, zone: name, ...now, source: "file", estimated: false, emissions: options.emissions, forecast });
    },
  };
}
