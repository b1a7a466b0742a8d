import { parentPort, workerData } from "node:worker_threads";
import { success } from "../model/result.ts";
import { type EngineAnswer, type EngineRequest, SqliteEngine } from "./sqlite-engine.ts";
import { failureOf } from "./sqlite-file.ts";

export type WorkerMessage = { readonly kind: "requests"; readonly requests: readonly EngineRequest[] } | { readonly kind: "close" };
export type WorkerReply = { readonly kind: "open" | "closed"; readonly result: EngineAnswer } | { readonly kind: "answers"; readonly answers: readonly EngineAnswer[] };

/** The thread that owns a history's file; an error that is no expected failure ends it, and the port says so. */
function serve(path: string): void {
  const reply = (message: WorkerReply): void => { parentPort?.postMessage(message); };
  let engine: SqliteEngine;
  try {
    engine = new SqliteEngine(path);
  } catch (error) {
    const failed = failureOf(error, path);
    if (failed === undefined) throw error;
    reply({ kind: "open", result: failed });
    return;
  }
  parentPort?.on("message", (message: WorkerMessage) => {
    if (message.kind === "requests") {
      reply({ kind: "answers", answers: engine.handle(message.requests) });
      return;
    }
    engine.close();
    reply({ kind: "closed", result: success(0) });
    parentPort?.close();
  });
  reply({ kind: "open", result: success(0) });
}

serve(String(workerData));
