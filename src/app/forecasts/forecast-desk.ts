import { join } from "node:path";

import { success, type Result } from "../../model/result.ts";
import { FitPool } from "./fit-pool.ts";
import { FitSchedule } from "./fit-schedule.ts";
import type { SavedLedger } from "./forecast-ledger.ts";
import { MarkBook } from "./mark-book.ts";
import { SliceQueue } from "./slice-queue.ts";
import { readWhole, replaceWhole } from "../whole-file.ts";

/** What forecasts need beside the loop: threads, turns, marks, and the scores of an earlier life. */
export interface ForecastDesk {
  readonly fits: FitPool;
  readonly schedule: FitSchedule;
  readonly slices: SliceQueue;
  readonly marks: MarkBook;
  /** Scores by target, as the last process left them. */
  readonly scores: Readonly<Record<string, SavedLedger>>;
  saveScores(scores: Readonly<Record<string, SavedLedger>>): Promise<Result<void>>;
  close(): Promise<void>;
}

interface ScoreFile {
  readonly format: 1;
  readonly scores: Readonly<Record<string, SavedLedger>>;
}

/** Opens the desk in the daemon's data folder. Marks that cannot be read are a failure; scores begin anew. */
export async function openForecastDesk(directory: string, onScoresLost: (reason: string) => void): Promise<Result<ForecastDesk>> {
  const marks = await MarkBook.open(join(directory, "marks.json"));
  if (!marks.ok) return marks;
  const path = join(directory, "forecast-scores.json");
  const read = await readWhole(path);
  if (!read.ok) onScoresLost(read.message);
  const file = read.ok ? (read.value as Partial<ScoreFile> | undefined) : undefined;
  const fits = new FitPool();
  const slices = new SliceQueue();
  // One more than there are threads, so that a history is read while the threads work.
  const schedule = new FitSchedule(fits.threads + 1);
  return success({
    fits, schedule, slices, marks: marks.value,
    scores: file?.format === 1 ? (file.scores ?? {}) : {},
    saveScores: (scores) => replaceWhole(path, { format: 1, scores } satisfies ScoreFile),
    async close() {
      schedule.close();
      slices.close();
      await fits.close();
      await marks.value.close();
    },
  });
}
