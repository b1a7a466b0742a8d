import { driveSession } from "./drive-session.ts";
import type { SpotTrace } from "./spot-trace.ts";
import { SpotWorld } from "./spot-world.ts";
import type { SpotScore, SpotWorldOptions } from "./spot-world.ts";

/** The spot rows through `foretide drive`'s own session: the daemon's step, driven line by line by the world. */
export function driveSpot(trace: SpotTrace, options: SpotWorldOptions, shortfallFactor?: number): SpotScore {
  const session = driveSession("spot", { shortfallFactor });
  const world = new SpotWorld(trace, options);
  let seen = world.observe();
  session.answer(JSON.stringify({
    type: "start", time: seen.timeSeconds - trace.tickSeconds, intervalSeconds: trace.tickSeconds,
    target: { name: "spot", min: options.replicas, max: options.replicas, requestsPerSecondPerReplica: 100, leadTimeSeconds: options.startSeconds },
  }));
  for (;;) {
    const ready = Object.values(seen.running).reduce((sum, count) => sum + count, 0);
    const answer = session.answer(JSON.stringify({
      type: "observation", time: seen.timeSeconds, demand: 80 * options.replicas, utilization: Math.min(1, (0.8 * options.replicas) / Math.max(1, ready)), readyReplicas: ready,
      pendingReplicas: Object.values(seen.pending).reduce((sum, count) => sum + count, 0),
      offerings: seen.offerings, running: seen.running, pending: seen.pending,
      notices: seen.notices.map(({ offering, count, kind, timeSeconds }) => ({ offering, count, kind, time: timeSeconds })),
    })) as { readonly type: string; readonly message?: string; readonly allocation?: Readonly<Record<string, number>> };
    if (answer.type !== "decision") throw new Error(`drive: ${answer.message ?? answer.type}`);
    world.act(answer.allocation ?? {});
    if (world.done) return world.score();
    seen = world.observe();
  }
}
