import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { FLEET_LEVELS, FLEET_WIDTH } from "../../../forecasts/fleet/fleet-features.ts";
import type { NetworkWeights } from "../../../forecasts/fleet/quantile-network.ts";
import { seededRandom } from "../../../src/replay/random.ts";
import { lessonsOf } from "./lessons.ts";
import { trainNetwork } from "./network-training.ts";
import { hourlySeries, licences } from "./sources.ts";

const OUTPUT = fileURLToPath(new URL("../../../forecasts/fleet/fleet-weights.ts", import.meta.url));
const SEED = 20_261_124;
const NETWORKS = 2;
const HIDDEN = [32, 16];
const EPOCHS = 8;

/** Trains the fleet model's networks on public series and writes their weights into forecasts/fleet, or into the file named. */
function main(output = OUTPUT): void {
  const tell = (line: string): void => void process.stderr.write(`${line}\n`);
  const random = seededRandom(SEED);
  const series = hourlySeries();
  const lessons = lessonsOf(series, random, tell);
  const layers = [FLEET_WIDTH, ...HIDDEN, FLEET_LEVELS.length];
  const networks = Array.from({ length: NETWORKS }, (_, i) => {
    tell(`network ${String(i + 1)} of ${String(NETWORKS)}, ${String(lessons.count)} lessons from ${String(series.length)} series`);
    return trainNetwork(lessons, { layers, levels: FLEET_LEVELS, epochs: EPOCHS }, random);
  });
  writeFileSync(output, module(networks, series.length, lessons.count));
}

function module(networks: readonly NetworkWeights[], series: number, lessons: number): string {
  return `import type { NetworkWeights } from "./quantile-network.ts";

// Written by \`npm run train:fleet\` from ${String(series)} public hourly series, ${String(lessons)} rows:
${licences().map((line) => `// ${line}`).join("\n")}
export const FLEET_NETWORKS: readonly NetworkWeights[] = ${JSON.stringify(networks, null, 2)};
`;
}

main(process.argv[2]);
