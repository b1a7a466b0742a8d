import { destination, pino, type DestinationStream, type Logger } from "pino";

export type Log = Logger;

const REDACTED_PATHS = [
  "token", "password", "secret", "authorization", "apiKey", "secretAccessKey", "sessionToken",
  "*.token", "*.password", "*.secret", "*.authorization", "*.apiKey", "*.secretAccessKey", "*.sessionToken",
  "headers.authorization", "req.headers.authorization", "err.config.headers.authorization",
];

/**
 * The daemon's log: one JSON object a line, on standard error, since standard output is for data. Members that carry secrets
 * print `[REDACTED]`. `level`: pino's names, from "trace" to "fatal", or "silent".
 */
export function createLog(options: { readonly level?: string; readonly stream?: DestinationStream } = {}): Log {
  const stream = options.stream ?? destination({ dest: 2, sync: true });
  return pino(
    {
      name: "foretide",
      level: options.level ?? "info",
      redact: { paths: REDACTED_PATHS, censor: "[REDACTED]" },
      formatters: { level: (label) => ({ level: label }) },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
    },
    stream,
  );
}
