const WIDTH = 30;

/** A bar on standard error that is drawn over itself; nothing where that is no terminal. `done` ends it. */
export interface ProgressBar {
  at(done: number, of: number, name: string): void;
  done(): void;
}

export function progressBar(stream: NodeJS.WriteStream = process.stderr): ProgressBar {
  if (!stream.isTTY) return { at: () => undefined, done: () => undefined };
  return {
    at(done, of, name) {
      const filled = Math.round((WIDTH * done) / Math.max(1, of));
      stream.write(`\r\u001B[2K[${"#".repeat(filled)}${".".repeat(WIDTH - filled)}] ${String(done)}/${String(of)} ${name.slice(0, 40)}`);
    },
    done() {
      stream.write("\r\u001B[2K");
    },
  };
}
