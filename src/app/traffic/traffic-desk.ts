import type { KillSwitch } from "../../act/kill-switch.ts";
import { createSwitch } from "../../act/traffic/registry.ts";
import type { SplitReading, TrafficSwitch } from "../../act/traffic/traffic-switch.ts";
import { ownValue } from "../../model/record.ts";
import { failure, success, type Result } from "../../model/result.ts";
import { nextShift, sharesWithout, type RegionView, type Shares, type ShiftStep } from "../../plan/traffic-shift.ts";
import type { Attribution } from "../status/daemon-view.ts";
import { EvacuationBook, shownEvacuation, type EvacuationBookParts, type EvacuationEntry, type Note } from "./evacuation-book.ts";
import { SplitFloors, type Hand, type SplitFloorsParts } from "./split-floors.ts";
import { hasEnded, type Evacuation, type SplitStatus, type TrafficView } from "./traffic-view.ts";

/** One split as foretide.yaml has it. */
export interface SplitSettings {
  readonly name: string;
  readonly mode: "recommend" | "full";
  /** Region → target. */
  readonly regions: Readonly<Record<string, string>>;
  readonly step: number;
  /** Seconds; the record's TTL where that is longer. */
  readonly settle: number;
  readonly switch: Readonly<Record<string, unknown>>;
  /** A target that buys in these regions: the shares follow what it has allocated where no region is evacuated. */
  readonly sharesFrom?: string | undefined;
}

export interface TrafficParts extends EvacuationBookParts, SplitFloorsParts {
  readonly killSwitch: Pick<KillSwitch, "state">;
  readonly target: (name: string) => Omit<RegionView, "region" | "share"> | undefined;
  /** Where a target's allocation lies, by region; undefined where it has none. */
  readonly allocated: (name: string) => Shares | undefined;
}

/** Another hand on the split is left alone for so long; then the evacuation goes on from where the shares stand. */
const HELD_SECONDS = 300;
const TICK_MILLISECONDS = 5_000;

interface Split {
  readonly settings: SplitSettings;
  readonly made: TrafficSwitch;
  reading: SplitReading | undefined;
  /** Of a move that follows an allocation; after a start it is waited as after a move. */
  movedSeconds: number;
  followed: number;
}

/** A change of the allocation smaller than this is not worth a move. */
const FOLLOW_TOLERANCE = 0.05;

/**
 * Where the load goes: moves it out of a region that is to be left, and back, by measured steps (src/plan/traffic-shift.ts).
 * Level-triggered: each tick reads the split and goes on from there, so a restart, a lost answer or another's hand need no
 * special path. A write is journalled before it is sent and after; where the journal takes nothing, nothing is sent.
 */
export class TrafficDesk implements TrafficView {
  readonly #parts: TrafficParts;
  readonly #splits: ReadonlyMap<string, Split>;
  readonly #book: EvacuationBook;
  readonly #floors: SplitFloors;
  #busy: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void> | undefined;

  private constructor(parts: TrafficParts, splits: ReadonlyMap<string, Split>, book: EvacuationBook) {
    this.#parts = parts;
    this.#splits = splits;
    this.#book = book;
    this.#floors = new SplitFloors(parts);
  }

  /** A file that cannot be read, or a switch that cannot be made, is a failure. */
  static async open(settings: readonly SplitSettings[], parts: TrafficParts): Promise<Result<TrafficDesk>> {
    const book = await EvacuationBook.open(parts);
    if (!book.ok) return book;
    const splits = new Map<string, Split>();
    for (const split of settings) {
      const made = await createSwitch(split.switch, { split: split.name, regions: Object.keys(split.regions), now: parts.now });
      if (!made.ok) return made;
      splits.set(split.name, { settings: split, made: made.value, reading: undefined, movedSeconds: parts.now(), followed: 0 });
    }
    const desk = new TrafficDesk(parts, splits, book.value);
    await desk.#abandonUnknown();
    return success(desk);
  }

  /** What foretide.yaml no longer names cannot be moved any more: such an evacuation ends here, loudly, and its floors with it. */
  async #abandonUnknown(): Promise<void> {
    for (const entry of this.#book.all) {
      const split = this.#splits.get(entry.split);
      if (hasEnded(entry) || (split !== undefined && ownValue(split.settings.regions, entry.region) !== undefined)) continue;
      const what = split === undefined ? `the split ${entry.split}` : `the region ${entry.region} of ${entry.split}`;
      const note = `foretide.yaml no longer has ${what}: its load stays where it is now; return it by hand`;
      this.#floors.clear(entry.split);
      this.#parts.onProblem(entry.split, note);
      const ended: EvacuationEntry = { ...entry, phase: "abandoned", code: split === undefined ? "split-removed" : "region-removed", note };
      await this.#replace(ended, { kind: "evacuation", detail: shownEvacuation(ended) });
    }
  }

  splits(): readonly SplitStatus[] {
    return [...this.#splits.values()].map(({ settings, reading }) => {
      const active = this.#book.active(settings.name);
      return { split: settings.name, mode: settings.mode, targets: settings.regions, shares: reading?.shares, evacuation: active && shownEvacuation(active) };
    });
  }

  evacuations(): readonly Evacuation[] {
    return this.#book.all.map(shownEvacuation);
  }

  evacuate(request: Parameters<TrafficView["evacuate"]>[0]): Promise<Result<Evacuation>> {
    return this.#inTurn(async () => {
      const kept = this.#book.find(request.id);
      if (kept !== undefined) return success(shownEvacuation(kept));
      const split = this.#splits.get(request.split);
      if (split === undefined || ownValue(split.settings.regions, request.region) === undefined) return failure("missing", split === undefined ? `foretide.yaml has no traffic split ${request.split}` : `${request.split} has no region ${request.region}`);
      const active = this.#book.active(request.split);
      if (active !== undefined) return failure("conflict", `${active.region} is being evacuated (${active.phase}): one region of a split at a time`);
      const reading = await split.made.read();
      if (!reading.ok) return failure(reading.failure, `the split cannot be read, so nothing is begun: ${reading.message}`);
      if (sharesWithout(reading.value.shares, request.region) === undefined) return failure("conflict", `no other region of ${request.split} has any load: there is nowhere to go`);
      const entry: EvacuationEntry = { ...request, phase: "leaving", base: { ...reading.value.shares }, code: "begun", note: "begun", lastMoveSeconds: -1e9, heldUntilSeconds: 0, moves: 0 };
      const stored = await this.#book.add(entry, { kind: "evacuation", detail: shownEvacuation(entry) });
      return stored.ok ? success(shownEvacuation(entry)) : stored;
    });
  }

  abort(id: string, by: Attribution): Promise<Result<Evacuation>> {
    return this.#inTurn(async () => {
      const entry = this.#book.find(id);
      if (entry === undefined) return failure("missing", `there is no evacuation ${id}`);
      if (entry.phase === "returning" || hasEnded(entry)) return success(shownEvacuation(entry));
      const next: EvacuationEntry = { ...entry, phase: "returning", code: "aborted", note: `the load returns: ${by.reason} (${by.author})` };
      const stored = await this.#replace(next, { kind: "evacuation", detail: { ...shownEvacuation(next), by } });
      return stored.ok ? success(shownEvacuation(next)) : stored;
    });
  }

  /** One turn: reads every split, and takes the next step of what is under way. While one is not over, none is added. */
  tick(): Promise<void> {
    this.#turn ??= this.#inTurn(async () => {
      for (const split of this.#splits.values()) await this.#takeTurn(split).catch((error: unknown) => { this.#parts.onProblem(split.settings.name, `a turn threw: this is a bug: ${String(error)}`); });
    }).finally(() => { this.#turn = undefined; });
    return this.#turn;
  }

  /** Ticks from now on. */
  run(): void {
    if (this.#splits.size === 0) return;
    void this.tick();
    this.#timer = setInterval(() => void this.tick(), TICK_MILLISECONDS).unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#busy;
    await Promise.all([...this.#splits.values()].map(({ made }) => made.close()));
  }

  async #takeTurn(split: Split): Promise<void> {
    const reading = await split.made.read();
    if (!reading.ok) {
      this.#parts.onProblem(split.settings.name, reading.message);
      return;
    }
    split.reading = reading.value;
    const entry = this.#book.active(split.settings.name);
    await (entry === undefined ? this.#follow(split, reading.value) : this.#advance(entry, split, reading.value));
  }

  async #advance(entry: EvacuationEntry, split: Split, reading: SplitReading): Promise<void> {
    const now = this.#parts.now();
    const due = entry.phase !== "returning" && now >= entry.expiresAtSeconds ? { ...entry, phase: "returning" as const, code: "expired", note: "the time is over: the load returns" } : entry;
    if (due.lastVersion !== undefined && due.lastVersion !== reading.version) {
      await this.#replace({ ...due, lastVersion: reading.version, heldUntilSeconds: now + HELD_SECONDS, code: "foreign-write", note: `another hand has changed the split: left alone for ${HELD_SECONDS} s` }, { kind: "evacuation-held", detail: { split: due.split, shares: reading.shares } });
      return;
    }
    if (now < due.heldUntilSeconds) return;
    const goal = due.phase === "returning" ? due.base : (sharesWithout(due.base, due.region) ?? due.base);
    const step = nextShift(this.#views(split, reading.shares), goal, { sinceMoveSeconds: now - due.lastMoveSeconds, rules: rulesOf(split, reading) });
    if (step.kind === "done") {
      if (due.phase === "returning") this.#floors.set(due, split.settings.regions, {});
      await this.#replace({ ...due, phase: due.phase === "returning" ? "returned" : "away", code: "done", note: step.text, lastVersion: reading.version }, { kind: "evacuation", detail: { id: due.id, phase: due.phase } });
      return;
    }
    this.#floors.set(due, split.settings.regions, step.floors);
    if (step.kind === "wait") await this.#replace({ ...due, code: step.code, note: step.text });
    else await this.#move(due, split, { reading, step });
  }

  /** Towards the shares that a target has allocated, by the same steps and with the same care. */
  async #follow(split: Split, reading: SplitReading): Promise<void> {
    const { settings } = split;
    const goal = settings.sharesFrom === undefined ? undefined : this.#parts.allocated(settings.sharesFrom);
    if (goal === undefined) return;
    const hand: Hand = { split: settings.name, reason: `follows the allocation of ${settings.sharesFrom ?? ""}`, author: "foretide" };
    if (Object.keys(settings.regions).every((region) => Math.abs((goal[region] ?? 0) - (reading.shares[region] ?? 0)) < FOLLOW_TOLERANCE)) {
      this.#floors.set(hand, split.settings.regions, {});
      return;
    }
    const step = nextShift(this.#views(split, reading.shares), goal, { sinceMoveSeconds: this.#parts.now() - split.movedSeconds, rules: rulesOf(split, reading) });
    if (step.kind === "done") return;
    this.#floors.set(hand, split.settings.regions, step.floors);
    if (step.kind !== "move" || settings.mode !== "full" || this.#parts.killSwitch.state().engaged) return;
    split.followed += 1;
    const sent = await this.#send(split, { reading, step, reason: hand.reason, idempotencyKey: `${settings.name}:follow:${String(Math.round(this.#parts.now()))}:${String(split.followed)}` });
    if (sent !== undefined && sent.kind !== "failed") split.movedSeconds = this.#parts.now();
    if (sent?.kind === "failed") this.#parts.onProblem(settings.name, `${sent.code}: ${sent.note}`);
    if (sent !== undefined) await this.#parts.journal.appendNote(this.#parts.now(), "traffic-outcome", sent.detail);
  }

  /** One write, journalled before it is sent. Undefined where the journal did not take it: nothing was sent. */
  async #send(split: Split, { reading, step, reason, idempotencyKey }: SendOrder): Promise<Sent | undefined> {
    const noted = await this.#parts.journal.appendNote(this.#parts.now(), "traffic-intent", { split: split.settings.name, idempotencyKey, from: reading.shares, shares: step.shares, floors: step.floors });
    if (!noted.ok) {
      this.#parts.onProblem(split.settings.name, `the journal did not take the move, so it was not sent: ${noted.message}`);
      return undefined;
    }
    const answer = await split.made.write({ shares: step.shares, version: reading.version, idempotencyKey, reason });
    const outcome = answer.ok ? { kind: answer.value.applied ? "applied" : "no-op", code: "moved", note: step.text } as const : { kind: answer.mayHaveArrived ? "unknown" : "failed", code: answer.code, note: answer.message } as const;
    // The version that stands now is read anew: what came of a lost answer, or between, shows in the next turn.
    const after = answer.ok ? await split.made.read() : undefined;
    if (after?.ok === true) split.reading = after.value;
    return { ...outcome, version: after?.ok === true ? after.value.version : undefined, detail: { split: split.settings.name, idempotencyKey, ...outcome } };
  }

  async #move(entry: EvacuationEntry, split: Split, { reading, step }: { readonly reading: SplitReading; readonly step: ShiftStep & { readonly kind: "move" } }): Promise<void> {
    const now = this.#parts.now();
    const killed = this.#parts.killSwitch.state();
    if (killed.engaged || split.settings.mode !== "full") {
      const why = killed.engaged ? { code: "kill-switch", note: `the kill switch holds: ${killed.reason}` } : { code: "mode", note: `recommended: ${step.text}` };
      await this.#replace({ ...entry, ...why });
      return;
    }
    const idempotencyKey = `${entry.id}:${entry.phase}:${String(entry.moves + 1)}`;
    const sent = await this.#send(split, { reading, step, idempotencyKey, reason: `evacuation of ${entry.region} by ${entry.author}: ${entry.reason}` });
    if (sent === undefined) return;
    const { lastVersion: _, ...unversioned } = entry;
    const lastMoveSeconds = sent.kind === "failed" ? entry.lastMoveSeconds : now;
    await this.#replace({ ...unversioned, moves: entry.moves + 1, lastMoveSeconds, code: sent.code, note: sent.note, ...(sent.version !== undefined && { lastVersion: sent.version }) }, { kind: "traffic-outcome", detail: sent.detail });
  }

  #views(split: Split, shares: Shares): readonly RegionView[] {
    return Object.entries(split.settings.regions).map(([region, name]) => ({
      region, share: shares[region] ?? 0,
      ...(this.#parts.target(name) ?? { demandPerSecond: undefined, readyReplicas: undefined, perReplica: undefined, maxReplicas: 0 }),
    }));
  }

  async #replace(entry: EvacuationEntry, note?: Note): Promise<Result<void>> {
    const stored = await this.#book.replace(entry, note);
    if (!stored.ok) this.#parts.onProblem(entry.split, stored.message);
    return stored;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#busy.then(work);
    this.#busy = done.catch(() => undefined);
    return done;
  }
}

interface SendOrder {
  readonly reading: SplitReading;
  readonly step: ShiftStep & { readonly kind: "move" };
  readonly idempotencyKey: string;
  readonly reason: string;
}

interface Sent {
  readonly kind: "applied" | "no-op" | "unknown" | "failed";
  readonly code: string;
  readonly note: string;
  readonly version: string | undefined;
  readonly detail: unknown;
}

function rulesOf({ settings }: Split, { ttlSeconds }: SplitReading): { readonly stepShare: number; readonly settleSeconds: number } {
  return { stepShare: settings.step, settleSeconds: Math.max(settings.settle, ttlSeconds) };
}
