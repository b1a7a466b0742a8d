// Where the load goes, on the wire: Route 53's weighted records, and a signed webhook.
import { createHmac } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSwitch, SWITCHES } from "../../../src/act/traffic/registry.ts";
import type { SplitOrder, SplitReading, TrafficSwitch } from "../../../src/act/traffic/traffic-switch.ts";
import { useCredentials } from "../../fixtures/aws/cloud.ts";
import { route53Fake, type Route53Fake } from "../../fixtures/aws/route53-fake.ts";
import { startWire, type AwsWire } from "../../fixtures/aws/wire.ts";

const REGIONS = ["us-east-1", "eu-west-1"];
const SETTINGS = { hostedZoneId: "Z0SHOP", recordName: "shop.example.com", recordType: "A", region: "us-east-1" };
const context = { split: "shop", regions: REGIONS, now: () => Date.now() / 1_000 };
const order = (reading: SplitReading, shares: Record<string, number>, key = "k-1"): SplitOrder => ({ shares, version: reading.version, idempotencyKey: key, reason: "a test" });

async function made(provider: Record<string, unknown>): Promise<TrafficSwitch> {
  const result = await createSwitch(provider, context);
  if (!result.ok) throw new Error(result.message);
  return result.value;
}
async function reading(of: TrafficSwitch): Promise<SplitReading> {
  const read = await of.read();
  if (!read.ok) throw new Error(read.message);
  return read.value;
}

describe("Route 53", () => {
  let fake: Route53Fake;
  let wire: AwsWire;
  let dns: TrafficSwitch;
  beforeEach(async () => {
    useCredentials("AKIDDNS");
    const record = (setIdentifier: string, weight: number, value: string) => ({ name: "shop.example.com.", type: "A", setIdentifier, weight, ttl: 60, values: [value] });
    fake = route53Fake([record("us-east-1", 100, "192.0.2.1"), record("eu-west-1", 100, "192.0.2.2")]);
    wire = await startWire([fake], () => 1_795_521_600);
    dns = await made({ route53: { ...SETTINGS, endpoint: wire.endpoint } });
  });
  afterEach(async () => {
    await dns.close();
    await wire.close();
  });
  const weights = (): Record<string, number> => Object.fromEntries(fake.records.map(({ setIdentifier, weight }) => [setIdentifier, weight]));

  it("tells the shares and the TTL", async () => {
    expect(await reading(dns)).toMatchObject({ shares: { "us-east-1": 0.5, "eu-west-1": 0.5 }, ttlSeconds: 60 });
    for (const record of fake.records) record.weight = 0;
    expect((await reading(dns)).shares).toEqual({ "us-east-1": 0.5, "eu-west-1": 0.5 });
  });

  it("sets all weights in one change batch, and leaves the rest of each record as it was", async () => {
    expect(await dns.write(order(await reading(dns), { "us-east-1": 0.301, "eu-west-1": 0.699 }))).toMatchObject({ ok: true, value: { applied: true } });
    expect(weights()).toEqual({ "us-east-1": 60, "eu-west-1": 140 });
    expect(fake.records.map(({ ttl, values }) => [ttl, values[0]]).sort()).toEqual([[60, "192.0.2.1"], [60, "192.0.2.2"]]);
    expect(wire.writeCalls()).toHaveLength(1);
    expect(await dns.write(order(await reading(dns), { "us-east-1": 0.3, "eu-west-1": 0.7 }))).toMatchObject({ ok: true, value: { applied: false } });
    expect(wire.writeCalls()).toHaveLength(1);
  });

  it("keeps a weight of one for the smallest share, and none for nothing", async () => {
    await dns.write(order(await reading(dns), { "us-east-1": 0.0001, "eu-west-1": 0.9999 }));
    expect(weights()["us-east-1"]).toBe(1);
    await dns.write(order(await reading(dns), { "us-east-1": 0, "eu-west-1": 1 }));
    expect(weights()["us-east-1"]).toBe(0);
    expect(await dns.write(order(await reading(dns), { "us-east-1": 0, "eu-west-1": 0 }))).toMatchObject({ ok: false, code: "validation", mayHaveArrived: false });
  });

  it("refuses what was decided against other weights, also where another hand comes between its reading and its write", async () => {
    const before = await reading(dns);
    const [first] = fake.records;
    if (first !== undefined) first.weight = 10;
    expect(await dns.write(order(before, { "us-east-1": 0, "eu-west-1": 1 }))).toMatchObject({ ok: false, code: "foreign-write", mayHaveArrived: false });
    expect(wire.writeCalls()).toHaveLength(0);
    wire.before("ChangeResourceRecordSets", 1, () => { for (const record of fake.records) record.weight = 77; });
    expect(await dns.write(order(await reading(dns), { "us-east-1": 0, "eu-west-1": 1 }))).toMatchObject({ ok: false, code: "foreign-write", mayHaveArrived: false });
    expect(weights()).toEqual({ "us-east-1": 77, "eu-west-1": 77 });
  });

  it("refuses a split that sends load to a region which it does not know, or that lacks one", async () => {
    fake.records.push({ name: "shop.example.com.", type: "A", setIdentifier: "ap-south-1", weight: 5, ttl: 60, values: ["192.0.2.3"] });
    expect(await dns.read()).toMatchObject({ ok: false, failure: "permanent" });
    fake.records = fake.records.slice(0, 1);
    expect(await dns.read()).toMatchObject({ ok: false, failure: "missing" });
  });

  it.each([
    ["throttled", { code: "Throttling", message: "Rate exceeded", status: 400 }, { code: "throttled", mayHaveArrived: false }],
    ["busy with an earlier change", { code: "PriorRequestNotComplete", message: "The request was rejected because Route 53 was still processing a prior request.", status: 400 }, { code: "throttled", mayHaveArrived: false }],
    ["denied", { code: "AccessDenied", message: "no", status: 403 }, { code: "access-denied", mayHaveArrived: false }],
    ["with expired credentials", { code: "ExpiredToken", message: "expired", status: 403 }, { code: "credentials-expired", mayHaveArrived: false }],
    ["broken", "garbage" as const, { code: "server-error", mayHaveArrived: true }],
    ["cut off", "drop" as const, { code: "no-answer", mayHaveArrived: true }],
  ])("says what came of a write that is %s, and sends it once", async (_, how, expected) => {
    const now = await reading(dns);
    wire.faults.push({ action: "ChangeResourceRecordSets", at: "before", times: 1, how });
    expect(await dns.write(order(now, { "us-east-1": 0.2, "eu-west-1": 0.8 }))).toMatchObject({ ok: false, ...expected });
    expect(wire.writeCalls()).toHaveLength(1);
  });

  it("ends a call that hangs after its timeout", async () => {
    const impatient = await made({ route53: { ...SETTINGS, endpoint: wire.endpoint, requestTimeoutSeconds: 0.2 } });
    const now = await reading(impatient);
    wire.faults.push({ action: "ChangeResourceRecordSets", at: "before", times: 1, how: "hang" });
    expect(await impatient.write(order(now, { "us-east-1": 0.2, "eu-west-1": 0.8 }))).toMatchObject({ ok: false, code: "timeout", mayHaveArrived: true });
    await impatient.close();
  });

  const policy = (writes: boolean) => SWITCHES.find(({ type }) => type === "route53")?.iamPolicy(SETTINGS, { writes });
  const actions = (policy(true)?.Statement ?? []).flatMap(({ Action }) => Action);
  it("has the least policy: it suffices, on the one zone", async () => {
    wire.allow("AKIDDNS", actions);
    expect(actions).toEqual(["route53:ChangeResourceRecordSets", "route53:ListResourceRecordSets"]);
    expect(policy(true)?.Statement.flatMap(({ Resource }) => Resource)).toEqual(["arn:aws:route53:::hostedzone/Z0SHOP"]);
    expect(await dns.write(order(await reading(dns), { "us-east-1": 0.2, "eu-west-1": 0.8 }))).toMatchObject({ ok: true });
    expect(policy(false)?.Statement.flatMap(({ Action }) => Action)).toEqual(["route53:ListResourceRecordSets"]);
  });
  it("is written down (renewed by `npx vitest run test/unit/act/traffic-switches.test.ts -u`)", async () => {
    const page = `# The least that AWS must allow to move weights\n\nGenerated from the code. In mode \`recommend\` the first action suffices: ${actions.filter((action) => action.includes("List")).map((action) => `\`${action}\``).join()}.\n\n\`\`\`json\n${JSON.stringify(policy(true), null, 2)}\n\`\`\`\n`;
    await expect(page.replace("the first action", "the one reading action")).toMatchFileSnapshot("../../../docs/aws-traffic-permissions.md");
  });
  it.each(actions)("needs %s", async (action) => {
    const before = await reading(dns);
    wire.allow("AKIDDNS", actions.filter((one) => one !== action));
    expect(await dns.write(order(before, { "us-east-1": 0.2, "eu-west-1": 0.8 }))).toMatchObject({ ok: false, mayHaveArrived: false });
    expect(weights()).toEqual({ "us-east-1": 100, "eu-west-1": 100 });
  });
});

describe("a webhook", () => {
  const SECRET = "a secret of the test, long enough";
  let server: Server;
  let url: string;
  let shares: Record<string, number>;
  let version: number;
  let done: Map<string, number>;
  let faults: ("drop-before" | "drop-after" | "throttle" | "fail" | "hang")[];
  let requests: { readonly method: string; readonly key: string }[];
  beforeEach(async () => {
    process.env["FORETIDE_SPLIT_SECRET"] = SECRET;
    shares = { "us-east-1": 0.5, "eu-west-1": 0.5 };
    version = 1;
    done = new Map();
    faults = [];
    requests = [];
    // A receiver as its reader would write one: nothing of ours in it.
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => { body += chunk.toString("utf8"); });
      request.on("end", () => {
        const time = String(request.headers["foretide-timestamp"]);
        const right = `v1=${createHmac("sha256", SECRET).update(`${time}.${request.method ?? ""}.${request.url ?? ""}.${body}`).digest("hex")}`;
        const reply = (status: number, value?: unknown): void => { response.writeHead(status, { etag: `"${String(version)}"` }).end(value === undefined ? "" : JSON.stringify(value)); };
        if (request.headers["foretide-signature"] !== right || Math.abs(Date.now() / 1_000 - Number(time)) > 300) { reply(401); return; }
        const key = String(request.headers["idempotency-key"]);
        requests.push({ method: request.method ?? "", key });
        if (request.method === "GET") { reply(200, { shares, ttlSeconds: 30 }); return; }
        const fault = faults.shift();
        if (fault === "hang") return;
        if (fault === "drop-before") return void request.socket.destroy();
        if (fault === "throttle") { reply(429); return; }
        if (fault === "fail") { reply(503); return; }
        const before = done.get(key);
        if (before === undefined && request.headers["if-match"] !== `"${String(version)}"`) { reply(412); return; }
        if (before === undefined) {
          shares = (JSON.parse(body) as { shares: Record<string, number> }).shares;
          version += 1;
          done.set(key, 204);
        }
        if (fault === "drop-after") return void request.socket.destroy();
        reply(204);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/split`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const hook = (config: Record<string, unknown> = {}) => made({ webhook: { url, secretVariable: "FORETIDE_SPLIT_SECRET", ...config } });
  const moved = { "us-east-1": 0.2, "eu-west-1": 0.8 };

  it("tells the shares and sets them, signed", async () => {
    const split = await hook();
    expect(await reading(split)).toMatchObject({ shares: { "us-east-1": 0.5 }, ttlSeconds: 30, version: '"1"' });
    expect(await split.write(order(await reading(split), moved))).toMatchObject({ ok: true, value: { applied: true } });
    expect(shares).toEqual(moved);
  });

  it.each(["drop-before", "drop-after", "throttle", "fail"] as const)("sends an order again under its key after %s, and it is carried out once", async (fault) => {
    const split = await hook();
    faults = [fault];
    expect(await split.write(order(await reading(split), moved))).toMatchObject({ ok: true });
    expect([shares, version]).toEqual([moved, 2]);
    expect(requests.filter(({ method }) => method === "PUT").map(({ key }) => key)).toEqual(["k-1", "k-1"]);
  });

  it("gives up after its attempts, with a value that says whether it may have arrived", async () => {
    const split = await hook();
    faults = ["fail", "fail", "fail"];
    expect(await split.write(order(await reading(split), moved))).toMatchObject({ ok: false, code: "server-error", mayHaveArrived: true });
    faults = ["throttle", "throttle", "throttle"];
    expect(await split.write(order(await reading(split), moved))).toMatchObject({ ok: false, code: "throttled", mayHaveArrived: false });
    expect(requests.filter(({ method }) => method === "PUT")).toHaveLength(6);
  });

  it("ends what hangs after its timeout", async () => {
    const split = await hook({ timeoutSeconds: 0.2, attempts: 1 });
    faults = ["hang"];
    expect(await split.write(order(await reading(split), moved))).toMatchObject({ ok: false, code: "timeout", mayHaveArrived: true });
  });

  it("is refused where another hand came between", async () => {
    const split = await hook();
    const before = await reading(split);
    version += 1;
    expect(await split.write(order(before, moved))).toMatchObject({ ok: false, code: "foreign-write" });
    expect(shares["us-east-1"]).toBe(0.5);
  });

  it("is refused with another secret", async () => {
    process.env["FORETIDE_SPLIT_SECRET"] = "another secret, long enough";
    expect(await (await hook()).read()).toMatchObject({ ok: false, failure: "permanent" });
  });

  it("refuses shares that do not sum to one before anything is sent", async () => {
    const split = await hook();
    expect(await split.write(order(await reading(split), { "us-east-1": 0.2, "eu-west-1": 0.2 }))).toMatchObject({ ok: false, code: "validation" });
    expect(requests.filter(({ method }) => method === "PUT")).toEqual([]);
  });
});

it.each([
  [{ dns: {} }, "there is no switch dns"],
  [{ route53: { hostedZoneId: "my zone", recordName: "a" } }, "traffic.shop.switch.route53.hostedZoneId"],
  [{ webhook: { url: "http://example.com/split", secretVariable: "A" } }, "must be https"],
])("a switch that is not well configured is refused with its place: %j", async (provider, message) => {
  const result = await createSwitch(provider, context);
  expect(result.ok ? "" : result.message).toContain(message);
});
