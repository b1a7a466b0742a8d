import { createHash } from "node:crypto";
import { canonicalJson } from "./canonical-json.ts";

/** The SHA-256 of a value's canonical JSON, in hex: equal values have equal digests. */
export function contentDigest(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}
