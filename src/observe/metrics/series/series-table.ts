import { canonicalAttributes, type Attributes } from "./attributes.ts";
import { ByteKeyTable } from "./byte-key-table.ts";
import { EntryPool } from "./entry-pool.ts";
import { pushLastPoint } from "./last-point.ts";
import { STATE, STATE_STRIDE } from "./series-state.ts";
import type { SeriesSink, SeriesWatcher } from "./series-watcher.ts";

/** How many series are kept, so that no sender can fill the memory. A series that a policy reads is never evicted. */
export interface SeriesLimits {
  readonly maxSeries: number;
  readonly maxSeriesPerResource: number;
  readonly maxSeriesPerSignal: number;
}

export const DEFAULT_SERIES_LIMITS: SeriesLimits = { maxSeries: 250_000, maxSeriesPerResource: 50_000, maxSeriesPerSignal: 20_000 };

/** What is evicted at once when the table is full: a tenth, the longest silent first. */
const EVICTED_SHARE = 0.1;
const MAX_BOUNDS = 4096;
/** Resources, scopes and metrics together, per series allowed: those left without a series are removed at this count. */
const MAX_OWNERS_PER_SERIES = 3;

export interface ResourceEntry {
  readonly attributes: Attributes;
  series: number;
}

export interface ScopeEntry {
  readonly resource: number;
  metrics: number;
}

/** A metric of one scope of one resource: name, unit and kind are part of a series' identity. */
export interface MetricEntry {
  readonly resource: number;
  readonly scope: number;
  readonly name: string;
  readonly unit: string;
  readonly kind: number;
  series: number;
}

export interface SeriesEntry {
  readonly metric: number;
  /** Canonical text of the point attributes. */
  readonly attributes: string;
}

/**
 * The series that senders have reported, each named by resource + scope + metric (name, unit, kind) + attributes, with its
 * last state in typed columns. Additions are part of a request and are rolled back with it.
 */
export class SeriesTable {
  readonly resources = new EntryPool<ResourceEntry>();
  readonly scopes = new EntryPool<ScopeEntry>();
  readonly metrics = new EntryPool<MetricEntry>();
  readonly series = new EntryPool<SeriesEntry>();
  /** Interned bucket bounds of explicit histograms, by their little-endian bytes. */
  readonly boundsIndex = new ByteKeyTable();
  readonly bounds: Float64Array[] = [];
  state: Float64Array = new Float64Array(1024 * STATE_STRIDE);
  /** Temporality of the last point, 0 before the first. */
  temporality: Uint8Array = new Uint8Array(1024);
  monotonic: Uint8Array = new Uint8Array(1024);
  /** 1 once a point said NO_RECORDED_VALUE, until the next value. */
  ended: Uint8Array = new Uint8Array(1024);
  readonly shapes: (Float64Array | undefined)[] = [];
  readonly sinks: (readonly SeriesSink[] | undefined)[] = [];
  evicted = 0;
  readonly #limits: SeriesLimits;
  readonly #watchers = new Map<string, SeriesWatcher[]>();
  /** Series that this request has brought to a signal for which the table made room. */
  readonly #admitted = new Map<SeriesWatcher, number>();

  constructor(limits: SeriesLimits = DEFAULT_SERIES_LIMITS) {
    this.#limits = limits;
  }

  begin(): void {
    this.#admitted.clear();
    for (const pool of [this.resources, this.scopes, this.metrics, this.series]) pool.begin();
  }

  /** Forget what the failed request added. */
  rollback(): void {
    for (const id of this.series.added()) this.#uncount(id);
    for (const id of this.metrics.added()) (this.scopes.get((this.metrics.get(id) as MetricEntry).scope) as ScopeEntry).metrics--;
    for (const pool of [this.series, this.metrics, this.scopes, this.resources]) pool.rollback();
  }

  /** The request is whole: make its new series visible to the signals that read them. */
  commit(): void {
    for (const id of this.series.added()) this.#attach(id, this.#watchersOf(id));
    this.begin();
  }

  /** Evict where the table is full. True: entries went, and their byte forms must go too. */
  trim(): boolean {
    const owners = this.resources.size + this.scopes.size + this.metrics.size;
    const full = this.series.size >= this.#limits.maxSeries || owners > MAX_OWNERS_PER_SERIES * this.#limits.maxSeries;
    if (full) this.#evict();
    return full;
  }

  resource(attributes: Attributes): number {
    const key = canonicalAttributes(attributes);
    const known = this.resources.find(key);
    return known >= 0 ? known : this.resources.add(key, { attributes, series: 0 });
  }

  scope(resource: number, { name, version, attributes }: { readonly name: string; readonly version: string; readonly attributes: Attributes }): number {
    const key = `${String(resource)} ${JSON.stringify([name, version])}${canonicalAttributes(attributes)}`;
    const known = this.scopes.find(key);
    return known >= 0 ? known : this.scopes.add(key, { resource, metrics: 0 });
  }

  metric(scope: number, { kind, name, unit }: { readonly kind: number; readonly name: string; readonly unit: string }): number {
    const key = `${String(scope)} ${String(kind)} ${JSON.stringify([name, unit])}`;
    const known = this.metrics.find(key);
    if (known >= 0) return known;
    const owner = this.scopes.get(scope) as ScopeEntry;
    owner.metrics++;
    return this.metrics.add(key, { resource: owner.resource, scope, name, unit, kind, series: 0 });
  }

  /** The id of a series, made where it is new and the limits allow it; else -1. */
  seriesOf(metric: number, attributes: Attributes): number {
    const text = canonicalAttributes(attributes);
    const key = `${String(metric)} ${text}`;
    const known = this.series.find(key);
    if (known >= 0) return known;
    const owner = this.metrics.get(metric) as MetricEntry;
    const resource = this.resources.get(owner.resource) as ResourceEntry;
    if (!this.#admits(owner, resource, attributes)) return -1;
    const id = this.series.add(key, { metric, attributes: text });
    owner.series++;
    resource.series++;
    this.#clearState(id);
    return id;
  }

  /** The id of bucket bounds (finite and strictly increasing); -1 where they are not, or too many layouts are known. */
  internBounds(bytes: { readonly view: DataView; readonly start: number; readonly end: number }): number {
    const known = this.boundsIndex.find(0, bytes.view, bytes.start, bytes.end);
    if (known >= 0) return known;
    const bounds = new Float64Array((bytes.end - bytes.start) / 8);
    for (let i = 0; i < bounds.length; i++) {
      const bound = bytes.view.getFloat64(bytes.start + i * 8, true);
      if (!Number.isFinite(bound) || (i > 0 && bound <= (bounds[i - 1] as number))) return -1;
      bounds[i] = bound;
    }
    if (this.bounds.length >= MAX_BOUNDS) return -1;
    this.bounds.push(bounds);
    this.boundsIndex.add({ parent: 0, ...bytes }, this.bounds.length - 1);
    return this.bounds.length - 1;
  }

  /** Let `watcher` see the series of its metrics from now on, those that are already known included. */
  watch(watcher: SeriesWatcher): void {
    for (const name of watcher.metricNames) this.#watchers.set(name, [...(this.#watchers.get(name) ?? []), watcher]);
    for (let id = 0; id < this.series.capacity; id++) {
      if (this.series.get(id) !== undefined && watcher.metricNames.includes(this.metricOf(id).name)) this.#attach(id, [watcher]);
    }
  }

  unwatch(watcher: SeriesWatcher): void {
    for (const name of watcher.metricNames) this.#watchers.set(name, (this.#watchers.get(name) ?? []).filter((other) => other !== watcher));
    for (let id = 0; id < this.sinks.length; id++) {
      const left = this.sinks[id]?.filter((sink) => sink.watcher !== watcher);
      this.sinks[id] = left === undefined || left.length === 0 ? undefined : left;
    }
  }

  metricOf(series: number): MetricEntry {
    return this.metrics.get((this.series.get(series) as SeriesEntry).metric) as MetricEntry;
  }

  attributesOf(series: number): Attributes {
    return JSON.parse((this.series.get(series) as SeriesEntry).attributes) as Attributes;
  }

  resourceOf(series: number): Attributes {
    return (this.resources.get(this.metricOf(series).resource) as ResourceEntry).attributes;
  }

  #watchersOf(id: number): readonly SeriesWatcher[] {
    return this.#watchers.get(this.metricOf(id).name) ?? [];
  }

  #attach(id: number, watchers: readonly SeriesWatcher[]): void {
    const sinks = watchers.flatMap((watcher) => this.#sinkOf(id, watcher) ?? []);
    for (const sink of sinks) pushLastPoint(this, id, sink);
    if (sinks.length > 0) this.sinks[id] = [...(this.sinks[id] ?? []), ...sinks];
  }

  /** A signal that has its fill takes no more, and knows it. */
  #sinkOf(id: number, watcher: SeriesWatcher): SeriesSink | undefined {
    if (watcher.seriesCount < this.#limits.maxSeriesPerSignal) return watcher.attach(id, this);
    if (watcher.wants(this.metricOf(id), this.attributesOf(id), this.resourceOf(id))) watcher.overflow(this.#limits.maxSeriesPerSignal);
    return undefined;
  }

  /** A series that a signal wants is admitted even to a full table, up to the signal's own limit. */
  #admits(metric: MetricEntry, resource: ResourceEntry, attributes: Attributes): boolean {
    if (this.series.size < this.#limits.maxSeries && resource.series < this.#limits.maxSeriesPerResource) return true;
    for (const watcher of this.#watchers.get(metric.name) ?? []) {
      if (!watcher.wants(metric, attributes, resource.attributes)) continue;
      const admitted = this.#admitted.get(watcher) ?? 0;
      if (watcher.seriesCount + admitted < this.#limits.maxSeriesPerSignal) {
        this.#admitted.set(watcher, admitted + 1);
        return true;
      }
      watcher.overflow(this.#limits.maxSeriesPerSignal);
    }
    return false;
  }

  #clearState(id: number): void {
    if ((id + 1) * STATE_STRIDE > this.state.length) this.#grow();
    this.state.fill(0, id * STATE_STRIDE, (id + 1) * STATE_STRIDE);
    this.temporality[id] = 0;
    this.monotonic[id] = 0;
    this.ended[id] = 0;
    this.shapes[id] = undefined;
    this.sinks[id] = undefined;
  }

  #grow(): void {
    const length = this.temporality.length * 2;
    const [state, temporality, monotonic, ended] = [this.state, this.temporality, this.monotonic, this.ended];
    this.state = new Float64Array(length * STATE_STRIDE);
    this.state.set(state);
    this.temporality = new Uint8Array(length);
    this.temporality.set(temporality);
    this.monotonic = new Uint8Array(length);
    this.monotonic.set(monotonic);
    this.ended = new Uint8Array(length);
    this.ended.set(ended);
  }

  /** Drop the longest silent series that no signal reads. */
  #evict(): void {
    const candidates: number[] = [];
    for (let id = 0; id < this.series.capacity; id++) if (this.series.get(id) !== undefined && this.sinks[id]?.every((sink) => sink.dormant) !== false) candidates.push(id);
    const arrival = (id: number): number => this.state[id * STATE_STRIDE + STATE.arrival] as number;
    candidates.sort((a, b) => arrival(a) - arrival(b));
    const surplus = this.series.size - Math.floor(this.#limits.maxSeries * (1 - EVICTED_SHARE));
    const dropped = candidates.slice(0, Math.max(0, surplus));
    for (const id of dropped) {
      for (const sink of this.sinks[id] ?? []) sink.watcher.detach(id);
      this.sinks[id] = undefined;
      this.#uncount(id);
      this.series.remove(id);
      this.shapes[id] = undefined;
    }
    this.evicted += dropped.length;
    this.#removeEmptyOwners();
  }

  #uncount(id: number): void {
    const metric = this.metricOf(id);
    metric.series--;
    (this.resources.get(metric.resource) as ResourceEntry).series--;
  }

  #removeEmptyOwners(): void {
    for (let id = 0; id < this.metrics.capacity; id++) {
      const metric = this.metrics.get(id);
      if (metric?.series !== 0) continue;
      this.metrics.remove(id);
      (this.scopes.get(metric.scope) as ScopeEntry).metrics--;
    }
    for (let id = 0; id < this.scopes.capacity; id++) if (this.scopes.get(id)?.metrics === 0) this.scopes.remove(id);
    for (let id = 0; id < this.resources.capacity; id++) if (this.resources.get(id)?.series === 0) this.resources.remove(id);
  }
}
