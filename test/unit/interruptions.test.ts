import { describe, expect, it } from "vitest";
import { scoreNotices } from "../../bench/purchase/notice-rows.ts";
import { parseAzureScheduledEvents, parseGooglePreempted } from "../../src/observe/market/interruptions/instance-metadata.ts";
import { EMPTY_BOOK, forgetOld, takeMessage } from "../../src/observe/market/interruptions/notice-book.ts";
import { parseEvent } from "../../src/observe/market/interruptions/parse-event.ts";

const event = (type: string, detail: unknown, more: Record<string, unknown> = {}): string =>
  JSON.stringify({ version: "0", id: "1", "detail-type": type, source: "aws.ec2", account: "1", time: "2026-11-24T12:00:00Z", region: "us-east-1", resources: [], detail, ...more });
const AT = Date.parse("2026-11-24T12:00:00Z") / 1000;
const ours = (id: string): string | undefined => (id.startsWith("i-ours") ? "us-east-1a/m5.large/spot" : undefined);

describe("messages by kind", () => {
  it("reads a spot interruption: two minutes from the event, none for hibernate", () => {
    expect(parseEvent(event("EC2 Spot Instance Interruption Warning", { "instance-id": "i-1", "instance-action": "terminate" }))).toEqual([{ kind: "interruption", instanceId: "i-1", timeSeconds: AT + 120, channel: "eventbridge" }]);
    expect(parseEvent(event("EC2 Spot Instance Interruption Warning", { "instance-id": "i-1", "instance-action": "hibernate" }))[0]?.timeSeconds).toBe(AT);
  });

  it("reads a rebalance recommendation, a state change and a scheduled change", () => {
    expect(parseEvent(event("EC2 Instance Rebalance Recommendation", { "instance-id": "i-1" }))[0]?.kind).toBe("rebalance");
    expect(parseEvent(event("EC2 Instance State-change Notification", { "instance-id": "i-1", state: "shutting-down" }))[0]?.kind).toBe("gone");
    expect(parseEvent(event("EC2 Instance State-change Notification", { "instance-id": "i-1", state: "running" }))).toEqual([]);
    const health = { service: "EC2", eventTypeCategory: "scheduledChange", startTime: "Wed, 25 Nov 2026 12:00:00 GMT", affectedEntities: [{ entityValue: "i-1" }, { entityValue: "vol-1" }] };
    expect(parseEvent(event("AWS Health Event", health, { source: "aws.health" }))).toEqual([{ kind: "maintenance", instanceId: "i-1", timeSeconds: AT + 86_400, channel: "eventbridge" }]);
  });

  it.each(["", "{", "null", "[]", "7", event("EC2 Something New", {}), event("EC2 Spot Instance Interruption Warning", {}), event("EC2 Spot Instance Interruption Warning", { "instance-id": "i-1", "instance-action": "terminate" }, { version: "1" }), event("EC2 Spot Instance Interruption Warning", { "instance-id": "i-1", "instance-action": "terminate" }, { time: "soon" })])("finds nothing in %s", (text) => {
    expect(parseEvent(text)).toEqual([]);
  });

  it("reads Google's and Azure's half-minute notices", () => {
    expect(parseGooglePreempted("TRUE\n", "vm-1", 100)).toEqual([{ kind: "interruption", instanceId: "vm-1", timeSeconds: 130, channel: "gce-metadata" }]);
    expect(parseGooglePreempted("FALSE", "vm-1", 100)).toEqual([]);
    const azure = JSON.stringify({ DocumentIncarnation: 1, Events: [{ EventId: "e", EventType: "Preempt", ResourceType: "VirtualMachine", Resources: ["vmss_3"], EventStatus: "Scheduled", NotBefore: "Tue, 24 Nov 2026 12:00:30 GMT" }, { EventType: "Reboot", Resources: ["vmss_4"], NotBefore: "" }] });
    expect(parseAzureScheduledEvents(azure, AT)).toEqual([{ kind: "interruption", instanceId: "vmss_3", timeSeconds: AT + 30, channel: "azure-scheduled-events" }]);
    expect(parseAzureScheduledEvents("<html>", AT)).toEqual([]);
  });
});

describe("the notice book", () => {
  const interruption = { kind: "interruption", instanceId: "i-ours-1", timeSeconds: AT + 120, channel: "eventbridge" } as const;

  it("gives one notice for a machine, whatever the channel and however often it is told", () => {
    const first = takeMessage(EMPTY_BOOK, interruption, { nowSeconds: AT, offeringOf: ours });
    expect(first.notice).toMatchObject({ kind: "interruption", count: 1, instanceId: "i-ours-1" });
    const again = takeMessage(first.book, { ...interruption, channel: "imds", timeSeconds: AT + 117 }, { nowSeconds: AT + 1, offeringOf: ours });
    expect(again.notice).toBeUndefined();
    expect(again.book).toBe(first.book);
  });

  it("lets an interruption follow advice, and no advice follow an interruption", () => {
    const advised = takeMessage(EMPTY_BOOK, { ...interruption, kind: "rebalance", timeSeconds: AT }, { nowSeconds: AT, offeringOf: ours });
    expect(advised.notice?.kind).toBe("rebalance");
    const told = takeMessage(advised.book, interruption, { nowSeconds: AT + 5, offeringOf: ours });
    expect(told.notice?.kind).toBe("interruption");
    expect(takeMessage(told.book, { ...interruption, kind: "rebalance" }, { nowSeconds: AT + 6, offeringOf: ours }).notice).toBeUndefined();
  });

  it("orders nothing for a machine that is gone, whose time has passed, or that is not ours", () => {
    const gone = takeMessage(EMPTY_BOOK, { ...interruption, kind: "gone", timeSeconds: AT }, { nowSeconds: AT, offeringOf: ours });
    expect(gone.notice).toBeUndefined();
    expect(takeMessage(gone.book, interruption, { nowSeconds: AT, offeringOf: ours }).notice).toBeUndefined();
    expect(takeMessage(EMPTY_BOOK, { ...interruption, timeSeconds: AT - 1 }, { nowSeconds: AT, offeringOf: ours }).notice).toBeUndefined();
    expect(takeMessage(EMPTY_BOOK, { ...interruption, instanceId: "i-theirs" }, { nowSeconds: AT, offeringOf: ours })).toEqual({ book: EMPTY_BOOK, notice: undefined });
  });

  it("takes maintenance weeks away for advice and within the hour for an interruption", () => {
    const maintenance = { ...interruption, kind: "maintenance" } as const;
    expect(takeMessage(EMPTY_BOOK, { ...maintenance, timeSeconds: AT + 14 * 86_400 }, { nowSeconds: AT, offeringOf: ours }).notice?.kind).toBe("rebalance");
    expect(takeMessage(EMPTY_BOOK, { ...maintenance, timeSeconds: AT + 1800 }, { nowSeconds: AT, offeringOf: ours }).notice?.kind).toBe("interruption");
  });

  it("forgets a machine a day later", () => {
    const { book } = takeMessage(EMPTY_BOOK, interruption, { nowSeconds: AT, offeringOf: ours });
    expect(forgetOld(book, AT + 86_399)).toBe(book);
    expect(forgetOld(book, AT + 86_400).machines).toEqual({});
  });

  it("orders nothing more amid ten thousand fuzzed events than the real notices alone do", () => {
    const score = scoreNotices(10_000, 5);
    expect(score.interruptions).toBeGreaterThan(50);
    expect(score.launches).toBeGreaterThanOrEqual(score.interruptions);
    expect(score.launches).toBe(score.launchesWithoutNoise);
    expect(score.p99Milliseconds).toBeLessThan(1000);
  });
});
