/** What a cloud has said about one machine, whatever the channel. */
export interface InterruptionMessage {
  /** `interruption`: it will be taken. `rebalance`: it is advised to leave. `gone`: it has ended. `maintenance`: its host will be serviced. */
  readonly kind: "interruption" | "rebalance" | "gone" | "maintenance";
  readonly instanceId: string;
  /** When the machine goes (interruption, maintenance), went (gone), or when the advice was given. Epoch seconds. */
  readonly timeSeconds: number;
  readonly channel: string;
}

/** An EventBridge event; only what is read of it. */
export interface EventEnvelope {
  readonly source: string;
  readonly "detail-type": string;
  readonly time: string;
  readonly detail: unknown;
}

/** One kind of event: the messages that it holds, or undefined where it is another kind or not of the known shape. */
export type EventParser = (event: EventEnvelope) => readonly InterruptionMessage[] | undefined;

export function epochSeconds(time: string): number | undefined {
  const milliseconds = Date.parse(time);
  return Number.isFinite(milliseconds) ? milliseconds / 1000 : undefined;
}
