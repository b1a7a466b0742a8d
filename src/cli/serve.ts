import { Command } from "commander";

import { startDaemon } from "../app/daemon.ts";
import { TargetDiscovery } from "../app/policies/target-discovery.ts";
import { createLog } from "../app/telemetry/log.ts";
import { formatConfigError } from "../policy/config-error.ts";
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
  const discovery = new TargetDiscovery(config);
  const found = await discovery.refresh();
  const loaded = discovery.read();
  if (!loaded.ok) {
    for (const error of loaded.errors) process.stderr.write(`${formatConfigError(error)}\n`);
    return USAGE_ERROR;
  }
  const log = createLog({ level: loaded.configuration.daemon.telemetry.logLevel });
  const daemon = await startDaemon({ configuration: loaded.configuration, reread: () => discovery.read(), log });
  if (!daemon.ok) {
    log.fatal(daemon.message);
    return 1;
  }
  if (!found.ok) log.warn(found.message);
  const { view, httpPort, otlpHttpPort, otlpGrpcPort } = daemon.value;
  log.info({ httpPort, otlpHttpPort, otlpGrpcPort, targets: view.targets().length }, "ready");
  const asking = discovery.keepAsking({ onFound: () => view.reloadPolicies({ author: "discovery", reason: "other targets were found" }), onProblem: (message) => { log.warn(message); } });
  return await untilStopped({
    stop: () => {
      asking.stop();
      return daemon.value.stop();
    },
    reload: async () => {
      const report = await view.reloadPolicies({ author: "signal", reason: "SIGHUP" });
      log[report.ok ? "info" : "error"]({ report }, report.ok ? "policies reloaded" : "the policies were not reloaded: those before stay");
    },
  });
}
