/** What Nest injects by; see `api-module.ts`. */
export const DAEMON_VIEW = Symbol("foretide:daemon-view");
export const EVENT_STREAM = Symbol("foretide:event-stream");
export const METRICS_TEXT = Symbol("foretide:metrics-text");
