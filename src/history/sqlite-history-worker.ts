import { parentPort, workerData } from "node:worker_threads";
import { success } from "../model/result.ts";
import { type EngineAnswer, type EngineRequest, SqliteEngine } from "./sqlite-engine.ts";
import { failureOf } from "./sqlite-file.ts";

export type WorkerMessage = { readonly kind: "requests"; readonly requests: readonly EngineRequest[] } | { readonly kind: "close" };
export type WorkerReply = { readonly kind: "open" | "closed"; readonly result: EngineAnswer } | { readonly kind: "answers"; readonly answers: readonly EngineAnswer[] };

/** The thread that owns a history's file; an error that is no expected failure ends it, and the port says so. */
function serve(path: string): void {
  const reply = (message: WorkerReply, moved: readonly ArrayBuffer[] = []): void => { parentPort?.postMessage(message, moved); };
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
      const answers = engine.handle(message.requests);
      reply({ kind: "answers", answers }, answers.flatMap(buffersOf));
      return;
    }
    engine.close();
    reply({ kind: "closed", result: success(0) });
    parentPort?.close();
  });
  reply({ kind: "open", result: success(0) });
}

/** What an answer holds outside the heap, that only it holds: moved, since a copy would stay on this side until it is collected. */
function buffersOf(answer: EngineAnswer): readonly ArrayBuffer[] {
  if (!answer.ok || typeof answer.value !== "object" || !("startSeconds" in answer.value)) return [];
  return [answer.value.values.buffer as ArrayBuffer];
}

serve(String(workerData));
