import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DaemonEvent } from "../../src/app/status/daemon-view.ts";
import { serveFixture, type Served } from "../fixtures/daemon/served.ts";
import { SseReader } from "../fixtures/sse-reader.ts";

let served: Served;
const readers: SseReader[] = [];
beforeEach(async () => {
  served = await serveFixture();
});
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close();
  await served.close();
});

async function open(query = "", lastEventId?: string): Promise<SseReader> {
  const reader = await SseReader.open(`${served.base}/api/v1/events${query}`, lastEventId);
  readers.push(reader);
  return reader;
}

const control = (target: string): DaemonEvent => ({ type: "control", what: "mode", target });

describe("server-sent events", () => {
  it("begin with hello and bring each event whole, in order", async () => {
    const reader = await open();
    expect((await reader.take(1))[0]?.type).toBe("hello");
    const sent: DaemonEvent[] = [];
    served.daemon.subscribe((event) => sent.push(event));
    served.daemon.tick();
    const got = await reader.take(sent.length);
    expect(got.map(({ data }) => data)).toEqual(JSON.parse(JSON.stringify(sent)));
    expect(new Set(got.map(({ type }) => type))).toEqual(new Set(sent.map(({ type }) => type)));
  });

  it("resume after Last-Event-ID with exactly what was missed", async () => {
    const first = await open();
    await first.take(1);
    served.daemon.emit(control("a"));
    const [last] = await first.take(1);
    first.close();
    served.daemon.emit(control("b"));
    served.daemon.emit(control("c"));
    const second = await open("", last?.id);
    expect((await second.take(2)).map(({ data }) => (data as { target: string }).target)).toEqual(["b", "c"]);
    served.daemon.emit(control("d"));
    expect((await second.take(1)).map(({ data }) => (data as { target: string }).target)).toEqual(["d"]);
  });

  it("resume from the hello of a listener that saw nothing else", async () => {
    const [hello] = await (await open()).take(1);
    served.daemon.emit(control("a"));
    expect((await (await open("", hello?.id)).take(1))[0]?.data).toMatchObject({ target: "a" });
  });

  it("say reset for an id of another run, a made-up one, or one that is gone", async () => {
    const [hello] = await (await open()).take(1);
    for (const id of ["abc-1", "nonsense", `${hello?.id.split("-")[0] ?? ""}-999`]) {
      expect((await (await open("", id)).take(1))[0]?.type, id).toBe("reset");
    }
    for (let index = 0; index < 2_001; index += 1) served.daemon.emit(control("x"));
    expect((await (await open("", hello?.id)).take(1))[0]?.type).toBe("reset");
  });

  it("keep to the filters, also when they resume", async () => {
    const reader = await open("?target=checkout&type=decision");
    const [hello] = await reader.take(1);
    served.daemon.tick();
    served.daemon.tick();
    const got = await reader.take(2);
    expect(got.every(({ type, data }) => type === "decision" && (data as { target: string }).target === "checkout")).toBe(true);
    const again = await open("?target=checkout&type=decision", hello?.id);
    expect(await again.take(2)).toEqual(got);
  });

  it("refuse a type that is not there", async () => {
    await expect(open("?type=weather")).rejects.toThrow(/400/u);
  });

  it("let go of a listener that goes, and end all when the API closes", async () => {
    const gone = await open();
    await gone.take(1);
    gone.close();
    const stays = await open();
    await stays.take(1);
    await served.api.close();
    const deadline = Date.now() + 3_000;
    while (!stays.ended && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(stays.ended).toBe(true);
  });
});
