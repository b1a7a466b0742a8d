import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { openMemoryHistory } from "../../src/history/memory-history.ts";
import { openSqliteHistory } from "../../src/history/sqlite-history.ts";
import { historyStoreContract, unwrap } from "./history-store.contract.ts";

const folder = mkdtempSync(join(tmpdir(), "foretide-history-"));
let files = 0;
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

historyStoreContract("memory", (options) => Promise.resolve(openMemoryHistory(options)));
historyStoreContract("sqlite", async (options) => unwrap(await openSqliteHistory(join(folder, `${String(files++)}.db`), options)));
