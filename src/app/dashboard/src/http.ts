const TOKEN_KEY = "foretide-token";

/** What the API answered instead of what was asked for (RFC 9457). */
export class ApiError extends Error {
  readonly status: number;
  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

export function setToken(token: string): void {
  sessionStorage.setItem(TOKEN_KEY, token);
}

function authorization(): Record<string, string> {
  const token = sessionStorage.getItem(TOKEN_KEY);
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return read<T>(await fetch(`/api/v1${path}`, { headers: authorization(), ...(signal === undefined ? {} : { signal }) }));
}

/** A write; each gets a key of its own, so that a retry by the network happens once. */
export async function send<T>(method: "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<T> {
  const headers = { ...authorization(), "idempotency-key": crypto.randomUUID(), ...(body === undefined ? {} : { "content-type": "application/json" }) };
  return read<T>(await fetch(`/api/v1${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }));
}

async function read<T>(response: Response): Promise<T> {
  if (response.ok) return (await response.json()) as T;
  const problem = (await response.json().catch(() => ({}))) as { detail?: string; title?: string };
  throw new ApiError(response.status, problem.detail ?? problem.title ?? `the daemon answered ${String(response.status)}`);
}

export interface ServerEvent {
  readonly type: string;
  readonly data: string;
}

export interface Listening {
  onEvent(event: ServerEvent): void;
  onState(state: "live" | "lost" | "unauthorized"): void;
}

const RETRY_MILLISECONDS = 2_000;

/** Server-sent events over fetch, which unlike EventSource can carry a token; resumes by Last-Event-ID until the signal ends it. */
export async function listen(path: string, listening: Listening, signal: AbortSignal): Promise<void> {
  let lastEventId: string | undefined;
  while (!signal.aborted) {
    try {
      const headers = { ...authorization(), ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }) };
      const response = await fetch(`/api/v1${path}`, { headers, signal });
      if (response.status === 401) {
        listening.onState("unauthorized");
        return;
      }
      if (!response.ok || response.body === null) throw new ApiError(response.status, "no stream");
      listening.onState("live");
      for await (const event of events(response.body)) {
        lastEventId = event.id ?? lastEventId;
        listening.onEvent(event);
      }
    } catch {
      if (signal.aborted) return;
    }
    listening.onState("lost");
    await new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS));
  }
}

async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent & { readonly id: string | undefined }> {
  const reader = body.pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const fields = new Map(block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]));
      const type = fields.get("event");
      if (type !== undefined) yield { type, data: fields.get("data") ?? "", id: fields.get("id") };
    }
  }
}
