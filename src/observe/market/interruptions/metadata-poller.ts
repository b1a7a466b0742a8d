import { setTimeout as wait } from "node:timers/promises";
import { parseAzureScheduledEvents, parseGooglePreempted, pollAwsMetadata, type MetadataDeps } from "./instance-metadata.ts";
import type { InterruptionMessage } from "./interruption-message.ts";

/** The metadata services of the machine that this runs on, by the key that foretide.yaml names them with. */
export const METADATA_SERVICES = ["aws-metadata", "azure-metadata", "google-metadata"] as const;
export type MetadataService = (typeof METADATA_SERVICES)[number];

export interface MetadataPolling {
  readonly service: MetadataService;
  readonly signal: AbortSignal;
  readonly onMessages: (messages: readonly InterruptionMessage[]) => void;
  /** Another address than the cloud's own, for tests. */
  readonly baseUrl?: string | undefined;
  readonly everyMilliseconds?: number | undefined;
}

/** As AWS advises; of Google's and Azure's half minute it leaves 25 seconds. */
const EVERY_MILLISECONDS = 5_000;
const TIMEOUT_MILLISECONDS = 2_000;

/** Asks until the signal. A service that does not answer says nothing; it is asked again. */
export async function pollMetadata({ service, signal, onMessages, baseUrl, everyMilliseconds = EVERY_MILLISECONDS }: MetadataPolling): Promise<void> {
  const deps: MetadataDeps = { fetch, timeoutMilliseconds: TIMEOUT_MILLISECONDS };
  const isStopped = (): boolean => signal.aborted;
  while (!isStopped()) {
    const messages = await askOf(service, deps, baseUrl);
    if (isStopped()) return;
    if (messages.length > 0) onMessages(messages);
    await wait(everyMilliseconds, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

async function askOf(service: MetadataService, deps: MetadataDeps, baseUrl: string | undefined): Promise<readonly InterruptionMessage[]> {
  if (service === "aws-metadata") return await pollAwsMetadata(deps, baseUrl);
  const nowSeconds = Date.now() / 1_000;
  if (service === "azure-metadata") {
    const events = await text(deps, `${baseUrl ?? "http://169.254.169.254"}/metadata/scheduledevents?api-version=2020-07-01`, { Metadata: "true" });
    return events === undefined ? [] : parseAzureScheduledEvents(events, nowSeconds);
  }
  const of = `${baseUrl ?? "http://metadata.google.internal"}/computeMetadata/v1/instance`;
  const [name, preempted] = await Promise.all(["name", "preempted"].map((what) => text(deps, `${of}/${what}`, { "Metadata-Flavor": "Google" })));
  return name === undefined || preempted === undefined ? [] : parseGooglePreempted(preempted, name.trim(), nowSeconds);
}

async function text(deps: MetadataDeps, url: string, headers: Readonly<Record<string, string>>): Promise<string | undefined> {
  try {
    const response = await deps.fetch(url, { headers, signal: AbortSignal.timeout(deps.timeoutMilliseconds) });
    return response.ok ? await response.text() : undefined;
  } catch {
    return undefined;
  }
}
