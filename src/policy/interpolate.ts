import { parse } from "yaml";

/** Where `${env:NAME}` and `${file:PATH}` are looked up; `undefined` means that it is not there. */
export interface Lookups {
  env(name: string): string | undefined;
  file(path: string): string | undefined;
}

type Interpolation = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string; readonly suggestion: string };

const REFERENCE = /\$\$|\$\{([^}]*)\}/g;
const ONE_REFERENCE = /^\$\{[^}]*\}$/;

/**
 * Fills in the references of one scalar, as the OpenTelemetry Collector does: `${env:NAME}`, `${env:NAME:-default}`,
 * `${file:PATH}`; `$$` is a dollar sign. A plain scalar that is one reference takes the type of what it stands for (a
 * number stays a number); a quoted one, and one within a longer text, is text. `${target…}` is left for the expansion of a set.
 */
export function interpolate(text: string, quoted: boolean, lookups: Lookups): Interpolation {
  if (!text.includes("$")) return { ok: true, value: text };
  let problem: { message: string; suggestion: string } | undefined;
  const filled = text.replaceAll(REFERENCE, (whole, body: string | undefined) => {
    if (body === undefined) return "$";
    if (/^target[:.]/.test(body)) return whole;
    const value = lookUp(body, lookups);
    if (typeof value === "string") return value;
    problem ??= value;
    return "";
  });
  if (problem !== undefined) return { ok: false, ...problem };
  if (quoted || !ONE_REFERENCE.test(text) || filled === text) return { ok: true, value: filled };
  return { ok: true, value: scalarOf(filled) };
}

function lookUp(body: string, lookups: Lookups): string | { message: string; suggestion: string } {
  const [, kind, reference = "", fallback] = /^(env|file):(.*?)(?::-(.*))?$/s.exec(body) ?? [];
  if (kind === undefined) return { message: `\${${body}} is not a reference`, suggestion: `write \${env:NAME}, \${env:NAME:-default} or \${file:PATH}; a plain dollar sign is $$` };
  const value = kind === "env" ? lookups.env(reference) : lookups.file(reference)?.replace(/\r?\n$/, "");
  if (value !== undefined && (value !== "" || fallback === undefined)) return value;
  if (fallback !== undefined) return fallback;
  return kind === "env"
    ? { message: `the environment variable ${reference} is not set`, suggestion: `set it, or give a default: \${env:${reference}:-default}` }
    : { message: `the file ${reference} cannot be read`, suggestion: "create it, or correct the path (relative to this file)" };
}

/** A value from outside as a number, a boolean or a text, never a structure. */
export function scalarOf(text: string): unknown {
  if (/[\n:#[\]{}&*!|>'"%@`]/.test(text)) return text;
  const value: unknown = parse(text, { schema: "core", version: "1.2" });
  return typeof value === "number" || typeof value === "boolean" ? value : text;
}
