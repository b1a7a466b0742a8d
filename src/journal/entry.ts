import type { Outcome } from "../model/intent.ts";
import { fromJsonData, parseCanonicalJson, toJsonData } from "../model/canonical-json.ts";
import { contentDigest } from "../model/content-digest.ts";
import type { Forecast } from "../model/series.ts";
import type { ModelInstall } from "../model/snapshot.ts";
import { applyDelta, type Delta } from "./delta.ts";
import type { JournalPass } from "./journal.ts";

/** What one frame holds. `q` is the record's sequence; contents have none of their own and carry that of the record that follows. */
export type Entry =
  | { readonly t: "p"; readonly q: number; readonly g: string; readonly k: unknown }
  | { readonly t: "d"; readonly q: number; readonly g: string; readonly d: Delta | undefined }
  | { readonly t: "o"; readonly q: number; readonly o: Outcome }
  | { readonly t: "c"; readonly q: number; readonly g: string; readonly s: number; readonly v: unknown }
  | { readonly t: "n"; readonly q: number; readonly s: number; readonly k: string; readonly v: unknown }
  | { readonly t: "b"; readonly q: number; readonly h: string; readonly v: unknown };

/** A pass as it is stored: JSON data, fits and forecasts replaced by the digests of their contents. */
export type StoredPass = Omit<JournalPass, "group" | "snapshot" | "forecasts"> & {
  readonly snapshot: Omit<JournalPass["snapshot"], "installs"> & { readonly installs: readonly StoredInstall[] };
  readonly forecasts?: Readonly<Record<string, string>>;
};

type StoredInstall = Omit<ModelInstall, "fit"> & { readonly fitContent: string };

export interface SplitPass {
  readonly stored: StoredPass;
  /** The contents that the pass refers to, by digest. */
  readonly contents: ReadonlyMap<string, unknown>;
}

/** Takes fits and forecasts out of a pass. */
export function splitPass(pass: JournalPass): SplitPass {
  const contents = new Map<string, unknown>();
  const putAway = (value: unknown): string => {
    const digest = digestOf(value);
    contents.set(digest, value);
    return digest;
  };
  const { group: _group, snapshot, forecasts, ...rest } = pass;
  const installs = snapshot.installs.map(({ fit, ...install }) => ({ ...install, fitContent: putAway(fit) }));
  const stored = {
    ...rest,
    snapshot: { ...snapshot, installs },
    ...(forecasts === undefined ? {} : { forecasts: Object.fromEntries(Object.entries(forecasts).map(([target, forecast]) => [target, putAway(forecast)])) }),
  };
  return { stored: toJsonData(stored) as StoredPass, contents };
}

/** The digest under which a fit's content is stored. */
export function fitContent(install: ModelInstall): readonly [string, unknown] {
  return [digestOf(install.fit), install.fit];
}

/** Puts a pass together again; `contentOf` gives the contents that it refers to. */
export function joinPass(group: string, stored: StoredPass, contentOf: (digest: string) => unknown): JournalPass {
  const plain = fromJsonData(stored) as StoredPass;
  const { snapshot, forecasts, ...rest } = plain;
  const installs = snapshot.installs.map(({ fitContent: digest, ...install }) => ({ ...install, fit: contentOf(digest) }));
  return {
    group,
    ...rest,
    snapshot: { ...snapshot, installs },
    ...(forecasts === undefined ? {} : { forecasts: Object.fromEntries(Object.entries(forecasts).map(([target, digest]) => [target, contentOf(digest) as Forecast])) }),
  };
}

/** The digests that a stored pass refers to. */
export function contentsOf(stored: StoredPass): string[] {
  return [...stored.snapshot.installs.map((install) => install.fitContent), ...Object.values(stored.forecasts ?? {})];
}

export function entryText(entry: Entry): string {
  return JSON.stringify(entry.t === "p" || entry.t === "d" ? entry : toJsonData(entry));
}

/** Passes stay JSON data, on which the next delta applies; all else comes back as it was given. */
export function parseEntry(text: string): Entry {
  const isPass = text.startsWith('{"t":"p"') || text.startsWith('{"t":"d"');
  return (isPass ? JSON.parse(text) : parseCanonicalJson(text)) as Entry;
}

/** Fits and forecasts are immutable and come again and again: each object is hashed once. */
const digests = new WeakMap<object, string>();

function digestOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return contentDigest(value);
  let digest = digests.get(value);
  if (digest === undefined) {
    digest = contentDigest(value);
    digests.set(value, digest);
  }
  return digest;
}

/** The pass that an entry holds, given the one before it of its group; undefined where it needs one that is missing, or is no pass. */
export function nextPass(before: StoredPass | undefined, entry: Entry): StoredPass | undefined {
  if (entry.t === "p") return entry.k as StoredPass;
  if (entry.t !== "d" || before === undefined) return undefined;
  return entry.d === undefined ? before : (applyDelta(before, entry.d) as StoredPass);
}
