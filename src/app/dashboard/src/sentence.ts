import { count, span } from "./format.ts";
import type { Decision } from "./wire-types.ts";

type Reason = Decision["reasons"][number];

/** The rule that settled it: the last that changed the count; where none did, the first: what was needed is what there is. */
export function decisive(decision: Decision): Reason | undefined {
  return decision.reasons.findLast((reason) => reason.before !== reason.after) ?? decision.reasons[0];
}

/** A decision as a sentence: `Holding 7 replicas: the load forecast for 20 s ahead needs 7`. */
export function sentence(decision: Decision): string {
  const why = because(decision);
  return why === "" ? deed(decision) : `${deed(decision)}: ${why}`;
}

function deed({ kind, currentReplicas: before, desiredReplicas: after }: Decision): string {
  if (after > before) return `Scaling out from ${replicas(before)} to ${count(after)}`;
  if (after < before) return `Scaling in from ${replicas(before)} to ${count(after)}`;
  if (kind === "rebalance") return `Moving ${replicas(after)} to other machines`;
  return kind === "defer" ? `Keeping ${replicas(after)} for now` : `Holding ${replicas(after)}`;
}

function replicas(value: number): string {
  return `${count(value)} ${value === 1 ? "replica" : "replicas"}`;
}

/** What the commonest rules say, as the second half of a sentence; any other's words are clear enough by themselves. */
export function because(decision: Decision): string {
  const reason = decisive(decision);
  return reason === undefined ? "" : inWords(reason, decision);
}

function inWords({ code, text, before, after }: Reason, { forecast, binding }: Decision): string {
  const ahead = forecast === undefined ? "" : ` for ${span(forecast.leadTimeSeconds)} ahead`;
  switch (code) {
    case "forecast-quantile": return `the load forecast${ahead} needs ${count(after)}`;
    case "reactive-floor": return `the load of this moment needs ${count(after)}, more than its forecast`;
    case "look-ahead-hold": return `${count(before)} would do for a while, but the forecast needs ${count(after)} again before a new one could start`;
    case "proven-load": return `the forecast needs ${count(before)}, but no replica has been seen to carry so much yet`;
    case "stabilization": return NEED_OF_A_WINDOW.test(text) ? `the forecast needs ${count(before)}; ${text} was ${count(after)}` : text;
    case "change-cost": return after > before ? `the forecast needs ${count(before)}; ${text}` : text;
    default: return withoutIt(text, code, binding);
  }
}

/** What stabilization keeps is a need of its window; before the window is full it says why nothing goes yet. */
const NEED_OF_A_WINDOW = /^the (?:highest|lowest) need of /u;

function withoutIt(text: string, code: string, binding: Decision["binding"]): string {
  return binding?.withoutCode === code ? `${text} (without this rule, ${count(binding.desiredReplicas)})` : text;
}
