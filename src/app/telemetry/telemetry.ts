import type { Decision } from "../../model/decision.ts";
import type { Intent, Outcome } from "../../model/intent.ts";
import type { DaemonView } from "../status/daemon-view.ts";

/**
 * The daemon's word on itself, as the control loop tells it. Each call is cheap and never throws. What can be read
 * at scrape time (data age, replicas, forecast health, money) is read from the view.
 */
export interface Telemetry {
  /** From the newest input's arrival to the decision. Also counts guard interventions by the decision's reasons, and beats the heart. */
  decided(decision: Decision, latencySeconds: number): void;
  /** One pass of a group through the step. */
  stepped(durationSeconds: number): void;
  /** What became of an intent: an action, or the gate's refusal. */
  actedOn(intent: Intent, outcome: Outcome): void;
  /** A matured forecast: |value − median| in the demand's unit, and whether the value lay at or under the level's path. */
  forecastMatured(target: string, absoluteError: number, covered: Readonly<Record<string, boolean>>): void;
  /** A signal that was not there at a tick. */
  inputAbsent(target: string, signal: string, cause: string): void;
  otlpAccepted(transport: "http" | "grpc", points: number): void;
  /** Reasons are the receiver's stable codes. */
  otlpRejected(transport: "http" | "grpc", reason: string, points: number): void;
  /** A metric source was asked, by its name in foretide.yaml. */
  sourceRefreshed(source: string, ok: boolean, durationSeconds: number): void;
  reloaded(ok: boolean): void;
  journalSynced(durationSeconds: number): void;
  /** From now on the gauges are read from this view. */
  observe(view: DaemonView): void;
  /** The text of /metrics, in Prometheus' format 0.0.4. */
  metricsText(): Promise<string>;
  close(): Promise<void>;
}

/** Reasons by which the guard changed a count carry this prefix in their code. */
export const GUARD_PREFIX = "guard-";
