import type { ComponentChildren } from "preact";
import { count, grams, percent, quantity, smallUsd, span, usd } from "./format.ts";
import type { Target } from "./wire-types.ts";

/** The figures that people look for first. */
export function Tiles({ target, nowSeconds }: { readonly target: Target; readonly nowSeconds: number }) {
  const { spend, forecast, replicas, signals, capacity, errorBudgetUsedShare: used } = target;
  const demand = signals["demand"];
  const value = demand?.observation.kind === "value" ? demand.observation.value : undefined;
  const since = span(nowSeconds - spend.sinceSeconds);
  const savedTone = spend.savedUsd === undefined || smallUsd(spend.savedUsd) === "$0.00" ? "" : spend.savedUsd > 0 ? "good" : "";
  return (
    <dl class="tiles">
      <Tile name="Load" value={quantity(value)} unit={demand?.unit ?? ""} note={demand?.observation.kind === "absent" ? `No value: ${demand.observation.detail}` : capacity === undefined || value === undefined ? "capacity not known yet" : `${percent(value / capacity)} of capacity`} tone={demand?.observation.kind === "absent" ? "bad" : ""} />
      <Tile name="Ready" value={count(replicas.ready)} unit={`of ${count(replicas.desired)}`} note={`between ${count(replicas.min)} and ${count(replicas.max)}`} />
      <Tile name="Cost" value={usd(spend.costPerHourUsd)} unit="/h" note={spend.costPerHourUsd === undefined ? "no price known" : `HPA: ${usd(spend.baselineCostPerHourUsd)}`} />
      <Tile name="Carbon" value={grams(spend.carbonGramsPerHour)} unit="CO₂e/h" note={spend.carbonGramsPerHour === undefined ? "no grid intensity known" : `HPA: ${grams(spend.baselineCarbonGramsPerHour)}`} />
      <Tile name="Saved against the HPA" value={smallUsd(spend.savedUsd)} unit="" note={savedNote(spend, since)} tone={savedTone} />
      <Tile name="Forecast error" value={forecast.relativeError === undefined ? "–" : percent(forecast.relativeError - 1)} unit="" note={`against seasonal naive · ${forecast.coverage === undefined ? "coverage not known yet" : `p${String(Number((forecast.coverageLevel * 100).toFixed(1)))} held ${percent(forecast.coverage, 1)}`}`} tone={forecast.relativeError === undefined ? "" : forecast.relativeError <= 1 ? "good" : "warn"} />
      <Tile name="Error budget used" value={percent(used)} unit="" note={used === undefined ? "no misses measured yet" : used > 1 ? "the objective is missed" : "within the objective"} tone={used === undefined ? "" : used > 1 ? "bad" : used > 0.8 ? "warn" : ""}>
        {used === undefined ? null : <span class="meter" aria-hidden="true"><span style={{ width: `${String(Math.min(100, used * 100))}%` }} /></span>}
      </Tile>
    </dl>
  );
}

function savedNote({ savedUsd, savedCarbonGrams }: Target["spend"], since: string): string {
  if (savedUsd === undefined) return "not known without prices";
  return savedCarbonGrams === undefined ? `in ${since}` : `and ${grams(savedCarbonGrams)} CO₂e in ${since}`;
}

interface TileProps {
  readonly name: string;
  readonly value: string;
  readonly unit: string;
  readonly note: string;
  readonly tone?: string;
  readonly children?: ComponentChildren;
}

function Tile({ name, value, unit, note, tone = "", children }: TileProps) {
  return (
    <div class="tile">
      <dt>{name}</dt>
      <dd>
        <span class={`figure ${tone}`}>{value}</span> {unit === "" ? null : <span class="unit">{unit}</span>}
        {children}
        <span class="note">{note}</span>
      </dd>
    </div>
  );
}
