import type { Decision } from "../model/decision.ts";
import type { Expectation, NeverRule, PolicyTestCase } from "../policy/policy-test-schema.ts";

/** One expectation that does not hold, and its place within the test: `["expect", 0]`. */
export interface TestFailure {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

export interface Clock {
  readonly startSeconds: number;
  readonly everySeconds: number;
}

/** Every expectation and never-rule of a case that the decisions do not keep; of a span the first decision that breaks it. */
export function checkDecisions({ expect, never }: PolicyTestCase, decisions: readonly Decision[], clock: Clock): readonly TestFailure[] {
  return [
    ...expect.flatMap((rule, at) => firstFailure(rule, { decisions, clock, path: ["expect", at], problem: (decision) => unmet(rule, decision) })),
    ...never.flatMap((rule, at) => firstFailure(rule, { decisions, clock, path: ["never", at], problem: (decision) => broken(rule, decision) })),
  ];
}

interface Checked {
  readonly decisions: readonly Decision[];
  readonly clock: Clock;
  readonly path: readonly (string | number)[];
  readonly problem: (decision: Decision) => string | undefined;
}

function firstFailure(rule: Pick<Expectation, "at" | "from" | "to">, { decisions, clock, path, problem }: Checked): readonly TestFailure[] {
  const { startSeconds, everySeconds } = clock;
  const spoken = (decision: Decision): number => decision.timeSeconds - startSeconds;
  const concerned = decisions.filter((decision) => (rule.at === undefined ? spoken(decision) >= (rule.from ?? 0) && spoken(decision) <= (rule.to ?? Infinity) : spoken(decision) === rule.at));
  if (concerned.length === 0) {
    const last = (decisions.at(-1)?.timeSeconds ?? startSeconds) - startSeconds;
    return [{ path, message: `no decision then: they come every ${String(everySeconds)}s, from 0s to ${String(last)}s` }];
  }
  for (const decision of concerned) {
    const message = problem(decision);
    if (message !== undefined) return [{ path, message: `${String(spoken(decision))}s (${new Date(decision.timeSeconds * 1000).toISOString().replace(".000Z", "Z")}): ${message}; ${inWords(decision)}` }];
  }
  return [];
}

function unmet({ replicas, atLeast, atMost, kind, reasons, without, clampedBy }: Expectation, decision: Decision): string | undefined {
  const { desiredReplicas: decided } = decision;
  const codes = decision.reasons.map(({ code }) => code);
  const problems = [
    replicas !== undefined && decided !== replicas && `expected ${String(replicas)} replicas`,
    atLeast !== undefined && decided < atLeast && `expected at least ${String(atLeast)} replicas`,
    atMost !== undefined && decided > atMost && `expected at most ${String(atMost)} replicas`,
    kind !== undefined && decision.kind !== kind && `expected ${kind}`,
    ...reasons.filter((code) => !codes.includes(code)).map((code) => `expected the reason ${code}`),
    ...without.filter((code) => codes.includes(code)).map((code) => `expected no reason ${code}`),
    clampedBy !== undefined && !decision.reasons.some(({ code, before, after }) => code === clampedBy && before !== after) && `expected ${clampedBy} to change the count`,
  ].filter((problem) => problem !== false);
  return problems.length === 0 ? undefined : problems.join(", ");
}

function broken({ kind, below, above, reason }: NeverRule, decision: Decision): string | undefined {
  const problems = [
    kind !== undefined && decision.kind === kind && `never ${kind}`,
    below !== undefined && decision.desiredReplicas < below && `never below ${String(below)} replicas`,
    above !== undefined && decision.desiredReplicas > above && `never above ${String(above)} replicas`,
    reason !== undefined && decision.reasons.some(({ code }) => code === reason) && `never ${reason}`,
  ].filter((problem) => problem !== false);
  return problems.length === 0 ? undefined : problems.join(", ");
}

function inWords({ kind, currentReplicas, desiredReplicas, reasons }: Decision): string {
  return `decided ${kind} ${String(currentReplicas)} → ${String(desiredReplicas)} (${reasons.map(({ code, before, after }) => (before === after ? code : `${code} ${String(before)} → ${String(after)}`)).join(", ")})`;
}
