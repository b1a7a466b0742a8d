import { z } from "zod";

import type { Notice } from "../../model/offering.ts";
import { failure, success, type Result } from "../../model/result.ts";
import type { InterruptionMessage } from "../../observe/market/interruptions/interruption-message.ts";
import { METADATA_SERVICES, pollMetadata, type MetadataService } from "../../observe/market/interruptions/metadata-poller.ts";
import { EMPTY_BOOK, forgetOld, takeMessage, type NoticeBook } from "../../observe/market/interruptions/notice-book.ts";
import type { Clock } from "../clock.ts";
import type { PassResult } from "../loop/group-runtime.ts";
import type { Log } from "../telemetry/log.ts";

/** A target that may run the machine that a message names. */
export interface MachineOwner {
  readonly target: string;
  offeringOf(instanceId: string): string | undefined;
}

export interface InterruptionParts {
  readonly clock: Clock;
  readonly log: Log;
  owners(): Iterable<MachineOwner>;
  /** A target has a new notice: its group is to decide at once. */
  onNotice(target: string): Promise<void>;
}

interface Unjournalled {
  readonly target: string;
  /** A pass has been given it. */
  isTaken: boolean;
  readonly promise: Promise<undefined>;
  readonly resolve: (value: undefined) => void;
}

/** Seconds between two questions; as AWS advises. */
const METADATA = z.strictObject({ address: z.url({ protocol: /^http$/ }).optional(), every: z.number().min(0.05).max(60).default(5) });

const QUEUE = z.strictObject({ queueUrl: z.url(), region: z.string(), endpoint: z.url().optional() });

/**
 * Interruption notices and rebalance recommendations, from the queue that foretide.yaml names, for the target whose machine
 * they are about. Repeats, replays and messages about others' machines give nothing.
 */
export class InterruptionWatch {
  readonly #parts: InterruptionParts;
  readonly #waiting = new Map<string, Notice[]>();
  /** Notices that no journal holds yet, by machine. */
  readonly #unjournalled = new Map<string, Unjournalled>();
  readonly #abort = new AbortController();
  #book: NoticeBook = EMPTY_BOOK;

  constructor(parts: InterruptionParts) {
    this.#parts = parts;
  }

  /** Begins to read. No provider: nothing is read. One that is not known, or not well configured, is a failure. */
  async start(provider: Readonly<Record<string, unknown>>): Promise<Result<void>> {
    const [type, settings] = Object.entries(provider)[0] ?? [];
    if (type === undefined) return success(undefined);
    const service = METADATA_SERVICES.find((one) => one === type);
    if (service !== undefined) return this.#poll(service, settings);
    if (type !== "sqs") return failure("permanent", `sources.interruptions: there is no provider ${type}; there are sqs, ${METADATA_SERVICES.join(", ")}`);
    const parsed = QUEUE.safeParse(settings);
    if (!parsed.success) return failure("permanent", `sources.interruptions.sqs: ${parsed.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`).join("; ")}`);
    const { queueUrl, region, endpoint } = parsed.data;
    const [{ SQSClient }, { readInterruptionQueue }] = await Promise.all([import("@aws-sdk/client-sqs"), import("../../observe/market/interruptions/sqs-interruptions.ts")]);
    const client = new SQSClient({ region, ...(endpoint !== undefined && { endpoint }) });
    void readInterruptionQueue({
      client, queueUrl, signal: this.#abort.signal,
      onMessages: async (messages) => { await Promise.all(messages.map((message) => this.take(message))); },
      onError: (error) => { this.#parts.log.warn({ err: error }, "the interruption queue cannot be read: asked again in a second"); },
    });
    return success(undefined);
  }

  /** The metadata service of this machine, where the daemon runs beside what it scales. */
  #poll(service: MetadataService, settings: unknown): Result<void> {
    const parsed = METADATA.safeParse(settings ?? {});
    if (!parsed.success) return failure("permanent", `sources.interruptions.${service}: ${parsed.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`).join("; ")}`);
    const { address, every } = parsed.data;
    void pollMetadata({
      service, signal: this.#abort.signal, baseUrl: address, everyMilliseconds: every * 1_000,
      onMessages: (messages) => { for (const message of messages) void this.take(message); },
    });
    return success(undefined);
  }

  /** One message from any channel; resolves when what it asks for is in the journal. A repeat waits with the first. */
  async take(message: InterruptionMessage): Promise<void> {
    const now = this.#parts.clock.nowSeconds();
    for (const owner of this.#parts.owners()) {
      if (owner.offeringOf(message.instanceId) === undefined) continue;
      const { book, notice } = takeMessage(forgetOld(this.#book, now), message, { nowSeconds: now, offeringOf: (id) => owner.offeringOf(id) });
      this.#book = book;
      const before = this.#unjournalled.get(message.instanceId);
      if (notice === undefined) {
        await before?.promise;
        return;
      }
      const entry: Unjournalled = { target: owner.target, isTaken: false, ...Promise.withResolvers<undefined>() };
      this.#unjournalled.set(message.instanceId, entry);
      void entry.promise.then(() => { before?.resolve(undefined); });
      this.#waiting.set(owner.target, [...(this.#waiting.get(owner.target) ?? []), notice]);
      await this.#parts.onNotice(owner.target);
      await entry.promise;
      return;
    }
  }

  /** Notices of a target since the last call. */
  takeNotices(target: string): readonly Notice[] {
    const notices = this.#waiting.get(target) ?? [];
    this.#waiting.delete(target);
    for (const entry of this.#unjournalled.values()) if (entry.target === target) entry.isTaken = true;
    return notices;
  }

  /** A pass is over. One that the journal took comes after all before it: the notices that they were given are kept there now. */
  passed({ pass, report }: PassResult): void {
    if (!report.journalled.ok) return;
    for (const [instanceId, entry] of this.#unjournalled) {
      if (!entry.isTaken || !Object.hasOwn(pass.snapshot.targets, entry.target)) continue;
      this.#unjournalled.delete(instanceId);
      entry.resolve(undefined);
    }
  }

  /** Notices of targets that are not named any more are nobody's: their messages may go. */
  retain(targets: readonly string[]): void {
    for (const [instanceId, entry] of this.#unjournalled) {
      if (targets.includes(entry.target)) continue;
      this.#unjournalled.delete(instanceId);
      entry.resolve(undefined);
    }
  }

  close(): void {
    this.#abort.abort();
  }
}
