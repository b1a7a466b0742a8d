import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Override } from "../../src/model/override.ts";
import { BY, serveFixture, write, type Served } from "../fixtures/daemon/served.ts";

let served: Served;
beforeEach(async () => {
  served = await serveFixture();
});
afterEach(() => served.close());

const pin = { kind: "pin", target: "checkout", replicas: 7, durationSeconds: 600, ...BY };
const post = (body: unknown, key: string) => fetch(`${served.base}/api/v1/overrides`, write("POST", body, { "idempotency-key": key }));

describe("an override", () => {
  it("is in force with its reason, its author and its end, until it is ended", async () => {
    const made = (await (await post(pin, "k1")).json()) as Override;
    expect(made).toMatchObject({ target: "checkout", kind: "pin", replicas: 7, ...BY });
    expect(made.expiresAtSeconds - made.createdAtSeconds).toBe(600);
    const listed = (await (await fetch(`${served.base}/api/v1/overrides`)).json()) as { items: Override[] };
    expect(listed.items).toEqual([made]);
    const ended = await fetch(`${served.base}/api/v1/overrides/${made.id}?author=bob&reason=over`, write("DELETE"));
    expect(await ended.json()).toEqual(made);
    expect(served.daemon.overrides()).toEqual([]);
    expect(served.daemon.calls).toEqual(["add pin checkout", `remove ${made.id} by bob`]);
  });

  it("ends by itself at its time limit", async () => {
    await post({ ...pin, durationSeconds: 9 }, "k1");
    served.daemon.tick();
    expect(served.daemon.overrides()).toHaveLength(1);
    served.daemon.tick();
    expect(served.daemon.overrides()).toEqual([]);
  });
});

describe("an Idempotency-Key", () => {
  it("makes a repeated write happen once and answer the same", async () => {
    const first = await post(pin, "same");
    served.daemon.tick();
    const second = await post(pin, "same");
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(await second.json()).toEqual(await first.json());
    expect(served.daemon.calls).toEqual(["add pin checkout"]);
  });

  it("makes writes sent at once happen once", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(pin, "race")));
    expect(served.daemon.calls).toEqual(["add pin checkout"]);
    expect(answers.every(({ status }) => status === 201 || status === 409)).toBe(true);
    expect(answers.some(({ status }) => status === 201)).toBe(true);
  });

  it("refuses another request under the same key", async () => {
    await post(pin, "reused");
    const other = await post({ ...pin, replicas: 9 }, "reused");
    expect(other.status).toBe(422);
    expect(((await other.json()) as { type: string }).type).toBe("urn:foretide:problem:key-reused");
    expect(served.daemon.calls).toEqual(["add pin checkout"]);
  });

  it("is free again after a write that failed", async () => {
    const failed = await post({ ...pin, replicas: 99 }, "again");
    expect(failed.status).toBe(409);
    expect((await post(pin, "again")).status).toBe(201);
  });

  it("holds over a restart of the API for overrides", async () => {
    const first = (await (await post(pin, "durable")).json()) as Override;
    const again = await serveFixture({ daemon: served.daemon });
    const second = await fetch(`${again.base}/api/v1/overrides`, write("POST", pin, { "idempotency-key": "durable" }));
    expect(await second.json()).toEqual(first);
    expect(served.daemon.overrides()).toHaveLength(1);
    await again.close();
  });
});

describe("an ETag", () => {
  const url = (path: string) => `${served.base}/api/v1${path}`;

  it("is 304 for who has it, and another once the resource is another", async () => {
    const first = await fetch(url("/targets/checkout/mode"));
    const tag = first.headers.get("etag") ?? "";
    expect(tag).toMatch(/^"[\w-]+"$/u);
    const same = await fetch(url("/targets/checkout/mode"), { headers: { "if-none-match": `"other", W/${tag}` } });
    expect([same.status, await same.text(), same.headers.get("etag")]).toEqual([304, "", tag]);
    await fetch(url("/targets/checkout/mode"), write("PUT", { mode: "observe", ...BY }));
    const changed = await fetch(url("/targets/checkout/mode"), { headers: { "if-none-match": tag } });
    expect(changed.status).toBe(200);
    expect(changed.headers.get("etag")).not.toBe(tag);
  });

  it.each([
    ["/targets/checkout/mode", { mode: "recommend", ...BY }],
    ["/kill-switch", { engaged: true, ...BY }],
  ])("lets a write of %s through once, by If-Match", async (path, body) => {
    const tag = (await fetch(url(path))).headers.get("etag") ?? "";
    const won = await fetch(url(path), write("PUT", body, { "if-match": tag }));
    const lost = await fetch(url(path), write("PUT", body, { "if-match": tag }));
    expect([won.status, lost.status]).toEqual([200, 412]);
    expect(lost.headers.get("etag")).toBe((await fetch(url(path))).headers.get("etag"));
  });

  it("guards the end of an override", async () => {
    const { id } = (await (await post(pin, "tagged")).json()) as Override;
    const tag = (await fetch(url(`/overrides/${id}`))).headers.get("etag") ?? "";
    const refused = await fetch(url(`/overrides/${id}?author=a&reason=b`), write("DELETE", undefined, { "if-match": '"x"' }));
    const ended = await fetch(url(`/overrides/${id}?author=a&reason=b`), write("DELETE", undefined, { "if-match": tag }));
    expect([refused.status, ended.status]).toEqual([412, 200]);
  });
});

describe("pages of decisions", () => {
  it("give every decision once, newest first, while new ones are made", async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const query = cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const page = (await (await fetch(`${served.base}/api/v1/decisions?target=checkout&limit=70${query}`)).json()) as { items: { decision: { id: string } }[]; nextCursor?: string };
      seen.push(...page.items.map(({ decision }) => decision.id));
      cursor = page.nextCursor;
      served.daemon.tick();
    } while (cursor !== undefined);
    const times = seen.map((id) => Number(id.split("@")[1]));
    expect(times).toHaveLength(300);
    expect(new Set(times).size).toBe(300);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
  });

  it("keep to the filters", async () => {
    const now = served.daemon.now();
    const page = (await (await fetch(`${served.base}/api/v1/decisions?target=search&kind=scale-in&from=${String(now - 900)}&to=${String(now)}&limit=500`)).json()) as { items: { decision: { kind: string; target: string; timeSeconds: number } }[] };
    expect(page.items.length).toBeGreaterThan(0);
    for (const { decision } of page.items) {
      expect(decision).toMatchObject({ kind: "scale-in", target: "search" });
      expect(decision.timeSeconds).toBeGreaterThanOrEqual(now - 900);
      expect(decision.timeSeconds).toBeLessThan(now);
    }
  });
});
