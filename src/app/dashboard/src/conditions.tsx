import { span, words } from "./format.ts";
import type { Condition, Target } from "./wire-types.ts";

/** Whether "true" is good news: limits are not. */
const GOOD_WHEN_TRUE: Readonly<Record<Condition["type"], boolean>> = {
  AbleToScale: true, ScalingActive: true, ForecastHealthy: true, DataFresh: true, ScalingLimited: false, SafetyLimited: false,
};
const WORDS: Readonly<Record<string, string>> = { good: "as it should be", warn: "needs a look", unknown: "unknown" };
/** What a limit that does not bind is called: a tick beside "Scaling limited" would read as its opposite. */
const WHEN_UNLIMITED: Partial<Readonly<Record<Condition["type"], string>>> = { ScalingLimited: "Within bounds", SafetyLimited: "Guard at rest" };
const SIGNS: Readonly<Record<string, string>> = { good: "✓", warn: "!", unknown: "?" };

export function titleOf(condition: Condition): string {
  return (toneOf(condition) === "good" ? WHEN_UNLIMITED[condition.type] : undefined) ?? words(condition.type);
}

export function toneOf({ type, status }: Condition): "good" | "warn" | "unknown" {
  if (status === "unknown") return "unknown";
  return (status === "true") === GOOD_WHEN_TRUE[type] ? "good" : "warn";
}

/** The state of a target as its conditions tell it. */
export function Conditions({ target, nowSeconds }: { readonly target: Target; readonly nowSeconds: number }) {
  return (
    <section class="card" aria-labelledby="conditions-title">
      <header><h2 id="conditions-title">Conditions</h2></header>
      <ul class="conditions">
        {target.conditions.map((condition) => {
          const tone = toneOf(condition);
          return (
            <li key={condition.type}>
              <span class={`sign ${tone}`} aria-hidden="true">{SIGNS[tone]}</span>
              <span><b>{titleOf(condition)}</b><span class="hidden">: {WORDS[tone]}</span><span class="note">{condition.message}</span></span>
              <span class="muted nowrap" title="since">{span(nowSeconds - condition.sinceSeconds)}</span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
