// Builds a real OpenTelemetry Collector (OTLP in, OTLP out) with Go into .runtime/go, for test/real/otlp-collector.test.ts.
// The first build takes minutes: it has a script of its own and is not a part of `npm test`.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
mkdirSync(`${root}.runtime/go`, { recursive: true });
const built = spawnSync("go", ["build", "-trimpath", "-ldflags", "-s -w", "-o", `${root}.runtime/go/otel-collector`, "."], { cwd: `${root}test/real/go/collector`, stdio: ["ignore", 2, 2] });
if (built.error !== undefined) console.error(`Go is needed: ${built.error.message}`);
process.exit(built.status ?? 1);
