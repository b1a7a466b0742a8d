import { useEffect, useState } from "preact/hooks";
import { Change, KindChip } from "./decisions.tsx";
import { Dialog } from "./dialog.tsx";
import { count, dateTime, grams, quantity, span, timeOfDay, usd, words } from "./format.ts";
import { getJson } from "./http.ts";
import type { Explanation } from "./wire-types.ts";

/** Everything that the journal knows of one decision, and answers to "why not". */
export function DecisionDetail({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const [explanation, setExplanation] = useState<Explanation | undefined>();
  const [error, setError] = useState("");
  const [whyNot, setWhyNot] = useState("");
  useEffect(() => {
    const abort = new AbortController();
    const query = whyNot === "" ? "" : `?whyNot=${encodeURIComponent(whyNot)}`;
    getJson<Explanation>(`/decisions/${encodeURIComponent(id)}/explanation${query}`, abort.signal).then(
      (read) => { setExplanation(read); setError(""); },
      (failed: unknown) => { if (!abort.signal.aborted) setError(failed instanceof Error ? failed.message : String(failed)); },
    );
    return () => { abort.abort(); };
  }, [id, whyNot]);
  return (
    <Dialog title="Why this decision" wide onClose={onClose}>
      {error === "" ? null : <p class="error" role="alert">{error}</p>}
      {explanation === undefined ? <p class="empty">Reading the journal…</p> : <Body explanation={explanation} onWhyNot={setWhyNot} />}
    </Dialog>
  );
}

function Body({ explanation, onWhyNot }: { readonly explanation: Explanation; readonly onWhyNot: (asked: string) => void }) {
  const { decision } = explanation;
  return (
    <>
      <p class="decision-head"><KindChip kind={decision.kind} /> <Change decision={decision} /> <span class="muted">replicas · {dateTime(decision.timeSeconds)}, {timeOfDay(decision.timeSeconds)}</span></p>
      <p class="summary">{explanation.summary}</p>
      <Steps explanation={explanation} />
      <WhyNot explanation={explanation} onAsk={onWhyNot} />
      <div class="columns">
        <Inputs explanation={explanation} />
        <Quantiles explanation={explanation} />
      </div>
      <Alternatives explanation={explanation} />
      <Outcomes explanation={explanation} />
      <p class="muted identifier">{decision.id}</p>
    </>
  );
}

function Steps({ explanation: { steps, binding, decision } }: { readonly explanation: Explanation }) {
  return (
    <section>
      <h3>How it was reached</h3>
      <ol class="steps">
        {steps.map((step, index) => (
          <li key={index} class={step.changed ? "changed" : "kept"}>
            <span class="step-change">{step.changed ? `${count(step.before)} → ${count(step.after)}` : count(step.after)}</span>
            <span><b>{words(step.code)}</b> {step.text}</span>
            {binding !== undefined && binding.code === step.code && step.changed ? (
              <span class="binding">This bound. Without it: {count(binding.desiredReplicasWithout)} replicas{withoutCost(binding.costPerHourUsdWithout, decision.costPerHourUsd)}</span>
            ) : null}
          </li>
        ))}
      </ol>
    </section>
  );
}

function withoutCost(without: number | undefined, cost: number | undefined): string {
  return without === undefined || cost === undefined ? "" : `, ${usd(without - cost, true)} an hour`;
}

function WhyNot({ explanation: { whyNot, decision }, onAsk }: { readonly explanation: Explanation; readonly onAsk: (asked: string) => void }) {
  const kinds = (["scale-out", "scale-in", "rebalance"] as const).filter((kind) => kind !== decision.kind);
  return (
    <section>
      <h3>Why not…</h3>
      <form class="why-not" onSubmit={(event) => { event.preventDefault(); onAsk(String(new FormData(event.currentTarget).get("count") ?? "")); }}>
        {kinds.map((kind) => <button key={kind} type="button" class="secondary" aria-pressed={whyNot?.asked === kind} onClick={() => { onAsk(kind); }}>{words(kind)}</button>)}
        <label>or <input name="count" type="number" min="0" max="999999" aria-label="Replicas" required /> replicas</label>
        <button type="submit" class="secondary">Ask</button>
      </form>
      <p class="answer" role="status">{whyNot?.answer ?? ""}</p>
    </section>
  );
}

function Inputs({ explanation: { inputs } }: { readonly explanation: Explanation }) {
  return (
    <section>
      <h3>Inputs as they were seen</h3>
      <table>
        <thead><tr><th scope="col">Signal</th><th scope="col" class="number">Value</th><th scope="col" class="number">Age</th></tr></thead>
        <tbody>
          {inputs.map((input) => (
            <tr key={input.name}>
              <td>{words(input.name)}{input.source === undefined ? null : <span class="note">{input.source}</span>}</td>
              <td class="number">{input.cause === undefined ? quantity(input.value) : <span class="warn">{input.cause}</span>}</td>
              <td class="number nowrap">{input.ageSeconds === undefined ? "–" : span(input.ageSeconds)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Quantiles({ explanation: { quantiles, decision } }: { readonly explanation: Explanation }) {
  const top = Math.max(...quantiles.map((one) => one.demand), 1);
  return (
    <section>
      <h3>Forecast {decision.forecast === undefined ? "" : `in ${span(decision.forecast.leadTimeSeconds)}`}</h3>
      {quantiles.length === 0 ? <p class="empty">No forecast took part.</p> : (
        <table class="quantiles">
          <thead><tr><th scope="col">Level</th><th scope="col">Load</th><th scope="col"><span class="hidden">Bar</span></th></tr></thead>
          <tbody>
            {quantiles.map(({ level, demand }) => (
              <tr key={level}><td>p{Number((level * 100).toFixed(1))}</td><td class="number">{quantity(demand)}</td><td class="bar-cell"><span class="bar" style={{ width: `${String((100 * demand) / top)}%` }} /></td></tr>
            ))}
          </tbody>
        </table>
      )}
      {decision.forecast === undefined ? null : <p class="note">Model {decision.forecast.model}; decided by {decision.forecast.used === "forecast" ? "the forecast" : decision.forecast.used}.</p>}
    </section>
  );
}

function Alternatives({ explanation: { alternatives } }: { readonly explanation: Explanation }) {
  if (alternatives.length === 0) return null;
  return (
    <section>
      <h3>What was not done</h3>
      <div class="scroll" role="region" aria-label="Alternatives" tabIndex={0}>
        <table>
          <thead><tr><th scope="col">Alternative</th><th scope="col" class="number">Replicas</th><th scope="col" class="number">$/h</th><th scope="col" class="number">CO₂e/h</th><th scope="col">Why not</th></tr></thead>
          <tbody>
            {alternatives.map((one) => (
              <tr key={one.name}>
                <td>{words(one.name)}{one.costPerHourUsd === undefined ? null : <span class="note">{one.basis}</span>}</td>
                <td class="number">{count(one.replicas)}</td>
                <td class="number nowrap">{usd(one.costPerHourUsd)}{one.costDifferencePerHourUsd === undefined ? null : <span class="note">{usd(one.costDifferencePerHourUsd, true)}</span>}</td>
                <td class="number nowrap">{grams(one.carbonGramsPerHour)}{one.carbonDifferenceGramsPerHour === undefined ? null : <span class="note">{grams(one.carbonDifferenceGramsPerHour, true)}</span>}</td>
                <td>{one.notTaken}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Outcomes({ explanation: { outcomes } }: { readonly explanation: Explanation }) {
  if (outcomes.length === 0) return null;
  return (
    <section>
      <h3>What came of it</h3>
      <ul class="outcomes">{outcomes.map((outcome) => <li key={outcome.timeSeconds}><b>{words(outcome.kind)}</b> at {timeOfDay(outcome.timeSeconds)}: {outcome.detail}</li>)}</ul>
    </section>
  );
}
