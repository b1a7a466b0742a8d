import { execFile, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { expectNothingRefused, startReceiver, type ReceiverUnderTest } from "../fixtures/otlp/receiver-under-test.ts";
import { expectWorkload } from "../fixtures/otlp/sdk-workload.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);
let under: ReceiverUnderTest;
beforeEach(async () => {
  under = await startReceiver();
});
afterEach(() => under.receivers.close());

const PYTHON = `${root}.venv/bin/python`;
const GO_SDK = `${root}.runtime/go/otel-sdk`;
const noPython = spawnSync(PYTHON, ["-c", "import opentelemetry.sdk.metrics"]).status === 0 ? "" : " (skipped: node test/fixtures/otlp/install-python-sdk.mjs installs it)";
const noGo = existsSync(GO_SDK) ? "" : " (skipped: node test/fixtures/otlp/install-go-sdk.mjs builds it)";

const combinations = ["http", "grpc"].flatMap((transport) => ["none", "gzip"].flatMap((compression) => ["cumulative", "delta"].map((temporality) => [transport, compression, temporality] as const)));

async function check(command: string, args: readonly string[], combination: readonly [string, string, string]): Promise<void> {
  const [transport, compression, temporality] = combination;
  const port = transport === "grpc" ? under.receivers.grpcPort : under.receivers.httpPort;
  const { stdout, stderr } = await run(command, [...args, transport, String(port), compression, temporality], { timeout: 60_000 });
  expect(stderr).toBe("");
  expectNothingRefused(under.store);
  expectWorkload(under.reader, under.now(), Number(stdout));
}

describe.skipIf(noPython !== "")(`the OpenTelemetry SDK for Python${noPython}`, () => {
  it.each(combinations)("is read over %s, %s, %s", async (...combination) => {
    await check(PYTHON, [`${root}test/fixtures/otlp/python_sdk.py`], combination);
  });
});

describe.skipIf(noGo !== "")(`the OpenTelemetry SDK for Go${noGo}`, () => {
  it.each(combinations)("is read over %s, %s, %s", async (...combination) => {
    await check(GO_SDK, [], combination);
  });
});
