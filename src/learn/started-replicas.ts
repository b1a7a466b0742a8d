/** Replicas that became ready lately, oldest first. Plain data. */
export interface StartedReplicas {
  readonly batches: readonly StartedBatch[];
}

export interface StartedBatch {
  readonly timeSeconds: number;
  readonly count: number;
  /** The ready count that they brought the fleet to: the newest are taken to go first. */
  readonly level: number;
}

export const NONE_STARTED: StartedReplicas = { batches: [] };

/** The record after a reading: a rise of the ready count is a batch, a fall takes from the newest, what is older than `keepSeconds` is forgotten. */
export function watchStarts(before: StartedReplicas, seen: { readonly timeSeconds: number; readonly readyReplicas: number; readonly lastReadyReplicas: number | undefined; readonly keepSeconds: number }): StartedReplicas {
  const { timeSeconds, readyReplicas, lastReadyReplicas, keepSeconds } = seen;
  const rise = readyReplicas - (lastReadyReplicas ?? readyReplicas);
  const isOld = before.batches[0] !== undefined && before.batches[0].timeSeconds <= timeSeconds - keepSeconds;
  if (rise === 0 && !isOld) return before;
  let batches = before.batches.filter((batch) => batch.timeSeconds > timeSeconds - keepSeconds);
  if (rise < 0) batches = batches.flatMap((batch) => (batch.level - batch.count >= readyReplicas ? [] : [{ ...batch, level: Math.min(batch.level, readyReplicas), count: Math.min(batch.count, readyReplicas - (batch.level - batch.count)) }]));
  if (rise > 0) batches = [...batches, { timeSeconds, count: rise, level: readyReplicas }];
  return { batches };
}

/** The count below which a replica would go that has not run for `seconds`; 0 where all have. */
export function youngestLevel({ batches }: StartedReplicas, nowSeconds: number, seconds: number): number {
  let level = 0;
  for (const batch of batches) if (batch.timeSeconds > nowSeconds - seconds) level = Math.max(level, batch.level);
  return level;
}
