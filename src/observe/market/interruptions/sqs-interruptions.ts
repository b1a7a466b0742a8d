import { DeleteMessageBatchCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { InterruptionMessage } from "./interruption-message.ts";
import { parseEvent } from "./parse-event.ts";

export interface SqsOptions {
  readonly client: SQSClient;
  readonly queueUrl: string;
  /** How long one answer is waited for; 30 s where not given. */
  readonly answerMilliseconds?: number;
  /** Called with the messages of one receive; they are deleted from the queue once it has resolved, however late that is. */
  readonly onMessages: (messages: readonly InterruptionMessage[]) => Promise<void> | void;
  readonly onError: (error: unknown) => void;
  readonly signal: AbortSignal;
  /** How long the next receive waits for it; 2 s where not given. */
  readonly patienceMilliseconds?: number;
}

const LONG_POLL_SECONDS = 20;
const MOST_MESSAGES = 10;
/** After a failure; doubled for each further one in a row, so that a queue that is gone floods no log. */
const RETRY_MILLISECONDS = 1000;
const LONGEST_RETRY_MILLISECONDS = 16_000;
/** What hangs for one machine's cloud holds up no other's notices: they are asked for after so long. */
const PATIENCE_MILLISECONDS = 2000;
/** An endpoint that takes the request and never answers is given up a while after the long poll should have ended. */
const ANSWER_MILLISECONDS = (LONG_POLL_SECONDS + 10) * 1000;

/**
 * Reads an SQS queue fed by EventBridge until the signal: long polls, so that a message is seen at once. Messages come at least
 * once and in any order; unknown ones are deleted unread. While `onMessages` is under way, and where it throws, its messages stay in
 * the queue: whoever is killed meanwhile gets them again.
 */
export async function readInterruptionQueue({ client, queueUrl, onMessages, onError, signal, answerMilliseconds = ANSWER_MILLISECONDS, patienceMilliseconds = PATIENCE_MILLISECONDS }: SqsOptions): Promise<void> {
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
      const entries = Messages.flatMap(({ ReceiptHandle }, at) => (ReceiptHandle === undefined ? [] : [{ Id: String(at), ReceiptHandle }]));
      const handle = async (): Promise<void> => {
        if (messages.length > 0) await onMessages(messages);
        await client.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }), options());
      };
      let isLate = false;
      const handled = handle().catch((error: unknown) => {
        if (!isLate) throw error;
        if (!isStopped()) onError(error);
      });
      const done = new AbortController();
      isLate = await Promise.race([handled.then(() => false), pause(patienceMilliseconds, AbortSignal.any([signal, done.signal])).then(() => true)]);
      done.abort();
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
