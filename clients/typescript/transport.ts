/** RFC 9457 problem details as the daemon sends them. */
export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance?: string;
  readonly errors?: readonly { readonly in: string; readonly pointer: string; readonly detail: string }[];
}

/** The daemon's word on why a request failed. */
export class ForetideError extends Error {
  readonly problem: ProblemDetails;

  constructor(problem: ProblemDetails) {
    super(`${String(problem.status)} ${problem.title}: ${problem.detail}`);
    this.name = "ForetideError";
    this.problem = problem;
  }
}

export interface TransportOptions {
  /** Such as `http://127.0.0.1:8080`. */
  readonly baseUrl: string;
  readonly token?: string;
  /** The platform's own when left out. */
  readonly fetch?: typeof fetch;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface ServerSentEvent {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
}

type QueryValue = string | number | boolean | undefined;

interface Call extends CallOptions {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, QueryValue | readonly QueryValue[]>>;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
}

const RETRY_MILLISECONDS = 2_000;
const RETRIED_STATUSES = new Set([429, 502, 503, 504]);

/** Sends requests: encodes what is given, gives every POST an Idempotency-Key, and throws ForetideError for an error. */
export class Transport {
  readonly #options: TransportOptions;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  async json<T>(call: Call): Promise<T> {
    return (await (await this.#send(call)).json()) as T;
  }

  async text(call: Call): Promise<string> {
    return (await this.#send(call)).text();
  }

  /** Events without end: a lost connection is taken up again after the last event seen. Ends when the signal aborts. */
  async *events(call: Call): AsyncGenerator<ServerSentEvent> {
    let lastEventId = call.headers?.["last-event-id"];
    const isOver = (): boolean => call.signal?.aborted === true;
    while (!isOver()) {
      try {
        const response = await this.#send({ ...call, headers: { ...call.headers, "last-event-id": lastEventId } });
        for await (const event of parseEvents(response)) {
          lastEventId = event.id;
          yield event;
        }
      } catch (error) {
        if (isOver()) return;
        if (error instanceof ForetideError && !RETRIED_STATUSES.has(error.problem.status)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS));
    }
  }

  async #send({ method, path, query = {}, headers = {}, body, signal }: Call): Promise<Response> {
    const url = new URL(path, this.#options.baseUrl);
    for (const [name, value] of Object.entries(query)) {
      for (const one of [value].flat()) if (one !== undefined) url.searchParams.append(name, String(one));
    }
    const all = new Headers();
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) all.set(name, value);
    if (this.#options.token !== undefined) all.set("authorization", `Bearer ${this.#options.token}`);
    if (method === "POST" && !all.has("idempotency-key")) all.set("idempotency-key", crypto.randomUUID());
    if (body !== undefined) all.set("content-type", "application/json");
    const send = this.#options.fetch ?? fetch;
    const response = await send(url, { method, headers: all, ...(body === undefined ? {} : { body: JSON.stringify(body) }), ...(signal === undefined ? {} : { signal }) });
    if (response.ok) return response;
    throw new ForetideError(await problemOf(response));
  }
}

async function problemOf(response: Response): Promise<ProblemDetails> {
  const fallback = { type: "about:blank", title: response.statusText, status: response.status, detail: "" };
  return { ...fallback, ...((await response.json().catch(() => ({}))) as Partial<ProblemDetails>) };
}

async function* parseEvents(response: Response): AsyncGenerator<ServerSentEvent> {
  if (response.body === null) return;
  const decoder = new TextDecoder();
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const fields = new Map(block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]));
      const type = fields.get("event");
      if (type !== undefined) yield { id: fields.get("id") ?? "", type, data: JSON.parse(fields.get("data") ?? "null") as unknown };
    }
  }
}
