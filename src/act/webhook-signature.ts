import { createHmac, timingSafeEqual } from "node:crypto";

/** What is signed: the time, the method, the path with its query, and the body as sent. */
export interface SignedParts {
  readonly timestampSeconds: number;
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** How far a receiver's clock may be from ours, in seconds; an older request may be a replay. */
export const SIGNATURE_TOLERANCE_SECONDS = 300;

/** `v1=` and the HMAC-SHA256, in hex, of `timestamp.method.path.body` under the shared secret. */
export function signWebhook(secret: string, { timestampSeconds, method, path, body }: SignedParts): string {
  return `v1=${createHmac("sha256", secret).update(`${timestampSeconds}.${method}.${path}.${body}`).digest("hex")}`;
}

/** For receivers: whether a request's signature is right and fresh. */
export function verifyWebhook(secret: string, request: SignedParts & { readonly signature: string }, nowSeconds: number): boolean {
  const expected = Buffer.from(signWebhook(secret, request));
  const given = Buffer.from(request.signature);
  const isFresh = Math.abs(nowSeconds - request.timestampSeconds) <= SIGNATURE_TOLERANCE_SECONDS;
  return isFresh && given.length === expected.length && timingSafeEqual(given, expected);
}
