import type { ClusterSpec, ClusterState } from "./cluster.ts";

/** One replica that is doomed for `goneAtSeconds` goes as soon as its requests are served, and another is started in its place at once. A cluster that has none stays as it is. */
export function drainDoomed(state: ClusterState, spec: ClusterSpec, goneAtSeconds: number): ClusterState {
  const at = state.replicas.findIndex((replica) => replica.isDoomed === true && replica.goneAtSeconds === goneAtSeconds);
  const drainedAtSeconds = Math.min(goneAtSeconds, state.timeSeconds + spec.drainSeconds);
  return at < 0 ? state : { ...state, replicas: state.replicas.map((replica, index) => (index === at ? { ...replica, goneAtSeconds: drainedAtSeconds, isDoomed: false } : replica)) };
}
