/** An expected failure is a value. `transient`: try again later. `permanent`: it will fail again. `missing`: not there. `conflict`: what is there does not allow it now. */
export interface Failure {
  readonly ok: false;
  readonly failure: "transient" | "permanent" | "missing" | "conflict";
  readonly message: string;
}

export type Result<T> = { readonly ok: true; readonly value: T } | Failure;

export function success<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function failure(kind: Failure["failure"], message: string): Failure {
  return { ok: false, failure: kind, message };
}
