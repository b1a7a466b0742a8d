import { z } from "zod";
import { Secret } from "./secret.ts";
import { suggestOneOf } from "./suggest.ts";

/** What a scalar's text came to. */
type Reading<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string; readonly suggestion?: string | undefined };

/** A leaf of the configuration: how it is read, and how an editor's schema describes what may be written. */
function scalar<T>(json: Readonly<Record<string, unknown>>, read: (value: unknown) => Reading<T>) {
  return z
    .any()
    .transform((value: unknown, context): T => {
      const reading: Reading<T> =
        value === undefined ? wrong("is required", howToWrite(json)) : value === null ? wrong("is empty", "give it a value, or remove the key") : read(value);
      if (reading.ok) return reading.value;
      context.issues.push({ code: "custom", input: value, message: reading.message, params: { suggestion: reading.suggestion } });
      return z.NEVER;
    })
    .meta(json);
}

function howToWrite(json: Readonly<Record<string, unknown>>): string {
  const example: unknown = Array.isArray(json["examples"]) ? json["examples"][0] : undefined;
  if (example !== undefined) return `write it as ${typeof example === "string" ? example : JSON.stringify(example)}`;
  if (Array.isArray(json["enum"])) return `it can be ${json["enum"].join(", ")}`;
  return json["type"] === "integer" ? "write a whole number" : json["type"] === "number" ? "write a number" : "write a text";
}

const right = <T>(value: T): Reading<T> => ({ ok: true, value });
const wrong = (message: string, suggestion?: string): { readonly ok: false; readonly message: string; readonly suggestion?: string | undefined } => ({ ok: false, message, suggestion });

function shown(value: unknown): string {
  if (typeof value === "number") return String(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return Array.isArray(value) ? "a list" : "a mapping";
}

const didYouMean = (value: string): string => `did you mean ${value}?`;

export const SECONDS_PER_UNIT = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;
const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+$/;

function readDuration(value: unknown, usualUnit: string): Reading<number> {
  if (typeof value === "number") return wrong("a duration needs its unit", didYouMean(`${String(value)}${usualUnit}`));
  if (typeof value !== "string") return wrong(`expected a duration such as 90s, 5m or 1d, not ${shown(value)}`, "write a number and one of ms, s, m, h, d, w");
  const text = value.trim();
  if (DURATION.test(text)) {
    let seconds = 0;
    for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g)) seconds += Number(count) * SECONDS_PER_UNIT[unit as keyof typeof SECONDS_PER_UNIT];
    return right(Number(seconds.toPrecision(12)));
  }
  const spelled = /^(\d+(?:\.\d+)?)\s*([a-zA-Zµ]*)$/.exec(text);
  const unit = spelled === null ? undefined : spelledUnit(spelled[2] ?? "");
  return wrong(`${shown(value)} is not a duration`, unit === undefined ? "write a number and one of ms, s, m, h, d, w: 90s, 5m, 1h30m" : didYouMean(`${spelled?.[1] ?? ""}${unit}`));
}

function spelledUnit(word: string): string | undefined {
  const lower = word.toLowerCase();
  if (lower === "") return "s";
  if (/^(milli|msec)/.test(lower) || lower === "ms") return "ms";
  const first = lower[0] ?? "";
  return ["s", "m", "h", "d", "w"].includes(first) && /^(s|sec|second|m|min|minute|h|hr|hour|d|day|w|wk|week)s?$/.test(lower) ? first : undefined;
}

/** A span of time in seconds, from `90s`, `5m`, `1h30m`, `250ms`, within the bounds (seconds). A bare number is told the usual unit. */
export function duration(bounds: { readonly min?: number; readonly max?: number; readonly usualUnit?: keyof typeof SECONDS_PER_UNIT } = {}) {
  return scalar({ type: "string", pattern: DURATION.source, examples: ["90s", "5m", "1d"] }, (value) => {
    const reading = readDuration(value, bounds.usualUnit ?? "s");
    return reading.ok ? within(reading.value, bounds, formatSeconds) : reading;
  });
}

/** Seconds in the largest unit that divides them: 300 → `5m`. */
export function formatSeconds(seconds: number): string {
  for (const [unit, size] of Object.entries(SECONDS_PER_UNIT).reverse()) {
    const count = seconds / size;
    if (count >= 1 && Number.isInteger(Number(count.toPrecision(12)))) return `${String(Number(count.toPrecision(12)))}${unit}`;
  }
  return `${String(seconds)}s`;
}

function within(value: number, bounds: { readonly min?: number; readonly max?: number }, format: (value: number) => string = String): Reading<number> {
  if (bounds.min !== undefined && value < bounds.min) return wrong(`must be at least ${format(bounds.min)}`, didYouMean(format(bounds.min)));
  if (bounds.max !== undefined && value > bounds.max) return wrong(`must be at most ${format(bounds.max)}`, didYouMean(format(bounds.max)));
  return right(value);
}

// 0 to 100 with a per cent sign, or a number from 0 to 1.
const PERCENT = "^(?:100(?:\\.0+)?|\\d{1,2}(?:\\.\\d+)?)%$";

function readShare(value: unknown): Reading<number> {
  if (typeof value === "string") {
    const percent = /^(\d+(?:\.\d+)?)\s*%$/.exec(value.trim());
    if (percent !== null) {
      const share = Number((Number(percent[1]) / 100).toPrecision(12));
      return share > 1 ? wrong("a share is at most 100%", didYouMean("100%")) : right(share);
    }
    return wrong(`${shown(value)} is not a share`, /^\d+(\.\d+)?$/.test(value) ? didYouMean(`${value}%`) : "write it as 0.1% or as 0.001");
  }
  if (typeof value !== "number" || !Number.isFinite(value)) return wrong(`expected a share such as 0.1% or 0.001, not ${shown(value)}`, "write it as 0.1% or as 0.001");
  if (value < 0) return wrong("a share is not negative", didYouMean(String(Math.min(-value, 1))));
  return value > 1 ? wrong("a share is at most 1", didYouMean(`${String(Math.min(value, 100))}%`)) : right(value);
}

/** A share of 1, from `0.1%` or `0.001`. */
export function share(bounds: { readonly moreThan?: number } = {}) {
  return scalar({ anyOf: [{ type: "number", minimum: 0, maximum: 1 }, { type: "string", pattern: PERCENT }], examples: ["0.1%", 0.001] }, (value) => {
    const reading = readShare(value);
    if (reading.ok && bounds.moreThan !== undefined && reading.value <= bounds.moreThan) return wrong(`must be more than ${String(bounds.moreThan)}`, "write a share such as 0.1%");
    return reading;
  });
}

const BYTES_PER_UNIT: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };
const BYTES = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB|TiB|kB|MB|GB|TB)$/;

function readBytes(value: unknown): Reading<number> {
  const match = typeof value === "string" ? BYTES.exec(value.trim()) : null;
  if (match !== null) return right(Math.round(Number(match[1]) * (BYTES_PER_UNIT[match[2] ?? ""] ?? 1)));
  if (typeof value === "number") return wrong("a size needs its unit", didYouMean(`${String(value)}MiB`));
  const loose = typeof value === "string" ? /^(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?$/i.exec(value.trim()) : null;
  const unit = loose === null ? undefined : `${(loose[2] ?? "").toUpperCase()}${loose[2] === "" ? "" : "i"}B`;
  return wrong(`${shown(value)} is not a size`, loose === null ? "write it as 64MiB" : didYouMean(`${loose[1] ?? ""}${unit ?? ""}`));
}

function formatBytes(size: number): string {
  const unit = ["TiB", "GiB", "MiB", "KiB"].find((name) => size % (BYTES_PER_UNIT[name] ?? 1) === 0) ?? "B";
  return `${String(size / (BYTES_PER_UNIT[unit] ?? 1))}${unit}`;
}

/** A number of bytes, from `64MiB` (1024-based) or `64MB` (1000-based). */
export function bytes(bounds: { readonly min?: number; readonly max?: number } = {}) {
  return scalar({ type: "string", pattern: BYTES.source, examples: ["64MiB"] }, (value) => {
    const reading = readBytes(value);
    return reading.ok ? within(reading.value, bounds, formatBytes) : reading;
  });
}

/** A target value: a plain number, a share (`70%` → 0.7) or a size (`2GiB` → bytes). More than zero. */
export function targetValue() {
  return scalar({ anyOf: [{ type: "number", exclusiveMinimum: 0 }, { type: "string", pattern: PERCENT }, { type: "string", pattern: BYTES.source }], examples: ["70%", 50, "2GiB"] }, (value) => {
    const reading = typeof value === "number" ? right(value) : typeof value === "string" && value.includes("%") ? readShare(value) : typeof value === "string" && /[a-z]/i.test(value) ? readBytes(value) : wrong(`expected a number, a share or a size, not ${shown(value)}`, "write it as 50, 70% or 2GiB");
    return reading.ok && !(reading.value > 0) ? wrong("must be more than 0", "write the load that one replica should carry") : reading;
  });
}

function numeric(value: unknown, kind: string): Reading<number> {
  if (typeof value === "number" && Number.isFinite(value)) return right(value);
  // "$20", "100 rps", "1_000" and "1,000" say plainly what was meant.
  const plain = typeof value === "string" ? /^\$?\s*(-?\d{1,3}(?:[_,]\d{3})+|-?\d+(?:[.,]\d+)?)/.exec(value.trim()) : null;
  const number = /[_,]\d{3}/.test(plain?.[1] ?? "") ? plain?.[1]?.replaceAll(/[_,]/g, "") : plain?.[1]?.replace(",", ".");
  return wrong(`expected ${kind}, not ${shown(value)}`, number === undefined ? `write ${kind}` : didYouMean(number));
}

/** A whole number within the bounds. */
export function integer(bounds: { readonly min?: number; readonly max?: number } = {}) {
  return scalar({ type: "integer", ...jsonBounds(bounds) }, (value) => {
    const reading = numeric(value, "a whole number");
    if (!reading.ok) return reading;
    return Number.isSafeInteger(reading.value) ? within(reading.value, bounds) : wrong(`expected a whole number, not ${shown(value)}`, didYouMean(String(Math.max(bounds.min ?? -Infinity, Math.round(reading.value)))));
  });
}

/** A number within the bounds. */
export function number(bounds: { readonly min?: number; readonly max?: number; readonly moreThan?: number } = {}) {
  const { moreThan } = bounds;
  return scalar({ type: "number", ...jsonBounds(bounds), ...(moreThan === undefined ? {} : { exclusiveMinimum: moreThan }) }, (value) => {
    const reading = numeric(value, "a number");
    if (reading.ok && moreThan !== undefined && reading.value <= moreThan) return wrong(`must be more than ${String(moreThan)}`, "write a larger number, or remove the key");
    return reading.ok ? within(reading.value, bounds) : reading;
  });
}

function jsonBounds(bounds: { readonly min?: number; readonly max?: number }): Record<string, number> {
  return { ...(bounds.min === undefined ? {} : { minimum: bounds.min }), ...(bounds.max === undefined ? {} : { maximum: bounds.max }) };
}

/** A text that nothing prints; an empty one (`${env:NAME:-}`) is none. */
export function secret() {
  return scalar({ type: "string" }, (value): Reading<Secret | undefined> => {
    if (value instanceof Secret) return right(value);
    if (typeof value === "string") return right(value === "" ? undefined : new Secret(value));
    return typeof value === "number" ? right(new Secret(String(value))) : wrong("expected a text", "write ${env:NAME} or ${file:PATH}");
  });
}

/** One of a few words. */
export function choice<const Word extends string>(words: readonly Word[]) {
  return scalar({ enum: words }, (value): Reading<Word> => {
    const word = words.find((candidate) => candidate === value);
    return word === undefined ? wrong(`${shown(value)} is not one of ${words.join(", ")}`, suggestOneOf(value, words)) : right(word);
  });
}

/** true or false. */
export function flag() {
  return scalar({ type: "boolean" }, (value): Reading<boolean> => {
    if (typeof value === "boolean") return right(value);
    const yes = /^(yes|on|y|1|true)$/i.test(String(value));
    const no = /^(no|off|n|0|false)$/i.test(String(value));
    return wrong(`expected true or false, not ${shown(value)}`, yes || no ? didYouMean(String(yes)) : "write true or false");
  });
}

/** A text that is not empty, and matches the pattern where one is given. */
export function text(rule: { readonly pattern?: RegExp; readonly what?: string; readonly suggest?: (value: string) => string | undefined } = {}) {
  const { pattern, what = "a text", suggest } = rule;
  return scalar({ type: "string", minLength: 1, ...(pattern === undefined ? {} : { pattern: pattern.source }) }, (value): Reading<string> => {
    if (typeof value === "number" || typeof value === "boolean") return wrong(`expected ${what}, not ${shown(value)}`, `put it in quotes: "${String(value)}"`);
    if (typeof value !== "string") return wrong(`expected ${what}, not ${shown(value)}`, `write ${what}`);
    if (value === "") return wrong("is empty", `write ${what}`);
    if (pattern === undefined || pattern.test(value)) return right(value);
    return wrong(`${shown(value)} is not ${what}`, suggest?.(value));
  });
}

const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

/** A name as Kubernetes writes it: lower-case letters, digits, `-` and `.`, at most 253. */
export function objectName() {
  return text({
    pattern: NAME,
    what: "a name of lower-case letters, digits, - and .",
    suggest: (value) => {
      const fixed = value.toLowerCase().replaceAll(/[^a-z0-9.-]+/g, "-").replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, "").slice(0, 253);
      return NAME.test(fixed) ? didYouMean(fixed) : undefined;
    },
  });
}

/** A point in time as epoch seconds, from ISO 8601 with its offset: `2026-11-27T06:00:00Z`. */
export function instant() {
  const pattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/;
  return scalar({ type: "string", pattern: pattern.source, examples: ["2026-11-27T06:00:00Z"] }, (value): Reading<number> => {
    const milliseconds = typeof value === "string" && pattern.test(value) ? Date.parse(value) : NaN;
    // Date.parse rolls 30 February over to March: the day that comes back must be the day that was written.
    if (Number.isFinite(milliseconds) && typeof value === "string" && validDay(value)) return right(milliseconds / 1000);
    const guess = typeof value === "string" ? completeInstant(value) : undefined;
    return wrong(`${shown(value)} is not a time with its offset`, guess === undefined ? "write it as 2026-11-27T06:00:00Z" : didYouMean(guess));
  });
}

function validDay(value: string): boolean {
  const [year, month, day] = value.slice(0, 10).split("-").map(Number);
  const date = new Date(Date.UTC(year ?? 0, (month ?? 0) - 1, day));
  return date.getUTCMonth() + 1 === month && date.getUTCDate() === day;
}

function completeInstant(value: string): string | undefined {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2})?)?$/.exec(value.trim());
  return match === null || !validDay(value.trim()) ? undefined : `${match[1] ?? ""}T${match[2] ?? "00:00"}${match[3] ?? ":00"}Z`;
}
