const LOCALE = "en-US";
const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 3, notation: "compact" });
const short = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 3 });
const clock = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(LOCALE, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** What stands for a value that is not there: never zero. */
export const ABSENT = "–";

/** What rounds to nothing has no sign. */
const SMALLEST_USD = 0.005;

type Maybe = number | null | undefined;
const isThere = (value: Maybe): value is number => value !== undefined && value !== null && Number.isFinite(value);

export function count(value: Maybe): string {
  return isThere(value) ? whole.format(value) : ABSENT;
}

export function quantity(value: Maybe): string {
  if (!isThere(value)) return ABSENT;
  return Math.abs(value) >= 100_000 ? compact.format(value) : Math.abs(value) >= 100 ? whole.format(value) : short.format(value);
}

export function usd(value: Maybe, signed = false): string {
  if (!isThere(value)) return ABSENT;
  if (Math.abs(value) < SMALLEST_USD) return "$0.00";
  const digits = Math.abs(value) >= 100 ? 0 : 2;
  const text = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(Math.abs(value));
  return `${sign(value, signed)}$${text}`;
}

/** As `usd`, in cents below one: what minutes cost. */
export function smallUsd(value: Maybe, signed = false): string {
  if (!isThere(value) || Math.abs(value) >= 0.01) return usd(value, signed);
  const cents = Math.round(Math.abs(value) * 10_000) / 100;
  return cents === 0 ? "$0.00" : `${sign(value, signed)}${short.format(cents)} ¢`;
}

export function grams(value: Maybe, signed = false): string {
  if (!isThere(value)) return ABSENT;
  const size = Math.abs(value);
  return `${sign(value, signed)}${size >= 1_000 ? `${short.format(size / 1_000)} kg` : `${short.format(size)} g`}`;
}

function sign(value: number, signed: boolean): string {
  return value < 0 ? "−" : signed && value > 0 ? "+" : "";
}

export function percent(share: Maybe, digits = 0): string {
  return isThere(share) ? `${new Intl.NumberFormat(LOCALE, { maximumFractionDigits: digits }).format(share * 100)}%`.replace("-", "−") : ABSENT;
}

export function timeOfDay(timeSeconds: number): string {
  return clock.format(timeSeconds * 1000);
}

export function dateTime(timeSeconds: number): string {
  return day.format(timeSeconds * 1000);
}

/** "45 s", "3 min", "2 h", "5 d". */
export function span(seconds: number): string {
  const size = Math.max(0, Math.round(seconds));
  if (size < 90) return `${String(size)} s`;
  if (size < 5_400) return `${String(Math.round(size / 60))} min`;
  if (size < 172_800) return `${short.format(size / 3_600)} h`;
  return `${String(Math.round(size / 86_400))} d`;
}

export function ago(timeSeconds: number, nowSeconds: number): string {
  return nowSeconds - timeSeconds < 1.5 ? "just now" : `${span(nowSeconds - timeSeconds)} ago`;
}

/** A kebab-case code as words: "scale-in-stabilization" → "Scale-in stabilization". */
export function words(code: string): string {
  const text = code.replaceAll(/([a-z])([A-Z])/gu, "$1 $2").replaceAll("-", " ").replaceAll(/scale (in|out)/gu, "scale-$1").toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

