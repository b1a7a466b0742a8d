import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createActuator } from "../../../src/act/registry.ts";
import { signWebhook, verifyWebhook } from "../../../src/act/webhook-signature.ts";
import { makeActuator } from "../../contract/actuator-counterparts.ts";
import { intentTo } from "../../contract/actuator.contract.ts";
import { startWebhookReceiver, type WebhookReceiver } from "../../fixtures/webhook-receiver.ts";

let receiver: WebhookReceiver;
let folder: string;
beforeEach(async () => {
  receiver = await startWebhookReceiver(4);
  folder = mkdtempSync(join(tmpdir(), "foretide-webhook-"));
  writeFileSync(join(folder, "secret"), `${receiver.secret}\n`);
});
afterEach(async () => {
  await receiver.close();
  rmSync(folder, { recursive: true });
});
const make = (config: Record<string, unknown> = {}) => makeActuator("webhook", { url: receiver.url, secretFile: join(folder, "secret"), timeoutSeconds: 1, ...config }, () => Date.now() / 1_000);

describe("the signed webhook", () => {
  it("sends the intent with its key, and a repeat of the key is carried out once", async () => {
    const actuator = await make();
    const intent = intentTo(7, 4, { idempotencyKey: "shop@1#7", allocation: { instances: { "a/b/spot": 7 }, replicas: 7, costPerHourUsd: 1, carbonGramsPerHour: 1 } });
    expect(await actuator.write(intent)).toMatchObject({ ok: true, value: { applied: true } });
    expect(await actuator.write({ ...intent, expectedReplicas: 7 })).toMatchObject({ ok: true });
    expect(receiver.puts).toMatchObject([
      { key: "shop@1#7", status: 204, body: { target: "shop", desiredReplicas: 7, expectedReplicas: 4, allocation: { "a/b/spot": 7 }, direction: "out", epoch: 1 } },
      { key: "shop@1#7", status: 204 },
    ]);
    expect(receiver.replicas).toBe(7);
  });

  it("is refused under a wrong secret, and calls that permanent", async () => {
    writeFileSync(join(folder, "secret"), "another secret, as long");
    const actuator = await make();
    expect(await actuator.read()).toMatchObject({ ok: false, failure: "permanent" });
    expect(await actuator.write(intentTo(7, 4))).toMatchObject({ ok: false, code: "access-denied", mayHaveArrived: false });
  });

  it("follows no redirect", async () => {
    const actuator = await make();
    receiver.next = "redirect";
    expect(await actuator.write(intentTo(7, 4))).toMatchObject({ ok: false, failure: "permanent", code: "redirect" });
  });

  it("does not know what became of a write that a 5xx has answered", async () => {
    const actuator = await make();
    receiver.next = "fail";
    expect(await actuator.write(intentTo(7, 4))).toMatchObject({ ok: false, code: "server-error", mayHaveArrived: true });
  });

  it("keeps within the limits that the receiver tells", async () => {
    expect(await (await make()).write(intentTo(0, 4))).toMatchObject({ ok: false, code: "out-of-bounds" });
    expect(receiver.puts).toEqual([]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["plain http beyond loopback", { url: "http://scaler.example.com/shop", secretFile: "x" }, "webhook.url: must be https, except on loopback"],
    ["no address", { url: "shop", secretFile: "x" }, "webhook.url"],
    ["another scheme", { url: "file:///etc/passwd", secretFile: "x" }, "webhook.url"],
    ["no secret", { url: "https://scaler.example.com/shop" }, "webhook: name either secretVariable or secretFile"],
    ["two secrets", { url: "https://scaler.example.com/shop", secretFile: "x", secretVariable: "Y" }, "name either"],
    ["a secret file that is not there", { url: "https://scaler.example.com/shop", secretFile: "/nowhere/secret" }, "cannot read /nowhere/secret"],
    ["a variable that is not set", { url: "https://scaler.example.com/shop", secretVariable: "FORETIDE_NOT_SET" }, "FORETIDE_NOT_SET must hold a secret of at least 16 bytes"],
    ["a misspelt field", { url: "https://scaler.example.com/shop", secretFile: "x", timeout: 3 }, "timeout"],
  ])("cannot be made with %s", async (_, config, message) => {
    const made = await createActuator("webhook", config, { target: "shop", now: () => 0 });
    expect(made).toMatchObject({ ok: false, failure: "permanent" });
    expect(made.ok ? "" : made.message).toContain(message);
  });
});

describe("the webhook's signature", () => {
  const parts = { timestampSeconds: 1_795_521_600, method: "PUT", path: "/targets/shop", body: '{"desiredReplicas":7}' };
  // printf '%s' '1795521600.PUT./targets/shop.{"desiredReplicas":7}' | openssl dgst -sha256 -hmac 'correct horse battery staple'
  const KNOWN = "v1=3b02e812e97d48a36628eaf6302d7fbbac623231e9a413c2d491a459a189d4d7";

  it("is that of openssl", () => {
    expect(signWebhook("correct horse battery staple", parts)).toBe(KNOWN);
  });

  it("is checked by the code in docs/webhook.md as by ours", async () => {
    const page = readFileSync(fileURLToPath(new URL("../../../docs/webhook.md", import.meta.url)), "utf8");
    const code = /```js\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
    const { isGenuine } = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as { readonly isGenuine: (secret: string, request: Record<string, unknown>) => boolean };
    const now = Math.floor(Date.now() / 1_000);
    for (const [timestampSeconds, tampered, genuine] of [[now, "", true], [now - 290, "", true], [now - 310, "", false], [now, " ", false]] as const) {
      const request = { ...parts, timestampSeconds };
      const signature = signWebhook("correct horse battery staple", request);
      expect(isGenuine("correct horse battery staple", { ...request, timestamp: timestampSeconds, body: request.body + tampered, signature })).toBe(genuine);
      expect(verifyWebhook("correct horse battery staple", { ...request, body: request.body + tampered, signature }, now)).toBe(genuine);
    }
  });

  it("holds for five minutes and for nothing else", () => {
    const verify = (changed: Partial<typeof parts>, nowSeconds = parts.timestampSeconds, signature = KNOWN) => verifyWebhook("correct horse battery staple", { ...parts, ...changed, signature }, nowSeconds);
    expect(verify({})).toBe(true);
    expect(verify({}, parts.timestampSeconds + 300)).toBe(true);
    expect(verify({}, parts.timestampSeconds + 301)).toBe(false);
    expect(verify({}, parts.timestampSeconds - 301)).toBe(false);
    expect(verify({ body: '{"desiredReplicas":8}' })).toBe(false);
    expect(verify({ path: "/targets/cart" })).toBe(false);
    expect(verify({ method: "GET" })).toBe(false);
    expect(verify({}, parts.timestampSeconds, "v1=")).toBe(false);
  });
});
