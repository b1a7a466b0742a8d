import { z } from "zod";
import { MODES } from "../model/mode.ts";
import { choice, duration, flag, instant, integer, number, objectName, share, targetValue, text } from "./scalars.ts";

export const API_VERSION = "foretide.dev/v1";

/** Words as attributes and labels use them. */
const words = () => z.record(z.string(), text()).prefault({});

const signal = z.strictObject({
  preset: text().optional().describe("A named set of signals for one kind of load: http-rate, http-concurrency, rpc, cpu, memory, queue-depth, consumer-rate, gen-ai. Give this, or `metric`."),
  service: text().optional().describe("The service whose telemetry this is: equality on the resource attribute service.name (the preset may name another attribute)."),
  metric: text().optional().describe("The name of an OpenTelemetry metric. Give this, or `preset`."),
  extract: choice(["rate", "gauge", "mean", "quantile", "share-above"]).optional().describe("How the metric becomes a number: rate per second (of a counter, or of a histogram's count), gauge (last value), mean, quantile or share-above of a histogram."),
  aggregate: choice(["sum", "mean", "max", "min"]).optional().describe("How the series that match become one number. By default the preset's, else sum for rate and gauge, mean for the rest."),
  quantile: share().optional().describe("Which quantile of the histogram, for `extract: quantile`: 0.99 or 99%."),
  threshold: number().optional().describe("The bound of `extract: share-above`, in the metric's unit. By default the latency objective."),
  unit: text().optional().describe("The unit that the metric must carry (UCUM: s, ms, By, 1, {request}). Telemetry with another unit is refused, not guessed at. Where it is left out, the first unit seen: others of its dimension are converted, the rest refused. A change learns the signal anew."),
  select: words().describe("Attributes of the resource or the point that must be equal; all must hold."),
  source: text().prefault("otlp").describe("Where the metric comes from: otlp (pushed to the daemon), or the name of a source in foretide.yaml."),
  window: duration({ min: 1 }).prefault("1m").describe("The span that a rate, mean or quantile is taken over."),
  staleAfter: duration({ min: 1 }).prefault("150s").describe("Older data counts as stale; stale is never zero. 150s is two and a half of OpenTelemetry's default export intervals."),
});
export type SignalInput = z.output<typeof signal>;

const demand = signal.extend({
  counts: choice(["arrivals", "served"]).optional().describe("What the demand counts: arrivals, or what is served; then what the backlog grew by is added. By default the preset's, else arrivals."),
});

const backlog = signal.extend({
  drainWithin: duration({ min: 1, usualUnit: "m" }).optional().describe("Work that waits is to be gone so long after it began to wait: capacity for it is planned besides that for the demand."),
});

const extraSignal = signal.extend({
  name: text({ pattern: /^[a-zA-Z][a-zA-Z0-9_]*$/, what: "a name of letters, digits and _", suggest: (value) => { const fixed = value.replaceAll(/[^a-zA-Z0-9_]+/g, "_").replace(/^[^a-zA-Z]+/, ""); return fixed === "" ? undefined : `did you mean ${fixed}?`; } }).describe("Its name, shown where it binds; formulas call it by it."),
  formula: text().optional().describe("Give this instead of a metric or a preset: numbers, signals by name (demand, utilization, missRatio, backlog, readyReplicas, those above this one), + - * / ( ), max, min, abs, ceil, floor, sqrt."),
  by: choice(["per-replica", "utilization"]).prefault("per-replica").describe("per-replica: the value is the whole target's load; utilization: it is the mean share of the ready replicas."),
  target: targetValue().optional().describe("The load that one replica should carry (50, 2GiB), or the share to keep (70%). Left out: the signal is there for formulas alone."),
});
export type ExtraSignalInput = z.output<typeof extraSignal>;

const follow = z.strictObject({
  target: objectName().describe("A policy of the same group, whose load comes on to this one."),
  ratio: number({ moreThan: 0 }).describe("Requests that reach this target for each request of that one."),
});

const redundancy = z.strictObject({
  spareReplicas: integer({ min: 0 }).prefault(0).describe("Replicas above the need that may be lost: 1 is N+1, 2 is N+2."),
  zones: integer({ min: 1, max: 20 }).prefault(1).describe("The zones that the replicas are spread over evenly: enough stay when one is lost, and the count is a multiple of them. 1: not asked for."),
});

const shared = z.strictObject({
  maxReplicas: integer({ min: 1 }).optional().describe("The most replicas of all the group's targets together."),
  maxPerHourUsd: number({ moreThan: 0 }).optional().describe("The most that all the group's targets may cost together, in US dollars per hour."),
  priority: integer({ min: 0, max: 1000 }).prefault(0).describe("Who gets first where not all can have what they need: higher comes first; equal ones share by what each lacks most."),
});

const scaling = z.strictObject({
  by: choice(["objective", "utilization", "per-replica"]).optional().describe("How load becomes replicas: objective (by the error budget and the capacity of a replica), utilization, or per-replica (load per replica). By default the preset's, else objective."),
  requestsPerSecondPerReplica: number({ moreThan: 0 }).optional().describe("For `by: objective`: what one replica carries at most. Learned where it is not given."),
  target: targetValue().optional().describe("For `by: utilization` the busy share to keep (70%); for `by: per-replica` the load that one replica should carry (50, 2GiB)."),
});

const objective = z.strictObject({
  latency: duration({ min: 0.001, usualUnit: "ms" }).prefault("250ms").describe("A request slower than this misses the objective."),
  errorBudget: share({ moreThan: 0 }).prefault("0.1%").describe("The share of requests that may miss the objective."),
});

const forecast = z.strictObject({
  enabled: flag().prefault(true).describe("false: scale on the newest data alone."),
  step: duration({ min: 5, max: 3600 }).prefault("60s").describe("The grid of the history and of the forecast."),
  seasons: z.array(duration({ min: 10, usualUnit: "h" })).max(4).prefault(["1d", "7d"]).describe("The lengths of the load's rhythms."),
  horizon: duration({ min: 5 }).prefault("2h").describe("How far ahead the forecast looks."),
  refit: duration({ min: 10 }).prefault("1h").describe("How often the model is fitted anew."),
  history: duration({ min: 60, usualUnit: "d" }).prefault("28d").describe("How much history a fit sees."),
  calendar: text({ pattern: /^[A-Z]{2}(?:-[A-Z0-9]{1,3}){0,2}$/, what: "a calendar such as DE or DE-BY", suggest: (value) => (/^[a-z]{2}([-_][a-z0-9]{1,3})?$/i.test(value) ? `did you mean ${value.toUpperCase().replace("_", "-")}?` : "write a country, and its region where wanted: DE, DE-BY, US-CA") }).optional().describe("Public holidays of a country or region (ISO 3166): DE, DE-BY."),
});

/** What is not given here follows the way of scaling: see `behaviorOf` in compile-policy.ts. */
const direction = (usual: { readonly stabilization: string; readonly share: string; readonly replicas: string }) =>
  z.strictObject({
    stabilization: duration({ min: 0 }).optional().describe(`The look-back whose safest recommendation holds. By default ${usual.stabilization}.`),
    maxShare: share({ moreThan: 0 }).optional().describe(`The largest change of one evaluation, as a share of the current replicas. By default ${usual.share}.`),
    maxReplicas: integer({ min: 1 }).optional().describe(`The change that is always allowed, however small the share comes out. By default ${usual.replicas}.`),
  });

const scaleIn = direction({ stabilization: "60s where an objective scales, else 5m", share: "100% (the guard lets at most half of the highest count of ten minutes go)", replicas: "1" }).extend({
  minimumRunTime: duration({ min: 1, usualUnit: "m" }).optional().describe("A replica that started stays for so long."),
}).prefault({});

const behavior = z.strictObject({
  tolerance: share().optional().describe("A relative difference smaller than this changes nothing. By default 0 where an objective scales (the cost of a change is weighed there), else 10%."),
  scaleOut: direction({ stabilization: "0s", share: "400% where an objective scales, else 100%", replicas: "10 where an objective scales, else 4" }).prefault({}).describe("Limits on growing."),
  scaleIn: scaleIn.describe("Limits on shrinking."),
});

const fallback = z.strictObject({
  hold: duration({ min: 0 }).prefault("5m").describe("When demand is missing: keep the count for so long."),
  forecast: duration({ min: 0 }).prefault("1h").describe("Then follow the last forecast for so long."),
  staticReplicas: integer({ min: 0 }).optional().describe("Then this count, and never fewer than the recent peak. By default the recent peak."),
});

const purchase = z.strictObject({
  onDemandBase: integer({ min: 0 }).prefault(0).describe("Replicas that are always on demand."),
  spotShare: share().prefault("0%").describe("The share of the replicas above the base that may be spot."),
  maxDomainShare: share({ moreThan: 0 }).prefault("50%").describe("The largest share of the spot replicas in one pool (instance type and zone)."),
  regions: z.array(text()).prefault([]).describe("Regions to buy in. None: the target's own."),
  instanceTypes: z.array(text()).prefault([]).describe("Instance types to buy. None: all of the catalogue."),
  replicasPerInstance: integer({ min: 1 }).prefault(1).describe("Replicas that one instance carries."),
  surviveShare: share().optional().describe("The share of the need that must remain when any one zone of spot is lost at once. By default nothing is asked for, and the price of a miss decides."),
  shortfallFactor: number({ min: 0 }).optional().describe("A replica-hour short of the need weighs as much as so many on-demand replica-hours when a spare is weighed. By default 36."),
});

const usage = z.strictObject({
  cpu: signal.optional().describe("Processor time used, in cores: { preset: cpu, service: web }. A sum is divided by the ready replicas; any other aggregate is taken as one replica's."),
  memory: signal.optional().describe("Memory used, in bytes: { preset: memory, service: web }."),
});

const deferral = z.strictObject({
  deadline: duration({ min: 7200, usualUnit: "h" }).describe("Work is done so long after it began to wait, at the latest."),
  carbonPricePerKgUsd: number({ min: 0 }).prefault(0.1).describe("What a kilogram of CO2e weighs beside dollars when hours are compared. High: the cleanest hours, whatever they cost."),
  changeover: duration({ min: 0 }).prefault("5m").describe("What a start costs before work is done; two of them are kept in hand before the deadline."),
  interruptible: flag().prefault(true).describe("false: what has begun goes on until the queue is empty."),
});

const cost = z.strictObject({
  maxPerHourUsd: number({ min: 0 }).optional().describe("The most that the target may cost, in US dollars per hour."),
  onLimit: choice(["alert", "cut-headroom", "cut-capacity"]).prefault("cut-headroom").describe("What gives way when the limit binds: nothing (an alert), the headroom above the predicted need, or the objective's own capacity."),
  replicaPerHourUsd: number({ min: 0 }).optional().describe("What one replica costs, where no catalogue tells."),
  maxPerDayUsd: number({ moreThan: 0 }).optional().describe("The target's budget of a calendar day (UTC), in US dollars. What it will come to is forecast; where it will not hold, `onLimit` says what gives way."),
  maxPerMonthUsd: number({ moreThan: 0 }).optional().describe("The target's budget of a calendar month (UTC), in US dollars."),
});

const carbon = z.strictObject({
  signal: choice(["average", "marginal"]).prefault("average").describe("Which intensity counts: the grid's average, or that of the marginal plant (MOER)."),
  mode: choice(["report", "prefer", "price", "cap"]).prefault("report").describe("report it; prefer the cleaner choice within maxExtraCostShare; price it into the choice; cap the grams per hour."),
  maxExtraCostShare: share().prefault("5%").describe("For `mode: prefer`: the extra cost that a cleaner choice may have."),
  pricePerKgUsd: number({ min: 0 }).prefault(0).describe("For `mode: price`: US dollars per kilogram of CO2e."),
  maxGramsPerHour: number({ min: 0 }).optional().describe("For `mode: cap`: the most CO2e in grams per hour."),
  maxGramsPerDay: number({ moreThan: 0 }).optional().describe("The target's budget of a calendar day (UTC), in grams of CO2e. Where it will not hold, the cleanest mix is bought first; `onLimit` says what gives way then."),
  onLimit: choice(["alert", "cut-headroom", "cut-capacity"]).optional().describe("What gives way when the day's grams run short and the mix is as clean as it can be. By default nothing (an alert)."),
});

const bounds = {
  minReplicas: integer({ min: 0 }).optional().describe("The least replicas while it holds."),
  maxReplicas: integer({ min: 1 }).optional().describe("The most replicas while it holds."),
  priority: integer({ min: 0, max: 1000 }).prefault(0).describe("Where two hold at once the higher wins; equal ones take the safer, higher bound."),
};

const schedule = z.strictObject({
  name: objectName().describe("Its name, shown in the decisions that it shapes."),
  cron: text().describe("When it begins: five fields (minute hour day month weekday)."),
  timezone: text().prefault("UTC").describe("The time zone of the cron fields (IANA): Europe/Berlin."),
  duration: duration({ min: 60, usualUnit: "h" }).optional().describe("How long it holds. Give this, or `until`."),
  until: text().optional().describe("When it ends: five fields, as `cron`, in the same time zone. Give this, or `duration`."),
  ...bounds,
  off: flag().optional().describe("true: shut down while it holds, to no replica at all, whatever replicas.min says; it ends a lead time early. A floor override wakes the target before."),
  expires: instant().optional().describe("After this it never begins again."),
});

const event = z.strictObject({
  name: objectName().describe("Its name, shown in the decisions that it shapes."),
  start: instant().describe("When it begins, with the offset: 2026-11-27T06:00:00Z."),
  end: instant().optional().describe("When it ends. Give this, or `duration`."),
  duration: duration({ min: 60, usualUnit: "h" }).optional().describe("How long it holds. Give this, or `end`."),
  uplift: number({ moreThan: 0, max: 100 }).optional().describe("The load that is expected, as a multiple of an ordinary day's: 2.5. Where it is not given, it is learned from earlier events of the same name."),
  ...bounds,
});

const replicas = z.strictObject({
  min: integer({ min: 0 }).prefault(1).describe("Never fewer replicas than this."),
  max: integer({ min: 1 }).describe("Never more replicas than this."),
  idleAfter: duration({ min: 15, usualUnit: "m" }).optional().describe("With min: 0, how long the load must be known to be zero before the last replica goes. By default 10m."),
});

/** The fields of a policy's `spec`, each parsed alone so that one error does not hide another. `target` is read by its registry. */
export const SPEC_FIELDS = {
  mode: choice(MODES).prefault("recommend").describe("How far decisions go: observe, recommend (advice only), scale-out-only, full."),
  replicas: replicas.describe("The bounds that nothing breaks."),
  demand: demand.describe("The load: what arrives, not what is served."),
  utilization: signal.optional().describe("The busy share of the ready replicas, 0..1."),
  missRatio: signal.optional().describe("The share of requests that missed the objective."),
  backlog: backlog.optional().describe("Work that waits."),
  signals: z.array(extraSignal).max(8).prefault([]).describe("More signals, each with its own target: the target takes the largest need of all, and a missing one never scales in."),
  follows: z.array(follow).max(8).prefault([]).describe("Targets of the same group in front of this one: capacity for what their load brings is ready when it arrives."),
  scaling: scaling.prefault({}).describe("How load becomes replicas."),
  objective: objective.prefault({}).describe("What the service promises."),
  leadTime: duration({ min: 0 }).optional().describe("From a decision to a ready replica. Learned where it is not given."),
  warmUp: duration({ min: 0 }).optional().describe("From ready to full capacity. Learned where it is not given."),
  evaluationInterval: duration({ min: 1 }).prefault("15s").describe("How often a decision is made."),
  forecast: forecast.prefault({}).describe("How the load is forecast."),
  behavior: behavior.prefault({}).describe("How fast the count may move."),
  redundancy: redundancy.optional().describe("What is kept above the need."),
  shared: shared.optional().describe("Limits of the whole group; the tightest that its policies state holds."),
  fallback: fallback.prefault({}).describe("What holds while the demand is missing."),
  purchase: purchase.optional().describe("What is bought: on-demand base, spot share, where and which."),
  usage: usage.optional().describe("What the replicas use, for right-sizing: advice alone, it decides nothing."),
  deferral: deferral.optional().describe("Work that may wait: it runs in the cheapest and cleanest hours before its deadline. Needs a backlog and what a replica works off."),
  cost: cost.prefault({}).describe("Limits in dollars."),
  carbon: carbon.prefault({}).describe("What carbon may change."),
  schedules: z.array(schedule).prefault([]).describe("Bounds that come back with the calendar."),
  events: z.array(event).prefault([]).describe("Bounds for one span of time. An event outranks every schedule."),
};

export type SpecInput = { readonly [Field in keyof typeof SPEC_FIELDS]: z.output<(typeof SPEC_FIELDS)[Field]> };

export const METADATA = z.strictObject({
  name: objectName().describe("The policy's name: unique over all files."),
  group: objectName().optional().describe("Policies of one group share their limits and are decided together. By default the policy's own name."),
  labels: words().describe("Labels, for the overlays of foretide.yaml and for the API's filters."),
});

