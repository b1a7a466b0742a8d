// The whole daemon on the machine that is taken: Google's, Azure's and AWS's metadata services, each as the cloud answers, and the
// simulated cloud's machine drained at once, since half a minute is shorter than any start.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import type { SimulatedActuator } from "../../src/act/actuators/simulated.ts";
import type { Daemon } from "../../src/app/daemon.ts";
import { daemonOver } from "../fixtures/daemon/daemon-over.ts";

let daemon: Daemon | undefined;
let server: Server | undefined;
let directory = "";
afterEach(async () => {
  await daemon?.stop();
  server?.closeAllConnections();
  server?.close();
  rmSync(directory, { recursive: true, force: true });
});

type Answers = (id: string) => Readonly<Record<string, string>>;

const SERVICES: Readonly<Record<string, { readonly header: string; readonly answers: Answers }>> = {
  "google-metadata": { header: "metadata-flavor", answers: (id) => ({ "/computeMetadata/v1/instance/name": id, "/computeMetadata/v1/instance/preempted": "TRUE" }) },
  "azure-metadata": {
    header: "metadata",
    answers: (id) => ({ "/metadata/scheduledevents?api-version=2020-07-01": JSON.stringify({ DocumentIncarnation: 1, Events: [{ EventId: "e", EventType: "Preempt", ResourceType: "VirtualMachine", Resources: [id], EventStatus: "Scheduled", NotBefore: new Date(Date.now() + 30_000).toUTCString() }] }) }),
  },
  "aws-metadata": {
    header: "",
    answers: (id) => ({ "/latest/api/token": "token", "/latest/meta-data/instance-id": id, "/latest/meta-data/spot/instance-action": JSON.stringify({ action: "terminate", time: new Date(Date.now() + 120_000).toISOString() }) }),
  },
};

async function start(service: string): Promise<(answers: Readonly<Record<string, string>>) => void> {
  let answers: Readonly<Record<string, string>> = {};
  const { header } = SERVICES[service] ?? { header: "" };
  server = createServer((request, response) => {
    const text = header === "" || request.headers[header] !== undefined ? answers[request.url ?? ""] : undefined;
    response.writeHead(text === undefined ? 404 : 200).end(text ?? "");
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  directory = mkdtempSync(join(tmpdir(), "foretide-metadata-"));
  mkdirSync(join(directory, "policies"));
  const spec = { mode: "full", target: { simulated: { replicas: 4, startSeconds: 60, drainSeconds: 1 } }, replicas: { min: 4, max: 4 }, demand: { metric: "shop.requests", extract: "rate" }, scaling: { requestsPerSecondPerReplica: 100 }, evaluationInterval: "1s", forecast: { enabled: false, step: "5s" } };
  writeFileSync(join(directory, "policies", "shop.yaml"), JSON.stringify({ apiVersion: "foretide.dev/v1", kind: "Policy", metadata: { name: "shop" }, spec }));
  writeFileSync(join(directory, "foretide.yaml"), JSON.stringify({
    listen: { http: { port: 0 }, otlpHttp: { enabled: false }, otlpGrpc: { enabled: false } }, data: { directory: join(directory, "data") }, policies: ["policies"],
    sources: { interruptions: { [service]: { address: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, every: 0.05 } } },
  }));
  daemon = await daemonOver(directory, "error");
  return (next) => { answers = next; };
}

it.each(Object.keys(SERVICES))("%s: the machine is drained within two seconds of the notice, once", async (service) => {
  const answer = await start(service);
  while (daemon?.view.target("shop")?.replicas.desired === undefined) await wait(20);
  const machine = daemon.actuator("shop") as SimulatedActuator;
  const [id = ""] = machine.interrupt(1, service === "aws-metadata" ? 120 : 30);
  const toldAt = performance.now();
  answer(SERVICES[service]?.answers(id) ?? {});
  while (machine.writeCalls() === 0) await wait(10);
  expect(performance.now() - toldAt).toBeLessThan(2_000);
  await wait(2_500);
  const page = await daemon.view.decisions.decisions({ limit: 50 });
  if (!page.ok) throw new Error(page.message);
  const drained = page.value.decisions.filter(({ decision }) => decision.reasons.some(({ code, text }) => code === "machine-drained" && text.includes(id)));
  expect(drained.map(({ outcome }) => outcome?.kind)).toContain("applied");
}, 30_000);
