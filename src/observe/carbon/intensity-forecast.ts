/**
 * Forecast of a grid's hourly intensity from its own past and, where there is one, a provider's forecast. Pure; plain JSON state.
 * Members: the provider and the mean day of the last week, each lifted by the newest error, which decays with the lead. They are
 * weighed by the inverse of their squared errors so far, per lead; a member that has been far worse than the other is left out
 * (the sanity gate: a provider alone has lost carbon in Sweden, see docs/scoreboard-purchase.md).
 */
export interface IntensityState {
  /** Last fortnight of hourly values, oldest first, gCO2e/kWh; NaN where none came. */
  readonly history: readonly number[];
  /** Forecasts given and not yet compared, newest last: each from the hour after it was made. */
  readonly open: readonly { readonly members: readonly (readonly number[])[] }[];
  /** Mean squared error by member and lead bin, and how many hours each has been compared. */
  readonly errors: readonly (readonly number[])[];
  readonly compared: readonly (readonly number[])[];
}

const HISTORY_HOURS = 336;
const DAY = 24;
const WEEK_DAYS = 7;
/** The newest error is believed so much an hour later, and so on. */
const BIAS_KEEP = 0.92;
/** A member's record of a week ago weighs 1/e. */
const ERROR_WEIGHT = 1 / 168;
/** Upper ends of the lead bins, hours. */
const LEAD_BIN_ENDS = [3, 8, 16, Infinity] as const;
const MEMBERS = 2;
const OPEN_HOURS = 24;
const GATE_RATIO = 3;
const GATE_AFTER = 48;

export const FRESH_INTENSITY: IntensityState = { history: [], open: [], errors: grid(0), compared: grid(0) };

function grid(value: number): number[][] {
  return Array.from({ length: MEMBERS }, () => LEAD_BIN_ENDS.map(() => value));
}

function binOf(lead: number): number {
  return LEAD_BIN_ENDS.findIndex((end) => lead <= end);
}

/** Takes in one hour's value (NaN: none came) and scores what was forecast for it. */
export function takeHour(state: IntensityState, gramsPerKwh: number): IntensityState {
  const history = [...state.history, gramsPerKwh].slice(-HISTORY_HOURS);
  if (!Number.isFinite(gramsPerKwh)) return { ...state, history };
  const errors = state.errors.map((row) => [...row]);
  const compared = state.compared.map((row) => [...row]);
  state.open.forEach(({ members }, at) => {
    const lead = state.open.length - at;
    const bin = binOf(lead);
    members.forEach((path, member) => {
      const forecast = path[lead - 1];
      const row = errors[member];
      const counts = compared[member];
      if (forecast === undefined || !Number.isFinite(forecast) || row === undefined || counts === undefined) return;
      const count = (counts[bin] ?? 0) + 1;
      const old = row[bin] ?? 0;
      row[bin] = old + Math.max(ERROR_WEIGHT, 1 / count) * ((forecast - gramsPerKwh) ** 2 - old);
      counts[bin] = count;
    });
  });
  return { history, open: state.open.slice(-OPEN_HOURS + 1), errors, compared };
}

/** Forecast of the next `hours` hours; `provider` is its own forecast for the hour just past (index 0), then the next ones. */
export function forecastHours(state: IntensityState, provider: readonly number[] | undefined, hours: number): { readonly path: readonly number[]; readonly state: IntensityState } {
  const now = state.history.length;
  const last = state.history[now - 1] ?? NaN;
  const profile = (lead: number): number => meanDay(state.history, now - 1 + lead);
  const profileBias = last - profile(0);
  const providerBias = last - (provider?.[0] ?? NaN);
  const members: number[][] = [[], []];
  for (let lead = 1; lead <= hours; lead += 1) {
    const keep = BIAS_KEEP ** lead;
    members[0]?.push((provider?.[lead] ?? NaN) + keep * (Number.isFinite(providerBias) ? providerBias : 0));
    members[1]?.push(profile(lead) + keep * (Number.isFinite(profileBias) ? profileBias : 0));
  }
  const path = Array.from({ length: hours }, (_, at) => combine(state, members.map((member) => member[at] ?? NaN), binOf(at + 1)));
  return { path, state: { ...state, open: [...state.open, { members }] } };
}

/** Mean over the last week of the values at the same hour of the day as index `at` of the history, which may lie ahead. */
function meanDay(history: readonly number[], at: number): number {
  let sum = 0;
  let count = 0;
  for (let index = at - DAY * Math.max(1, Math.ceil((at - history.length + 1) / DAY)); index >= 0 && count < WEEK_DAYS; index -= DAY) {
    const value = history[index] ?? NaN;
    if (Number.isFinite(value)) {
      sum += value;
      count += 1;
    }
  }
  return count === 0 ? (history.findLast((value) => Number.isFinite(value)) ?? NaN) : sum / count;
}

function combine(state: IntensityState, values: readonly number[], bin: number): number {
  const records = values.map((_, member) => ({ error: state.errors[member]?.[bin] ?? 0, count: state.compared[member]?.[bin] ?? 0 }));
  const best = Math.min(...records.filter(({ count }) => count > 0).map(({ error }) => error));
  let sum = 0;
  let weights = 0;
  values.forEach((value, member) => {
    const record = records[member];
    if (!Number.isFinite(value) || record === undefined) return;
    if (record.count >= GATE_AFTER && record.error > GATE_RATIO * best && values.some((other, index) => index !== member && Number.isFinite(other))) return;
    const weight = record.count === 0 ? 1 : 1 / Math.max(1e-9, record.error);
    sum += weight * value;
    weights += weight;
  });
  return weights === 0 ? NaN : sum / weights;
}
