import type { ServerResponse } from "node:http";
import type { DaemonEvent, DaemonView } from "../status/daemon-view.ts";
import { ProblemError } from "./problem.ts";

export const EVENT_TYPES = ["observation", "decision", "outcome", "policy", "control"] as const;

export interface EventFilter {
  readonly targets: readonly string[] | undefined;
  readonly types: readonly string[] | undefined;
}

interface SentEvent {
  readonly sequence: number;
  readonly event: DaemonEvent;
  readonly text: string;
}

interface Listener {
  readonly response: ServerResponse;
  readonly filter: EventFilter;
}

const KEPT_EVENTS = 2_000;
const MAX_LISTENERS = 200;
/** A listener that lets so much pile up is cut off; it resumes by Last-Event-ID. */
const MAX_PENDING_BYTES = 1024 * 1024;
const KEEP_ALIVE_MILLISECONDS = 15_000;
const RETRY_MILLISECONDS = 2_000;

/**
 * Hands the daemon's events to any number of listeners as server-sent events. The newest 2,000 are kept, so that a listener
 * that lost its connection resumes after its Last-Event-ID; an id of an earlier run, or one that is gone, gets `reset`.
 */
export class EventStream {
  readonly #run: string;
  readonly #kept: SentEvent[] = [];
  readonly #listeners = new Set<Listener>();
  readonly #stop: () => void;
  readonly #keepAlive: NodeJS.Timeout;
  #sequence = 0;

  constructor(view: DaemonView) {
    this.#run = Math.round(view.startedAtSeconds * 1000).toString(36);
    this.#stop = view.subscribe((event) => { this.#publish(event); });
    this.#keepAlive = setInterval(() => { for (const listener of this.#listeners) listener.response.write(":\n\n"); }, KEEP_ALIVE_MILLISECONDS).unref();
  }

  /** Writes the head, what was missed, and from then on each event, until the listener goes. */
  attach(response: ServerResponse, filter: EventFilter, lastEventId: string | undefined): void {
    if (this.#listeners.size >= MAX_LISTENERS) throw new ProblemError("unavailable", "too many listeners", { headers: { "retry-after": "30" } });
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no", "x-content-type-options": "nosniff" });
    response.write(`retry: ${String(RETRY_MILLISECONDS)}\n\n${this.#missed(lastEventId, filter)}`);
    const listener = { response, filter };
    this.#listeners.add(listener);
    response.on("close", () => this.#listeners.delete(listener));
  }

  close(): void {
    this.#stop();
    clearInterval(this.#keepAlive);
    for (const { response } of this.#listeners) response.end();
  }

  #publish(event: DaemonEvent): void {
    this.#sequence += 1;
    const sent = { sequence: this.#sequence, event, text: this.#format(event.type, JSON.stringify(event)) };
    this.#kept.push(sent);
    if (this.#kept.length > KEPT_EVENTS) this.#kept.shift();
    for (const listener of this.#listeners) {
      if (!wanted(event, listener.filter)) continue;
      listener.response.write(sent.text);
      if (listener.response.writableLength > MAX_PENDING_BYTES) listener.response.destroy();
    }
  }

  #missed(lastEventId: string | undefined, filter: EventFilter): string {
    const hello = `id: ${this.#run}-${String(this.#sequence)}\nevent: hello\ndata: {}\n\n`;
    if (lastEventId === undefined) return hello;
    const [run, text] = lastEventId.split("-");
    const last = run === this.#run && text !== undefined && /^\d+$/u.test(text) ? Number(text) : undefined;
    const oldest = this.#kept[0]?.sequence ?? this.#sequence + 1;
    if (last === undefined || last > this.#sequence || last < oldest - 1) return this.#format("reset", "{}");
    const missed = this.#kept.filter((sent) => sent.sequence > last && wanted(sent.event, filter));
    return missed.length === 0 ? hello : missed.map((sent) => sent.text).join("");
  }

  #format(type: string, data: string): string {
    return `id: ${this.#run}-${String(this.#sequence)}\nevent: ${type}\ndata: ${data}\n\n`;
  }
}

function wanted(event: DaemonEvent, filter: EventFilter): boolean {
  if (filter.types !== undefined && !filter.types.includes(event.type)) return false;
  return filter.targets === undefined || event.type === "policy" || event.type === "control" || filter.targets.includes(event.target);
}
