import { ago, count, grams, timeOfDay, usd, words } from "./format.ts";
import type { Decided, Decision } from "./wire-types.ts";

/** The rule that settled it: the last that changed the count; where none did, the last word. */
export function decisive(decision: Decision) {
  return decision.reasons.findLast((reason) => reason.before !== reason.after) ?? decision.reasons.at(-1);
}

export function Change({ decision }: { readonly decision: Decision }) {
  const { currentReplicas: before, desiredReplicas: after } = decision;
  return before === after ? <span class="change">{count(after)}</span> : <span class="change">{count(before)} <span aria-label="to">→</span> {count(after)}</span>;
}

export function KindChip({ kind }: { readonly kind: Decision["kind"] }) {
  return <span class={`chip kind-${kind}`}>{words(kind)}</span>;
}

const OUTCOME_TONES: Readonly<Record<string, string>> = { applied: "good", "no-op": "", rejected: "", failed: "bad", unknown: "warn" };

export function OutcomeNote({ outcome }: { readonly outcome: Decided["outcome"] }) {
  if (outcome === undefined) return <span class="muted">no effect needed</span>;
  return <span class={OUTCOME_TONES[outcome.kind] ?? ""} title={outcome.detail}>{outcome.kind === "rejected" ? `held by ${words(outcome.code).toLowerCase()}` : words(outcome.kind)}</span>;
}

interface DecisionsProps {
  readonly decided: readonly Decided[];
  readonly nowSeconds: number;
  readonly onlyChanges: boolean;
  readonly onOnlyChanges: (only: boolean) => void;
  readonly onOpen: (id: string) => void;
}

/** The latest decisions: what, why, what came of it, and what it costs. */
export function Decisions({ decided, nowSeconds, onlyChanges, onOnlyChanges, onOpen }: DecisionsProps) {
  const shown = decided.filter(({ decision }) => !onlyChanges || decision.kind !== "hold").slice(0, 20);
  return (
    <section class="card" aria-labelledby="decisions-title">
      <header>
        <h2 id="decisions-title">Latest decisions</h2>
        <label class="check"><input type="checkbox" checked={onlyChanges} onChange={(event) => { onOnlyChanges(event.currentTarget.checked); }} /> Changes only</label>
      </header>
      {shown.length === 0 ? <p class="empty">{decided.length === 0 ? "Nothing has been decided yet. The first decision comes with the first tick." : "Nothing but holds lately: capacity has fitted the load."}</p> : (
        <div class="scroll" role="region" aria-labelledby="decisions-title" tabIndex={0}>
          <table>
            <thead><tr><th scope="col">When</th><th scope="col">Decision</th><th scope="col" class="number">Replicas</th><th scope="col">Why</th><th scope="col">Outcome</th><th scope="col" class="number">$ / hour</th><th scope="col" class="number">CO₂e / hour</th></tr></thead>
            <tbody>{shown.map((one) => <Row key={one.decision.id} decided={one} nowSeconds={nowSeconds} onOpen={onOpen} />)}</tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Row({ decided: { decision, outcome }, nowSeconds, onOpen }: { readonly decided: Decided; readonly nowSeconds: number; readonly onOpen: (id: string) => void }) {
  return (
    <tr class="openable" onClick={() => { onOpen(decision.id); }}>
      <td class="nowrap"><time title={timeOfDay(decision.timeSeconds)}>{ago(decision.timeSeconds, nowSeconds)}</time></td>
      <td><KindChip kind={decision.kind} /></td>
      <td class="number nowrap"><Change decision={decision} /></td>
      <td class="why">
        <button type="button" class="link" onClick={(event) => { event.stopPropagation(); onOpen(decision.id); }}>{decisive(decision)?.text ?? ""}</button>
      </td>
      <td class="nowrap"><OutcomeNote outcome={decision.kind === "hold" && outcome === undefined ? undefined : outcome} /></td>
      <td class="number">{usd(decision.costPerHourUsd)}</td>
      <td class="number nowrap">{grams(decision.carbonGramsPerHour)}</td>
    </tr>
  );
}
