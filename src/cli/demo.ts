import { fileURLToPath } from "node:url";
import { Command } from "commander";

import { startDemo } from "../app/demo/demo.ts";
import { createLog } from "../app/telemetry/log.ts";
import { parseArguments } from "./arguments.ts";
import { untilStopped } from "./until-stopped.ts";

const SPARE_PORTS = 20;

/** `foretide demo`: the daemon on the embedded default beside a small instrumented shop; ends both with Ctrl-C. */
export async function run(args: readonly string[]): Promise<number> {
  const command = new Command("demo")
    .description("Run the daemon beside a small demo service whose day lasts ten minutes.")
    .option("--port <number>", "the page and the API", "8080")
    .option("--seed <number>", "of the demo's load", "1")
    .option("--policy <file>", "the policy that the daemon runs", fileURLToPath(new URL("config/policies/demo.yaml", packageRoot())))
    .option("--log-level <level>", "debug, info, warn, error", "warn");
  const parsed = parseArguments(command, args);
  if (!parsed.ok) return parsed.exitCode;
  const { port, seed, policy, logLevel } = parsed.options as { readonly port: string; readonly seed: string; readonly policy: string; readonly logLevel: string };
  const demo = await startDemo({
    log: createLog({ level: logLevel }), seed: Number(seed), policyFile: policy, httpPort: Number(port),
    otlpPorts: { http: 4318, grpc: 4317 }, sparePorts: SPARE_PORTS,
  });
  if (!demo.ok) {
    process.stderr.write(`foretide: ${demo.message}\n`);
    return 1;
  }
  const { httpPort, otlpHttpPort, otlpGrpcPort } = demo.value.daemon;
  if (httpPort !== Number(port)) process.stderr.write(`foretide: port ${port} is taken, so the page is on ${String(httpPort)}\n`);
  process.stderr.write(`foretide: the page is on http://127.0.0.1:${String(httpPort)}/ (OTLP on ${String(otlpHttpPort)} and ${String(otlpGrpcPort)}); Ctrl-C ends it\n`);
  return await untilStopped({ stop: () => demo.value.stop() });
}

/** The folder of package.json, from the source tree or from dist. */
function packageRoot(): URL {
  return new URL(import.meta.url.includes("/dist/src/") ? "../../../" : "../../", import.meta.url);
}
