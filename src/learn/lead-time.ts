/** Seconds from an order to its replicas being ready: a belief, and what was measured. Plain data. */
export interface LeadTimeEstimate {
  readonly believedSeconds: number | undefined;
  /** The newest measurements, oldest first. */
  readonly measuredSeconds: readonly number[];
  /** Orders on their way: when made, and the ready count that shows that they have arrived. */
  readonly open: readonly { readonly orderedAtSeconds: number; readonly readyWhen: number }[];
}

const KEPT = 32;
/** What stands in for a lead time that nobody has stated or measured: the start of a virtual machine. */
const DEFAULT_SECONDS = 120;

export function believedLeadTime(seconds: number | undefined): LeadTimeEstimate {
  return { believedSeconds: seconds, measuredSeconds: [], open: [] };
}

/** Notes an order of replicas: they have arrived once `readyWhen` are ready. */
export function orderPlaced(state: LeadTimeEstimate, orderedAtSeconds: number, readyWhen: number): LeadTimeEstimate {
  const open = [...state.open, { orderedAtSeconds, readyWhen }];
  return { ...state, open: open.length > KEPT ? open.slice(1) : open };
}

/** Closes the orders that the ready count shows to have arrived. A scale-in drops the open orders: what came of them is not known. */
export function readySeen(state: LeadTimeEstimate, timeSeconds: number, readyReplicas: number): LeadTimeEstimate {
  if (state.open.length === 0) return state;
  const arrived = state.open.filter((order) => readyReplicas >= order.readyWhen);
  if (arrived.length === 0) return state;
  const measured = arrived.map((order) => timeSeconds - order.orderedAtSeconds).filter((seconds) => seconds > 0);
  return {
    ...state,
    open: state.open.filter((order) => readyReplicas < order.readyWhen),
    measuredSeconds: [...state.measuredSeconds, ...measured].slice(-KEPT),
  };
}

export function ordersDropped(state: LeadTimeEstimate): LeadTimeEstimate {
  return state.open.length === 0 ? state : { ...state, open: [] };
}

/** The lead time to plan with: the 0.8 quantile of the measurements once there are five, else the belief, else two minutes. */
export function plannedLeadTimeSeconds(state: LeadTimeEstimate): number {
  const measured = state.measuredSeconds;
  if (measured.length < 5) return state.believedSeconds ?? DEFAULT_SECONDS;
  const known = QUANTILES.get(measured);
  if (known !== undefined) return known;
  const sorted = measured.toSorted((a, b) => a - b);
  const planned = sorted[Math.ceil(0.8 * sorted.length) - 1] ?? DEFAULT_SECONDS;
  QUANTILES.set(measured, planned);
  return planned;
}

/** By the list of measurements, which is never edited: a step asks several times, and a new one comes with a start only. */
const QUANTILES = new WeakMap<readonly number[], number>();
