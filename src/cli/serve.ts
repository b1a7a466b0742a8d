import { Command } from "commander";

import { readConfiguration, startDaemon } from "../app/daemon.ts";
import { createLog } from "../app/telemetry/log.ts";
import { parseArguments } from "./arguments.ts";
import { untilStopped } from "./until-stopped.ts";

const USAGE_ERROR = 64;

/** `foretide serve`: the daemon. Ends with SIGTERM or SIGINT; SIGHUP reads the policies anew; SIGUSR2 engages the kill switch. */
export async function run(args: readonly string[]): Promise<number> {
  const command = new Command("serve")
    .description("Run the daemon.")
    .option("-c, --config <path>", "foretide.yaml, a folder that holds it, or policy files", "config");
  const parsed = parseArguments(command, args);
  if (!parsed.ok) return parsed.exitCode;
  const { config } = parsed.options as { readonly config: string };
  const loaded = readConfiguration(config);
  if (!loaded.ok) {
    for (const { file, line, column, message, suggestion } of loaded.errors) {
      process.stderr.write(`${file}:${String(line)}:${String(column)}: ${message}${suggestion === undefined ? "" : ` (${suggestion})`}\n`);
    }
    return USAGE_ERROR;
  }
  const log = createLog({ level: loaded.configuration.daemon.telemetry.logLevel });
  const daemon = await startDaemon({ configuration: loaded.configuration, reread: () => readConfiguration(config), log });
  if (!daemon.ok) {
    log.fatal(daemon.message);
    return 1;
  }
  const { view, httpPort, otlpHttpPort, otlpGrpcPort } = daemon.value;
  log.info({ httpPort, otlpHttpPort, otlpGrpcPort, targets: view.targets().length }, "ready");
  return await untilStopped({
    stop: () => daemon.value.stop(),
    reload: async () => {
      const report = await view.reloadPolicies({ author: "signal", reason: "SIGHUP" });
      log[report.ok ? "info" : "error"]({ report }, report.ok ? "policies reloaded" : "the policies were not reloaded: those before stay");
    },
  });
}
