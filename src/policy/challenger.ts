import { mergeSpecs } from "./inheritance.ts";
import { type Fault, isRecord, unknownKey } from "./issues.ts";

/**
 * What a challenger may say otherwise. It sees what the champion sees, at the same ticks, of the same target, and buys nothing:
 * signals, interval, target, mode and purchase are the champion's.
 */
export const CHALLENGER_FIELDS = ["replicas", "scaling", "objective", "leadTime", "forecast", "behavior", "fallback", "cost", "schedules", "events"] as const;

export const CHALLENGER_TEXT = "A second policy that runs in shadow and never acts: what it says otherwise than this one. The page compares the two; to promote it, write its lines in place of this policy's own and remove it.";

type Spec = Readonly<Record<string, unknown>>;

export interface SplitSpec {
  /** The spec without its challenger. */
  readonly champion: Spec;
  /** The champion's spec with what the challenger says otherwise; undefined where there is none. */
  readonly challenger: Spec | undefined;
  readonly faults: readonly Fault[];
}

/** Takes the challenger out of a spec. What a challenger may not say is a fault at its key. */
export function splitChallenger(spec: Spec): SplitSpec {
  const { challenger: other, ...champion } = spec;
  if (!Object.hasOwn(spec, "challenger")) return { champion: spec, challenger: undefined, faults: [] };
  const at = (message: string, suggestion: string): SplitSpec => ({ champion, challenger: undefined, faults: [{ path: ["spec", "challenger"], at: "key", message, suggestion }] });
  if (!isRecord(other)) return at("expected what the challenger says otherwise", "write beneath it what differs: scaling, objective, behavior, … or remove it");
  const said = Object.keys(other).filter((key) => !key.startsWith("x-"));
  if (said.length === 0) return at("says nothing otherwise", "write beneath it what differs, or remove it");
  const known: readonly string[] = CHALLENGER_FIELDS;
  const faults = said.filter((key) => !known.includes(key)).map((key): Fault =>
    (Object.hasOwn(FIXED, key) ? { path: ["spec", "challenger", key], at: "key", message: `a challenger cannot change ${key}`, suggestion: FIXED[key] } : unknownKey(["spec", "challenger", key], known.filter((field) => !said.includes(field)), known)));
  // Another way of scaling replaces the whole clause: what the champion's way needs means nothing in it.
  const scaling = other["scaling"];
  const under = isRecord(scaling) && Object.hasOwn(scaling, "by") ? Object.fromEntries(Object.entries(champion).filter(([key]) => key !== "scaling")) : champion;
  return { champion, challenger: faults.length > 0 ? undefined : (mergeSpecs(under, other) as Spec), faults };
}

const SEES = "remove it: it sees what the champion sees, so that the two can be compared";
const FIXED: Readonly<Record<string, string>> = {
  target: "remove it: it runs on the champion's load, in shadow", mode: "remove it: a challenger never acts", demand: SEES, utilization: SEES, missRatio: SEES, backlog: SEES,
  evaluationInterval: SEES, purchase: "remove it: in shadow nothing is bought", carbon: "remove it: in shadow nothing is bought", challenger: "remove it: one challenger a policy",
};

/** A fault of the merged spec, where the challenger itself stands. */
export function inChallenger(fault: Fault): Fault {
  return { ...fault, path: ["spec", "challenger", ...fault.path.slice(1)] };
}
