import { DeleteMessageBatchCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { InterruptionMessage } from "./interruption-message.ts";
import { parseEvent } from "./parse-event.ts";

export interface SqsOptions {
  readonly client: SQSClient;
  readonly queueUrl: string;
  /** How long one answer is waited for; 30 s where not given. */
  readonly answerMilliseconds?: number;
  /** Called with the messages of one receive; they are deleted from the queue once it has resolved. */
  readonly onMessages: (messages: readonly InterruptionMessage[]) => Promise<void> | void;
  readonly onError: (error: unknown) => void;
  readonly signal: AbortSignal;
}

const LONG_POLL_SECONDS = 20;
const MOST_MESSAGES = 10;
/** After a failure; doubled for each further one in a row, so that a queue that is gone floods no log. */
const RETRY_MILLISECONDS = 1000;
const LONGEST_RETRY_MILLISECONDS = 16_000;
/** An endpoint that takes the request and never answers is given up a while after the long poll should have ended. */
const ANSWER_MILLISECONDS = (LONG_POLL_SECONDS + 10) * 1000;

/**
 * Reads an SQS queue fed by EventBridge until the signal: long polls, so that a message is seen at once. Messages come at least
 * once and in any order; unknown ones are deleted unread. What `onMessages` throws leaves the messages in the queue.
 */
export async function readInterruptionQueue({ client, queueUrl, onMessages, onError, signal, answerMilliseconds = ANSWER_MILLISECONDS }: SqsOptions): Promise<void> {
  // Asked anew each time: it changes while a request is under way.
  const isStopped = (): boolean => signal.aborted;
  const options = (): { readonly abortSignal: AbortSignal } => ({ abortSignal: AbortSignal.any([signal, AbortSignal.timeout(answerMilliseconds)]) });
  let failures = 0;
  while (!isStopped()) {
    try {
      const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: MOST_MESSAGES, WaitTimeSeconds: LONG_POLL_SECONDS }), options());
      failures = 0;
      if (Messages.length === 0) continue;
      const messages = Messages.flatMap(({ Body }) => parseEvent(Body ?? ""));
      if (messages.length > 0) await onMessages(messages);
      const entries = Messages.flatMap(({ ReceiptHandle }, at) => (ReceiptHandle === undefined ? [] : [{ Id: String(at), ReceiptHandle }]));
      await client.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }), options());
    } catch (error) {
      if (isStopped()) return;
      onError(error);
      await pause(Math.min(LONGEST_RETRY_MILLISECONDS, RETRY_MILLISECONDS * 2 ** failures), signal);
      failures += 1;
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
