import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { ReplayWorld } from "../../src/replay/simulate.ts";
import { BENCHMARK_OBSERVATION } from "../../src/replay/simulate.ts";
import { BENCHMARK_CLUSTER } from "../../src/twin/cluster.ts";
import { BENCHMARK_SERVICE } from "../../src/twin/service.ts";

/** The open traces and the days before scoring, from the data's README. */
export const WARM_UP_DAYS: Readonly<Record<string, number>> = { wc98: 14, nasa_jul95: 10, uk_isp04: 14, ms_mongo01: 6, ms_ingress01: 6, tw_goog15: 14 };

const STEP_SECONDS = 15;

/** Where the traces lie: FORETIDE_DATA, else beside the project. */
export function traceFolder(): string | undefined {
  const folder = join(process.env["FORETIDE_DATA"] ?? join(import.meta.dirname, "../../../shared/data"), "load");
  return existsSync(folder) ? folder : undefined;
}

/** The benchmark's world for one trace and one lead time. */
export function benchmarkWorld(folder: string, trace: string, leadTimeSeconds: number): ReplayWorld {
  const rows = gunzipSync(readFileSync(join(folder, `${trace}.csv.gz`))).toString("utf8").trim().split("\n").slice(1);
  const load = Float64Array.from(rows, (row) => Number(row.slice(row.indexOf(",") + 1)));
  return {
    load, startSeconds: Number(rows[0]?.split(",")[0]), stepSeconds: STEP_SECONDS, scoreFrom: ((WARM_UP_DAYS[trace] ?? 14) * 86_400) / STEP_SECONDS,
    service: BENCHMARK_SERVICE, cluster: BENCHMARK_CLUSTER(leadTimeSeconds), minReplicas: 1, maxReplicas: 200, observation: BENCHMARK_OBSERVATION,
  };
}
