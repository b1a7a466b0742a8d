import { ago, count, grams, timeOfDay, usd, words } from "./format.ts";
import { because, decisive } from "./sentence.ts";
import type { Decided, Decision } from "./wire-types.ts";

const SHOWN_ROWS = 15;

export function Change({ decision }: { readonly decision: Decision }) {
  const { currentReplicas: before, desiredReplicas: after } = decision;
  return before === after ? <span class="change">{count(after)}</span> : <span class="change">{count(before)} <span aria-label="to">→</span> {count(after)}</span>;
}

/** The rule that settled it, by name and in words. */
export function Why({ decision }: { readonly decision: Decision }) {
  return <><b>{words(decisive(decision)?.code ?? "")}</b> · {because(decision)}</>;
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
  const shown = collapseHolds(decided).filter(({ decided: { decision } }) => !onlyChanges || decision.kind !== "hold").slice(0, SHOWN_ROWS);
  return (
    <section class="card" aria-labelledby="decisions-title">
      <header>
        <h2 id="decisions-title">Latest decisions</h2>
        <label class="check"><input type="checkbox" checked={onlyChanges} onChange={(event) => { onOnlyChanges(event.currentTarget.checked); }} /> Changes only</label>
      </header>
      {shown.length === 0 ? <p class="empty">{decided.length === 0 ? "Nothing has been decided yet. The first decision comes with the first tick." : "Nothing but holds lately: capacity has fitted the load."}</p> : (
        <div class="scroll" role="region" aria-label="Table of decisions" tabIndex={0}>
          <table>
            <thead><tr><th scope="col">When</th><th scope="col">Decision</th><th scope="col" class="number">Replicas</th><th scope="col">Why</th><th scope="col">Outcome</th><th scope="col" class="number">$/h</th><th scope="col" class="number">CO₂e/h</th></tr></thead>
            <tbody>{shown.map((one) => <Row key={one.decided.decision.id} {...one} nowSeconds={nowSeconds} onOpen={onOpen} />)}</tbody>
          </table>
        </div>
      )}
    </section>
  );
}

interface RowData {
  readonly decided: Decided;
  /** How many decisions this row stands for. */
  readonly times: number;
}

/** Decisions in a row that change nothing, for the same rule and at the same count, are one row: the newest of them. */
function collapseHolds(decided: readonly Decided[]): readonly RowData[] {
  const rows: RowData[] = [];
  for (const one of decided) {
    const last = rows.at(-1);
    if (last !== undefined && isQuiet(one) && sameness(one) === sameness(last.decided)) rows[rows.length - 1] = { decided: last.decided, times: last.times + 1 };
    else rows.push({ decided: one, times: 1 });
  }
  return rows;
}

function isQuiet({ decision, outcome }: Decided): boolean {
  return outcome === undefined && decision.currentReplicas === decision.desiredReplicas && (decision.kind === "hold" || decision.kind === "defer");
}

function sameness({ decision }: Decided): string {
  return `${decision.kind} ${String(decision.desiredReplicas)} ${decisive(decision)?.code ?? ""}`;
}

function Row({ decided: { decision, outcome }, times, nowSeconds, onOpen }: RowData & { readonly nowSeconds: number; readonly onOpen: (id: string) => void }) {
  return (
    <tr class="openable" onClick={() => { onOpen(decision.id); }}>
      <td class="nowrap"><time title={timeOfDay(decision.timeSeconds)}>{ago(decision.timeSeconds, nowSeconds)}</time></td>
      <td class="nowrap"><KindChip kind={decision.kind} />{times > 1 ? <span class="muted"> × {times}</span> : null}</td>
      <td class="number nowrap"><Change decision={decision} /></td>
      <td class="why">
        <button type="button" class="link" onClick={(event) => { event.stopPropagation(); onOpen(decision.id); }}><Why decision={decision} /></button>
      </td>
      <td class="nowrap"><OutcomeNote outcome={decision.kind === "hold" && outcome === undefined ? undefined : outcome} /></td>
      <td class="number">{usd(decision.costPerHourUsd)}</td>
      <td class="number nowrap">{grams(decision.carbonGramsPerHour)}</td>
    </tr>
  );
}
