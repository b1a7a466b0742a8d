import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";

import { failure, success, type Result } from "../model/result.ts";

/** The JSON of a file; undefined where there is none. One that cannot be read is `permanent`. */
export async function readWhole(path: string): Promise<Result<unknown>> {
  try {
    return success(JSON.parse(await readFile(path, "utf8")) as unknown);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return success(undefined);
    return failure("permanent", `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Replaces a file whole: after a crash it holds the old JSON or the new. Resolves when it is synced. */
export async function replaceWhole(path: string, value: unknown): Promise<Result<void>> {
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(`${path}.new`, "w", 0o600);
    try {
      await file.writeFile(`${JSON.stringify(value)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
    // The name is the folder's: without it a loss of power may bring the old file back.
    const folder = await open(dirname(path), "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
    return success(undefined);
  } catch (error) {
    return failure("transient", `${path} could not be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}
