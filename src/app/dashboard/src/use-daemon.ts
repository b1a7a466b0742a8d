import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ApiError, getJson, listen, type ServerEvent } from "./http.ts";
import type { Decided, Decision, Forecast, ForecastQuality, History, HistoryRow, Mark, Outcome, Override, Status, Target } from "./wire-types.ts";

export type Connection = "connecting" | "live" | "lost" | "unauthorized";

/** All that the page shows of one target, and of the daemon around it. */
export interface DaemonState {
  readonly connection: Connection;
  readonly status: Status | undefined;
  readonly targets: readonly Target[];
  readonly target: Target | undefined;
  readonly history: History | undefined;
  readonly forecast: Forecast | undefined;
  readonly quality: ForecastQuality | undefined;
  readonly marks: readonly Mark[];
  readonly decided: readonly Decided[];
  readonly overrides: readonly Override[];
  /** Daemon's clock minus the browser's, seconds. */
  readonly clockSkewSeconds: number;
}

const EMPTY: DaemonState = {
  connection: "connecting", status: undefined, targets: [], target: undefined, history: undefined,
  forecast: undefined, quality: undefined, marks: [], decided: [], overrides: [], clockSkewSeconds: 0,
};
const SHOWN_DECISIONS = 50;
const REFRESH_MILLISECONDS = 250;
/** The whole list is read this often; between, the chosen target alone. */
const LIST_MILLISECONDS = 5_000;

/** Reads a target's state, then keeps it fresh by server-sent events. `name` undefined: the first target. */
export function useDaemon(name: string | undefined, windowSeconds: number): DaemonState & { readonly refresh: () => void; readonly reconnect: () => void } {
  const [state, setState] = useState(EMPTY);
  const [generation, setGeneration] = useState(0);
  const merge = useCallback((part: Partial<DaemonState>) => { setState((before) => ({ ...before, ...part })); }, []);
  const refresher = useRef<() => void>(() => undefined);

  useEffect(() => {
    const abort = new AbortController();
    const lists: ListCache = { targets: [], readAt: -Infinity };
    const all = () => load({ name, windowSeconds, lists }, abort.signal).then(merge, (error: unknown) => { fail(error, merge); });
    let pending: ReturnType<typeof setTimeout> | undefined;
    refresher.current = () => {
      pending ??= setTimeout(() => {
        pending = undefined;
        void loadLight({ name, lists }, abort.signal).then(merge, () => undefined);
      }, REFRESH_MILLISECONDS);
    };
    const onEvent = (event: ServerEvent) => {
      if (event.type === "reset" || event.type === "policy") void all();
      else if (event.type !== "hello") setState((before) => apply(before, event, windowSeconds));
      if (event.type === "decision" || event.type === "control") refresher.current();
    };
    let wasLost = false;
    const onState = (connection: Connection) => {
      if (connection === "live" && wasLost) void all();
      wasLost = connection === "lost";
      merge({ connection });
    };
    void all().then(() => listen(name === undefined ? "/events" : `/events?target=${encodeURIComponent(name)}`, { onEvent, onState }, abort.signal));
    return () => {
      abort.abort();
      clearTimeout(pending);
    };
  }, [name, windowSeconds, generation, merge]);

  return { ...state, refresh: () => { refresher.current(); }, reconnect: () => { setGeneration((before) => before + 1); } };
}

function fail(error: unknown, merge: (part: Partial<DaemonState>) => void): void {
  if (error instanceof DOMException) return;
  merge({ connection: error instanceof ApiError && error.status === 401 ? "unauthorized" : "lost" });
}

/** The list as it was last read, and when (the page's own clock, milliseconds). */
interface ListCache {
  targets: readonly Target[];
  readAt: number;
}

interface Wanted {
  readonly name: string | undefined;
  readonly lists: ListCache;
}

async function load({ name, lists, windowSeconds }: Wanted & { readonly windowSeconds: number }, signal: AbortSignal): Promise<Partial<DaemonState>> {
  lists.readAt = -Infinity;
  const light = await loadLight({ name, lists }, signal);
  const { target } = light;
  if (target === undefined) return { ...light, history: undefined, decided: [] };
  const key = encodeURIComponent(target.target);
  const from = (light.status?.nowSeconds ?? 0) - windowSeconds;
  const [history, page] = await Promise.all([
    getJson<History>(`/targets/${key}/history?from=${from.toFixed(0)}`, signal),
    getJson<{ items: Decided[] }>(`/decisions?target=${key}&limit=${String(SHOWN_DECISIONS)}`, signal),
  ]);
  return { ...light, history, decided: page.items };
}

async function loadLight({ name, lists }: Wanted, signal: AbortSignal): Promise<Partial<DaemonState>> {
  const [status, target, { items: overrides }] = await Promise.all([
    getJson<Status>("/status", signal),
    loadTarget({ name, lists }, signal),
    getJson<{ items: Override[] }>("/overrides", signal),
  ]);
  const { targets } = lists;
  const around = target === undefined ? { forecast: undefined, quality: undefined, marks: [] } : await loadForecasting(encodeURIComponent(target.target), signal);
  return { status, targets, target, overrides, ...around, clockSkewSeconds: status.nowSeconds - Date.now() / 1000 };
}

/** The chosen target as it is now; the list too, where that has grown old. */
async function loadTarget({ name, lists }: Wanted, signal: AbortSignal): Promise<Target | undefined> {
  if (performance.now() - lists.readAt >= LIST_MILLISECONDS) {
    lists.targets = (await getJson<{ items: Target[] }>("/targets", signal)).items;
    lists.readAt = performance.now();
    return lists.targets.find((one) => one.target === name) ?? lists.targets[0];
  }
  const chosen = lists.targets.find((one) => one.target === name) ?? lists.targets[0];
  return chosen === undefined ? undefined : getJson<Target>(`/targets/${encodeURIComponent(chosen.target)}`, signal);
}

async function loadForecasting(key: string, signal: AbortSignal): Promise<Pick<DaemonState, "forecast" | "quality" | "marks">> {
  const [{ items: forecasts }, quality, { items: marks }] = await Promise.all([
    getJson<{ items: Forecast[] }>(`/forecasts?target=${key}`, signal),
    getJson<ForecastQuality>(`/targets/${key}/forecast/quality`, signal),
    getJson<{ items: Mark[] }>(`/targets/${key}/marks`, signal),
  ]);
  return { forecast: forecasts[0], quality, marks };
}

function apply(state: DaemonState, event: ServerEvent, windowSeconds: number): DaemonState {
  const data = JSON.parse(event.data) as { target?: string; row?: HistoryRow; decision?: Decision; outcome?: Outcome };
  if (data.target !== state.target?.target) return state;
  if (data.row !== undefined && state.history !== undefined) return { ...state, history: append(state.history, data.row, windowSeconds) };
  if (data.decision !== undefined) {
    const { decision } = data;
    const known = state.decided.filter((one) => one.decision.id !== decision.id);
    return { ...state, decided: [{ decision }, ...known].slice(0, SHOWN_DECISIONS) };
  }
  if (data.outcome !== undefined) return { ...state, decided: attach(state.decided, data.outcome) };
  return state;
}

/** An outcome belongs to the newest decision of its target that changed something and was made before it. */
function attach(decided: readonly Decided[], outcome: Outcome): readonly Decided[] {
  const at = decided.findIndex(({ decision }) => decision.kind !== "hold" && decision.kind !== "defer" && decision.timeSeconds <= outcome.timeSeconds + 1);
  return decided.map((one, index) => (index === at ? { ...one, outcome } : one));
}

function append(history: History, row: HistoryRow, windowSeconds: number): History {
  const last = history.timeSeconds.at(-1) ?? Number.NEGATIVE_INFINITY;
  if (row.timeSeconds <= last) return history;
  const oldest = row.timeSeconds - windowSeconds;
  const drop = Math.max(0, history.timeSeconds.findIndex((time) => time >= oldest));
  const column = (values: readonly (number | null)[], value: number | undefined) => [...values.slice(drop), value ?? null];
  return {
    target: history.target,
    timeSeconds: [...history.timeSeconds.slice(drop), row.timeSeconds],
    demand: column(history.demand, row.demand),
    capacity: column(history.capacity, row.capacity),
    readyReplicas: column(history.readyReplicas, row.readyReplicas),
    desiredReplicas: column(history.desiredReplicas, row.desiredReplicas),
    baselineReplicas: column(history.baselineReplicas, row.baselineReplicas),
    neededReplicas: column(history.neededReplicas, row.neededReplicas),
    missRatio: column(history.missRatio, row.missRatio),
  };
}
