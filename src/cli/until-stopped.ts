/** What runs until a signal comes. */
export interface Running {
  stop(): Promise<void>;
  /** SIGHUP: read the policies anew. Left out: a hang-up ends it. */
  reload?(): Promise<void>;
}

/** A stop that takes longer is cut off: whoever sent the signal has waited long enough. */
const STOP_WITHIN_MS = 5_000;

/** Waits for SIGINT or SIGTERM, stops, and gives the exit code. A second signal ends the process at once. */
export async function untilStopped(running: Running): Promise<number> {
  await new Promise<void>((resolve) => {
    const end = (): void => { resolve(); };
    process.once("SIGINT", end);
    process.once("SIGTERM", end);
    // The launcher (run.mjs) holds a channel; its end means that the launcher was killed.
    if (process.connected) process.once("disconnect", end);
    process.on("SIGHUP", () => {
      if (running.reload === undefined) resolve();
      else void running.reload();
    });
  });
  const now = (): never => process.exit(1);
  process.once("SIGINT", now);
  process.once("SIGTERM", now);
  setTimeout(now, STOP_WITHIN_MS).unref();
  await running.stop();
  return 0;
}
