import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TargetMark } from "../../src/app/forecasts/mark-book.ts";
import { BY, serveFixture, write, type Served } from "../fixtures/daemon/served.ts";

let served: Served;
beforeEach(async () => {
  served = await serveFixture();
});
afterEach(() => served.close());

const outage = { kind: "outage", fromSeconds: 1_789_990_000, toSeconds: 1_789_993_600, ...BY };
const post = (body: unknown, key: string, target = "search") => fetch(`${served.base}/api/v1/targets/${target}/marks`, write("POST", body, { "idempotency-key": key }));
const listed = async (target = "search"): Promise<TargetMark[]> => ((await (await fetch(`${served.base}/api/v1/targets/${target}/marks`)).json()) as { items: TargetMark[] }).items;

describe("a mark", () => {
  it("is in force with its stretch, its author and its reason, until it is undone", async () => {
    const made = (await (await post(outage, "k1")).json()) as TargetMark;
    expect(made).toMatchObject({ target: "search", automatic: false, ...outage });
    expect(await listed()).toEqual([made]);
    const undone = await fetch(`${served.base}/api/v1/marks/${made.id}?author=bob&reason=wrong`, write("DELETE"));
    expect(await undone.json()).toEqual(made);
    expect(await listed()).toEqual([]);
    expect(served.daemon.calls).toEqual(["mark outage search", `undo ${made.id} by bob`]);
    expect((await fetch(`${served.base}/api/v1/marks/${made.id}`)).status).toBe(404);
  });

  it("is made once under one key, and the key is not another mark's", async () => {
    const answers = [await post(outage, "same"), await post(outage, "same")];
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    expect(await listed()).toHaveLength(1);
    expect((await post({ ...outage, kind: "deploy" }, "same")).status).toBe(422);
  });

  it("is not undone by who has not seen how it stands", async () => {
    const made = (await (await post(outage, "k1")).json()) as TargetMark;
    const url = `${served.base}/api/v1/marks/${made.id}`;
    const tag = (await fetch(url)).headers.get("etag") ?? "";
    const undo = (ifMatch: string) => fetch(`${url}?author=bob&reason=x`, write("DELETE", undefined, { "if-match": ifMatch }));
    expect((await undo('"other"')).status).toBe(412);
    expect(await listed()).toHaveLength(1);
    expect((await undo(tag)).status).toBe(200);
  });

  it("is refused with the place where it ends before it begins, is too long, or is of no known kind", async () => {
    for (const [bad, pointer] of [[{ toSeconds: outage.fromSeconds }, "/toSeconds"], [{ toSeconds: outage.fromSeconds + 91 * 86_400 }, "/toSeconds"], [{ kind: "bad-day" }, "/kind"], [{ author: " " }, "/author"]] as const) {
      const refused = await post({ ...outage, ...bad }, `bad-${String(Object.values(bad)[0]).trim()}`);
      expect(refused.status).toBe(422);
      expect(((await refused.json()) as { errors: { pointer: string }[] }).errors[0]?.pointer).toBe(pointer);
    }
    expect((await post(outage, "nobody", "nobody")).status).toBe(404);
    expect(await listed()).toEqual([]);
  });
});
