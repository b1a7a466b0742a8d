import { DeleteMessageBatchCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { InterruptionMessage } from "./interruption-message.ts";
import { parseEvent } from "./parse-event.ts";

export interface SqsOptions {
  readonly client: SQSClient;
  readonly queueUrl: string;
  /** Called with the messages of one receive; they are deleted from the queue once it has resolved. */
  readonly onMessages: (messages: readonly InterruptionMessage[]) => Promise<void> | void;
  readonly onError: (error: unknown) => void;
  readonly signal: AbortSignal;
}

const LONG_POLL_SECONDS = 20;
const MOST_MESSAGES = 10;
const RETRY_MILLISECONDS = 1000;

/**
 * Reads an SQS queue fed by EventBridge until the signal: long polls, so that a message is seen at once. Messages come at least
 * once and in any order; unknown ones are deleted unread. What `onMessages` throws leaves the messages in the queue.
 */
export async function readInterruptionQueue({ client, queueUrl, onMessages, onError, signal }: SqsOptions): Promise<void> {
  // Asked anew each time: it changes while a request is under way.
  const isStopped = (): boolean => signal.aborted;
  while (!isStopped()) {
    try {
      const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: MOST_MESSAGES, WaitTimeSeconds: LONG_POLL_SECONDS }), { abortSignal: signal });
      if (Messages.length === 0) continue;
      const messages = Messages.flatMap(({ Body }) => parseEvent(Body ?? ""));
      if (messages.length > 0) await onMessages(messages);
      const entries = Messages.flatMap(({ ReceiptHandle }, at) => (ReceiptHandle === undefined ? [] : [{ Id: String(at), ReceiptHandle }]));
      await client.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }), { abortSignal: signal });
    } catch (error) {
      if (isStopped()) return;
      onError(error);
      await pause(RETRY_MILLISECONDS, signal);
    }
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
