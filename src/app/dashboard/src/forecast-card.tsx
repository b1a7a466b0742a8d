import { ago, count, percent, span } from "./format.ts";
import type { ForecastQuality } from "./wire-types.ts";

type Horizon = ForecastQuality["horizons"][number];

/** What is promised most, and shown: nine rows of ten at or under the path. */
const SHOWN_LEVEL = 0.9;
/** A share of fewer says nothing. */
const LEAST_JUDGED = 20;
const WIDTH = 72;
const HEIGHT = 22;

/** How good the forecasts have been, what makes them now, and since when and why something stands in. */
export function ForecastCard({ quality, nowSeconds }: { readonly quality: ForecastQuality; readonly nowSeconds: number }) {
  const scored = quality.horizons.filter(({ matured }) => matured > 0);
  const demoted = quality.trust.filter(({ uses }) => uses !== "ensemble");
  return (
    <section class="card" aria-labelledby="forecast-title">
      <header><h2 id="forecast-title">Forecast</h2>{quality.fittedAtSeconds === undefined ? null : <span class="note">fitted {ago(quality.fittedAtSeconds, nowSeconds)}</span>}</header>
      {scored.length === 0 ? <p class="empty">No forecast has come due yet.</p> : (
        <ul class="quality" aria-label="How often the load stayed under p90">{scored.map((horizon) => <HorizonRow key={horizon.horizonSeconds} horizon={horizon} />)}</ul>
      )}
      {demoted.map(({ horizonSeconds, uses, sinceSeconds, reason }) => (
        <p key={horizonSeconds} class="note"><b>{ahead(horizonSeconds)} ahead: {uses === "now" ? "the newest load" : "last season"} stands in</b> for {span(nowSeconds - sinceSeconds)}: {reason.replace(/^at \d+ rows /u, "")}</p>
      ))}
      {quality.note === "" ? null : <p class="note">{quality.note}</p>}
    </section>
  );
}

/** Whole hours as hours. */
function ahead(seconds: number): string {
  return seconds % 3_600 === 0 ? `${String(seconds / 3_600)} h` : span(seconds);
}

function HorizonRow({ horizon }: { readonly horizon: Horizon }) {
  const { horizonSeconds, matured, coverage, overSeasonalNaive } = horizon;
  if (matured < LEAST_JUDGED) return <li><b class="nowrap">{ahead(horizonSeconds)}</b><span class="note">{count(matured)} come due: judged from {count(LEAST_JUDGED)} on</span></li>;
  const held = coverage.find(({ level }) => level === SHOWN_LEVEL)?.share;
  const better = overSeasonalNaive === undefined ? "" : overSeasonalNaive <= 1 ? `${percent(1 - overSeasonalNaive)} less error than last season` : `${percent(overSeasonalNaive - 1)} more error than last season`;
  return (
    <li>
      <b class="nowrap">{ahead(horizonSeconds)}</b>
      <span>said 90%, was <b>{percent(held)}</b> of {count(matured)}<span class="note">{better}</span></span>
      <Spark horizon={horizon} />
    </li>
  );
}

/** Coverage by day around what was said: a line that stays on the middle is a forecast that keeps its word. */
function Spark({ horizon: { days } }: { readonly horizon: Horizon }) {
  if (days.length < 2) return null;
  const y = (share: number): number => HEIGHT / 2 - Math.max(-1, Math.min(1, (share - SHOWN_LEVEL) / 0.1)) * (HEIGHT / 2 - 2);
  const points = days.map(({ covered90 }, index) => `${((index * WIDTH) / (days.length - 1)).toFixed(1)},${y(covered90).toFixed(1)}`).join(" ");
  const least = Math.min(...days.map(({ covered90 }) => covered90));
  return (
    <svg class="spark" role="img" aria-label={`By day, ${percent(least)} at least`} viewBox={`0 0 ${String(WIDTH)} ${String(HEIGHT)}`} width={WIDTH} height={HEIGHT}>
      <line x1="0" x2={WIDTH} y1={HEIGHT / 2} y2={HEIGHT / 2} />
      <polyline points={points} />
    </svg>
  );
}
