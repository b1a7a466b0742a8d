import type { ApplySummary } from "../series/series-updater.ts";

/** Is told of every request that was taken, with how many of its points were accepted and rejected. */
export interface IngestObserver {
  taken(transport: "http" | "grpc", summary: ApplySummary): void;
}

export const NO_OBSERVER: IngestObserver = { taken: () => undefined };
