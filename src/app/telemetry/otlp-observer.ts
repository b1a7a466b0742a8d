import type { IngestObserver } from "../../observe/metrics/otlp/ingest-observer.ts";
import type { OtlpCounters } from "../../observe/metrics/otlp/otlp-counters.ts";
import type { Telemetry } from "./telemetry.ts";

/** Tells the daemon's metrics of the points that requests brought. */
export function otlpObserver(telemetry: Telemetry): IngestObserver {
  return {
    taken(transport, { accepted, rejected }) {
      if (accepted > 0) telemetry.otlpAccepted(transport, accepted);
      for (const [reason, points] of rejected) telemetry.otlpRejected(transport, reason, points);
    },
  };
}

/** Tells of requests refused whole since the last call: their points were never counted, so each counts as one. */
export function refusedRequests(counters: OtlpCounters, telemetry: Telemetry): () => void {
  const told = new Map<string, number>();
  return () => {
    for (const [reason, count] of Object.entries(counters.requestsRejected)) {
      const fresh = count - (told.get(reason) ?? 0);
      if (fresh > 0) telemetry.otlpRejected("http", `request-${reason}`, fresh);
      told.set(reason, count);
    }
  };
}
