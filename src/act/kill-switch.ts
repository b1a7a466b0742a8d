import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { failure, success, type Result } from "../model/result.ts";

/** Whether effects are stopped, by what, and why. */
export type KillSwitchState =
  | { readonly engaged: false }
  | { readonly engaged: true; readonly source: KillSwitchSource; readonly reason: string; readonly author: string };

export type KillSwitchSource = "file" | "environment" | "signal" | "api";

export interface KillSwitch {
  /** Looks at the file each time: a few microseconds, no store, no network; so a change holds for the very next gate. */
  state(): KillSwitchState;
  /** Stops all effects. It holds from now on even when the file cannot be written; the failure says that a restart would lose it. */
  engage(request: KillSwitchRequest): Result<void>;
  /** Lets effects through again. Refused while the environment holds it. */
  release(): Result<void>;
  /** From now on SIGUSR2 engages it (and never releases: a second signal of a hurried hand must not). Returns how to stop listening. */
  listenForSignal(): () => void;
}

export interface KillSwitchRequest {
  readonly source: "signal" | "api";
  readonly reason: string;
  readonly author: string;
}

const KILL_SWITCH_VARIABLE = "FORETIDE_KILL_SWITCH";

/**
 * Makes the kill switch. `path`: its file; that the file exists is what engages it, so `touch` works with the daemon's API and
 * stores down, and it survives a restart and a rollback of the configuration. `environment[FORETIDE_KILL_SWITCH]`: anything
 * but empty, `0`, `false` or `off` engages it for the life of the process. A file that is there but cannot be read, or of
 * which nobody can tell whether it is there, counts as engaged.
 */
export function createKillSwitch(path: string, environment: Readonly<Record<string, string | undefined>>): KillSwitch {
  const byEnvironment = isSet(environment[KILL_SWITCH_VARIABLE]);
  let unwritten: KillSwitchState = { engaged: false };

  const engage = (request: KillSwitchRequest): Result<void> => {
    const written = writeFlag(path, request);
    unwritten = written.ok ? { engaged: false } : { engaged: true, ...request };
    return written;
  };
  return {
    state() {
      if (byEnvironment) return { engaged: true, source: "environment", reason: `${KILL_SWITCH_VARIABLE} is set`, author: "environment" };
      return unwritten.engaged ? unwritten : readFlag(path);
    },
    engage,
    release() {
      if (byEnvironment) return failure("permanent", `${KILL_SWITCH_VARIABLE} is set: unset it and restart`);
      try {
        rmSync(path, { force: true });
      } catch (error) {
        return failure("permanent", `cannot remove ${path}: ${messageOf(error)}`);
      }
      unwritten = { engaged: false };
      return success(undefined);
    },
    listenForSignal() {
      const onSignal = (): void => void engage({ source: "signal", reason: "SIGUSR2", author: "signal" });
      process.on("SIGUSR2", onSignal);
      return () => process.off("SIGUSR2", onSignal);
    },
  };
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && !["", "0", "false", "off", "no"].includes(value.trim().toLowerCase());
}

function readFlag(path: string): KillSwitchState {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { engaged: false };
    return { engaged: true, source: "file", reason: `cannot read ${path}: ${messageOf(error)}`, author: "unknown" };
  }
  return { engaged: true, source: "file", reason: text.trim() === "" ? `${path} exists` : text.trim(), author: "unknown", ...parseFlag(text) };
}

/** What `engage` has written; a file made by hand may hold any text. */
function parseFlag(text: string): Partial<KillSwitchRequest> {
  try {
    const value = JSON.parse(text) as Partial<Record<keyof KillSwitchRequest, unknown>> | null;
    if (typeof value?.reason !== "string" || typeof value.author !== "string") return {};
    const source = value.source === "signal" ? "signal" : "api";
    return { source, reason: value.reason, author: value.author };
  } catch {
    return {};
  }
}

function writeFlag(path: string, request: KillSwitchRequest): Result<void> {
  try {
    mkdirSync(dirname(path), { recursive: true });
    const file = openSync(`${path}.new`, "w");
    try {
      writeSync(file, `${JSON.stringify(request)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(`${path}.new`, path);
    syncFolder(dirname(path));
    return success(undefined);
  } catch (error) {
    return failure("transient", `effects are stopped, but ${path} could not be written, so a restart would lose it: ${messageOf(error)}`);
  }
}

/** Makes the new name itself durable; where a file system cannot sync a folder, the file is there all the same. */
function syncFolder(path: string): void {
  try {
    const folder = openSync(path, "r");
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  } catch {
    return;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
