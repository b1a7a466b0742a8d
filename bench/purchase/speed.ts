// `node bench/purchase/speed.ts`: microseconds of one purchase with ten offerings, calm and with a carbon clause.
import type { Offering } from "../../src/model/offering.ts";
import { purchase } from "../../src/purchase/purchase.ts";
import type { PurchaseRequest } from "../../src/purchase/purchase-request.ts";

const ROUNDS = 20_000;
const offerings = ["a", "b", "c", "d", "e"].flatMap((letter) => (["on-demand", "spot"] as const).map((capacityType): Offering => ({
  id: `us-east-1${letter}/${capacityType}`, region: "us-east-1", zone: `us-east-1${letter}`, instanceType: "m5.large", capacityType, replicas: 1, pricePerHourUsd: capacityType === "spot" ? 0.035 : 0.096,
  interruptionsPerHour: 0.001, launchable: true, startSeconds: 60, intensityGramsPerKwh: 396, powerWatts: 10,
})));

for (const mode of ["report", "prefer"] as const) {
  const took: number[] = [];
  let request: PurchaseRequest = {
    timeSeconds: 1_700_000_000, neededReplicas: 40, floorReplicas: 30, minReplicas: 2, maxReplicas: 200, offerings, running: {}, pending: {}, notices: [], purchase: undefined,
    cost: { maxPerHourUsd: 20, onLimit: "alert", replicaPerHourUsd: undefined }, carbonSpec: { signal: "average", mode, maxExtraCostShare: 0.03, pricePerKgUsd: 0, maxGramsPerHour: undefined }, state: undefined,
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    const began = performance.now();
    const result = purchase(request);
    took.push((performance.now() - began) * 1000);
    request = { ...request, timeSeconds: request.timeSeconds + 15, neededReplicas: 30 + (round % 20), running: result.allocation?.instances ?? {}, state: result.nextState };
  }
  took.sort((a, b) => a - b);
  process.stdout.write(`${mode}: median ${(took[ROUNDS / 2] ?? NaN).toFixed(1)} µs, p99 ${(took[Math.floor(ROUNDS * 0.99)] ?? NaN).toFixed(1)} µs\n`);
}
