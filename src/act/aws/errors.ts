import { failure, success, type Failure, type Result } from "../../model/result.ts";
import { applied, lost, refused, type WriteAnswer, type WriteFailure } from "../actuator.ts";

/** The codes by which AWS says "slower"; as in the SDK's own list, without LimitExceededException, which is a quota. */
const THROTTLED = new Set([
  "BandwidthLimitExceeded", "EC2ThrottledException", "PriorRequestNotComplete", "ProvisionedThroughputExceededException", "RequestLimitExceeded",
  "RequestThrottled", "RequestThrottledException", "SlowDown", "ThrottledException", "Throttling", "ThrottlingException", "TooManyRequestsException",
]);

/** Refused because something else is under way; the next step tries again with a fresh reading. */
const BUSY: Readonly<Record<string, string>> = {
  ScalingActivityInProgressFault: "scaling-activity-in-progress",
  ScalingActivityInProgress: "scaling-activity-in-progress",
  ResourceContentionFault: "resource-contention",
  ResourceContention: "resource-contention",
  ConcurrentUpdateException: "resource-contention",
  IdempotentCallInProgressFault: "resource-contention",
  ResourceInUseFault: "resource-contention",
  TransactionInProgressException: "resource-contention",
};

/** No room for this offering now: another one is to be tried, not the same again at once. */
const CAPACITY = new Set([
  "InsufficientInstanceCapacity", "InsufficientHostCapacity", "InsufficientCapacity", "UnfulfillableCapacity", "MaxSpotInstanceCountExceeded",
  "VcpuLimitExceeded", "InsufficientFreeAddressesInSubnet", "MaxFleetCountExceeded", "ReservationCapacityExceeded", "SpotMaxPriceTooLow",
]);

const DENIED = new Set([
  "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException",
  "SignatureDoesNotMatch", "MissingAuthenticationToken", "OptInRequired", "CredentialsProviderError", "UndeclaredActionError",
]);

const MISSING = new Set([
  "ServiceNotFoundException", "ClusterNotFoundException", "ObjectNotFoundException", "ServiceNotActiveException", "InvalidFleetId.NotFound", "InvalidFleetId",
]);

/** Never reached the service. */
const UNREACHABLE = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);

/**
 * Sorts an error of the AWS SDK into our failures. Only what may have been carried out (no answer, a broken one, a 5xx) is
 * marked so; a 4xx with a code of the service is a refusal. An error of no known kind counts as one that may have arrived.
 */
function classifyAwsError(error: unknown): WriteFailure {
  const { name, message, status, networkCode, attempted } = partsOf(error);
  const text = `${name}: ${message}`;
  if (UNREACHABLE.has(networkCode)) return refused("transient", "unreachable", text);
  if (THROTTLED.has(name) || status === 429) return refused("transient", "throttled", text);
  const busy = BUSY[name];
  if (busy !== undefined) return refused("transient", busy, text);
  if (CAPACITY.has(name)) return refused("transient", "capacity", text);
  if (name === "ExpiredToken" || name === "ExpiredTokenException" || name === "RequestExpired") return refused("transient", "credentials-expired", text);
  if (DENIED.has(name)) return refused("permanent", "access-denied", text);
  if (MISSING.has(name) || (name === "ValidationError" && /not found|does not exist/i.test(message))) return refused("missing", "missing", text);
  // The SDK calls a broken connection a TimeoutError too.
  if (networkCode === "ECONNRESET" || networkCode === "EPIPE") return lost("no-answer", text);
  if (name === "TimeoutError" || name === "AbortError" || networkCode === "ETIMEDOUT") return lost("timeout", text);
  // What the SDK's sender has not stamped has not been sent: no region, a bad input.
  if (!attempted) return refused("permanent", "not-sent", text);
  if (status !== undefined && status >= 400 && status < 500) return refused("permanent", codeOf(name), text);
  return lost(status === undefined ? "no-answer" : "server-error", text);
}

/** The answer of a read, or its failure; of a read it does not matter whether it has arrived. */
export async function readCall<T>(send: () => Promise<T>): Promise<Result<T>> {
  try {
    return success(await send());
  } catch (error) {
    const { failure: kind, code, message } = classifyAwsError(error);
    return failure(kind, `${code}: ${message}`);
  }
}

/** What a write came to; the text (with its code, where it is not the count that was set) says what it has done. */
export async function writeCall(done: string | { readonly detail: string; readonly code?: string }, send: () => Promise<unknown>): Promise<WriteAnswer> {
  try {
    await send();
    return typeof done === "string" ? applied(done) : applied(done.detail, done.code);
  } catch (error) {
    return classifyAwsError(error);
  }
}

/** The limits could not be checked, so nothing was sent. */
export function notSent(read: Failure): WriteFailure {
  return { ...read, code: read.failure === "missing" ? "missing" : "read-failed", mayHaveArrived: false };
}

interface ErrorParts {
  readonly name: string;
  readonly message: string;
  readonly status: number | undefined;
  readonly networkCode: string;
  readonly attempted: boolean;
}

function partsOf(error: unknown): ErrorParts {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), status: undefined, networkCode: "", attempted: true };
  const { code, $metadata } = error as { code?: unknown; $metadata?: { httpStatusCode?: number } };
  return { name: error.name, message: error.message, status: $metadata?.httpStatusCode, networkCode: typeof code === "string" ? code : "", attempted: $metadata !== undefined };
}

/** `ValidationError` → `validation`, `InvalidParameterException` → `invalid-parameter`. */
function codeOf(name: string): string {
  return name.replace(/(Exception|Error|Fault)$/, "").replace(/(?<=[a-z])(?=[A-Z])|[^A-Za-z0-9]+/g, "-").toLowerCase();
}
