import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { watch } from "chokidar";
import { listPolicyFiles } from "../../policy/policy-files.ts";

export interface WatchOptions {
  /** Called when what the files say has changed; the next call waits for its end. */
  readonly onChange: () => Promise<unknown>;
  /** Editors and ConfigMap mounts write in several steps: quiet for so long means done. */
  readonly settleMs?: number;
  /** Some file systems tell nothing of changes made elsewhere (NFS): look again this often all the same. */
  readonly pollMs?: number;
}

export interface PolicyWatcher {
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

const SETTLE_MS = 300;
const POLL_MS = 10_000;

/**
 * Watches the files that a configuration was read from. It watches folders, not files, so that a file replaced by a rename and the
 * swapped link of a mounted ConfigMap (`..data`) are seen; and it compares contents, so that a touched file is no change.
 */
export function watchConfiguration(sources: { readonly daemonFile: string | undefined; readonly policyPaths: readonly string[] }, options: WatchOptions): PolicyWatcher {
  const { onChange, settleMs = SETTLE_MS, pollMs = POLL_MS } = options;
  let seen = fingerprint(sources);
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> = Promise.resolve();
  let closed = false;
  const look = (): void => {
    running = running.then(async () => {
      const now = fingerprint(sources);
      if (closed || now === seen) return;
      seen = now;
      await onChange();
    }).catch(() => undefined);
  };
  const watcher = watch(foldersOf(sources), { depth: 1, ignoreInitial: true, followSymlinks: false, ignorePermissionErrors: true });
  watcher.on("all", () => {
    clearTimeout(timer);
    timer = setTimeout(look, settleMs);
  });
  // A watch that breaks (too many of them, a folder removed) leaves the poll.
  watcher.on("error", () => undefined);
  const poll = setInterval(look, pollMs);
  poll.unref();
  return {
    // What changed before the watch stood is seen by looking once.
    ready: new Promise((resolve) => watcher.once("ready", () => { look(); resolve(); })),
    close: async () => {
      closed = true;
      clearTimeout(timer);
      clearInterval(poll);
      await watcher.close();
      await running;
    },
  };
}

function foldersOf({ daemonFile, policyPaths }: { readonly daemonFile: string | undefined; readonly policyPaths: readonly string[] }): string[] {
  const folders = policyPaths.map((path) => (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? path : dirname(path)));
  return [...new Set([...folders, ...(daemonFile === undefined ? [] : [dirname(daemonFile)])])];
}

/** A digest over names and contents; a file that cannot be read counts by its absence. */
function fingerprint({ daemonFile, policyPaths }: { readonly daemonFile: string | undefined; readonly policyPaths: readonly string[] }): string {
  const hash = createHash("sha256");
  const files = policyPaths.flatMap((path) => listPolicyFiles(path) ?? []);
  for (const path of [...(daemonFile === undefined ? [] : [daemonFile]), ...files]) {
    hash.update(`${path}\0`);
    try {
      hash.update(readFileSync(path));
    } catch {
      hash.update("unreadable");
    }
    hash.update("\0");
  }
  return hash.digest("hex");
}
