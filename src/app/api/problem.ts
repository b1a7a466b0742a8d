import type { ProblemBody } from "./schemas/common.ts";

/** Stable names, not addresses: docs/api.md lists them. */
const PROBLEM_BASE = "urn:foretide:problem:";

const KINDS = {
  "bad-request": { status: 400, title: "The request is malformed" },
  unauthorized: { status: 401, title: "A bearer token is needed" },
  forbidden: { status: 403, title: "The token may read, not write" },
  "foreign-origin": { status: 403, title: "The request comes from another site" },
  "not-found": { status: 404, title: "Not found" },
  "method-not-allowed": { status: 405, title: "The method is not allowed here" },
  "request-timeout": { status: 408, title: "The request took too long to arrive" },
  conflict: { status: 409, title: "It conflicts with what holds now" },
  "key-in-use": { status: 409, title: "The same Idempotency-Key is being worked on" },
  "precondition-failed": { status: 412, title: "It has changed since it was read" },
  "content-too-large": { status: 413, title: "The body is too large" },
  "uri-too-long": { status: 414, title: "The path is too long" },
  "unsupported-media-type": { status: 415, title: "The body must be application/json" },
  "misdirected-request": { status: 421, title: "The Host header names another server" },
  "invalid-body": { status: 422, title: "The body does not fit its schema" },
  "key-reused": { status: 422, title: "The Idempotency-Key was used for another request" },
  "policy-refused": { status: 422, title: "The policies were refused; the ones before stay in force" },
  "headers-too-large": { status: 431, title: "The header fields are too large" },
  "internal-error": { status: 500, title: "An error of the daemon's own" },
  unavailable: { status: 503, title: "Not now" },
} as const;

export type ProblemKind = keyof typeof KINDS;
type ProblemErrors = ProblemBody["errors"];

/** Thrown to answer a request with RFC 9457 problem details; the filter writes it. */
export class ProblemError extends Error {
  readonly kind: ProblemKind;
  readonly errors: ProblemErrors;
  readonly headers: Readonly<Record<string, string>>;

  constructor(kind: ProblemKind, detail: string, extra: { errors?: ProblemErrors; headers?: Record<string, string> } = {}) {
    super(detail);
    this.name = "ProblemError";
    this.kind = kind;
    this.errors = extra.errors;
    this.headers = extra.headers ?? {};
  }

  get status(): number {
    return KINDS[this.kind].status;
  }

  /** The body of the answer; `instance` is the path that was asked for. */
  body(instance?: string): ProblemBody {
    const { status, title } = KINDS[this.kind];
    return {
      type: PROBLEM_BASE + this.kind,
      title,
      status,
      detail: this.message,
      ...(instance === undefined ? {} : { instance }),
      ...(this.errors === undefined ? {} : { errors: this.errors }),
    };
  }
}

/** The kind that stands for a bare status, such as fastify's own errors carry. */
export function problemKindOf(status: number): ProblemKind {
  const found = (Object.keys(KINDS) as ProblemKind[]).find((kind) => KINDS[kind].status === status);
  return found ?? (status >= 400 && status < 500 ? "bad-request" : "internal-error");
}

/** Every kind with its status. */
export function problemKinds(): (readonly [ProblemKind, number])[] {
  return (Object.keys(KINDS) as ProblemKind[]).map((kind) => [kind, KINDS[kind].status] as const);
}
