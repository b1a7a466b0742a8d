import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { readConfiguration } from "../../src/app/daemon.ts";
import { REGISTRIES } from "../../src/app/registries.ts";
import { formatConfigError } from "../../src/policy/config-error.ts";
import { parseDaemonConfig } from "../../src/policy/parse-daemon-config.ts";
import { parsePolicies } from "../../src/policy/parse-policies.ts";

const ROOT = join(import.meta.dirname, "../..");
const EXAMPLES = join(ROOT, "config/examples");
const MAIN = join(ROOT, "dist/src/main.js");

describe.skipIf(!existsSync(MAIN))(`foretide sidecar${existsSync(MAIN) ? "" : " (skipped: npm run build makes it)"}`, () => {
  it("becomes the bundled daemon under the same process id, decides, and ends with 0 on SIGTERM", async () => {
    const data = mkdtempSync(join(tmpdir(), "foretide-sidecar-"));
    const child = spawn(process.execPath, [MAIN, "sidecar", "--config", join(EXAMPLES, "sidecar")], { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, FORETIDE_DATA_DIR: data, FORETIDE_PORT: "0", FORETIDE_OTLP_PORT: "0" } });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => { said += chunk.toString(); });
    const ended = once(child, "exit");
    const port = await new Promise<number>((resolve, reject) => {
      child.stderr.on("data", () => { const ready = /"httpPort":(\d+)/.exec(said); if (ready !== null) resolve(Number(ready[1])); });
      child.once("exit", () => { reject(new Error(said)); });
    });
    const command = readFileSync(`/proc/${String(child.pid)}/cmdline`, "utf8").split("\0");
    expect(command).toContain("--lite-mode");
    expect(command.some((part) => part.endsWith("dist/bundle/server/main.js"))).toBe(true);
    expect(said).not.toContain("Warning");
    let status: unknown;
    for (let wait = 0; wait < 300 && status === undefined; wait++) {
      const answer = (await (await fetch(`http://127.0.0.1:${String(port)}/api/v1/targets/shop`)).json()) as { readonly lastDecision?: unknown };
      status = answer.lastDecision;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(status).toMatchObject({ target: "shop", desiredReplicas: 2 });
    child.kill("SIGTERM");
    expect((await ended)[0], said).toBe(0);
    rmSync(data, { recursive: true, force: true });
  }, 60_000);
});

describe("the examples", () => {
  it.each(["sidecar", "compose"])("config/examples/%s is a valid configuration", (name) => {
    process.env["FORETIDE_TOKEN"] = "a";
    const loaded = readConfiguration(join(EXAMPLES, name));
    delete process.env["FORETIDE_TOKEN"];
    expect(loaded.ok ? [] : loaded.errors.map(formatConfigError)).toEqual([]);
  });

  it.each(["kubernetes/foretide.yaml", "sidecar/kubernetes.yaml"])("what the ConfigMaps of config/examples/%s hold is valid", (file) => {
    const maps = parseAllDocuments(readFileSync(join(EXAMPLES, file), "utf8")).map((document) => document.toJS() as { readonly kind: string; readonly data?: Readonly<Record<string, string>> }).filter(({ kind }) => kind === "ConfigMap");
    const texts = maps.flatMap(({ data = {} }) => Object.entries(data)).filter(([name]) => name !== "collector.yaml");
    expect(texts.length).toBeGreaterThanOrEqual(2);
    const lookups = { env: (name: string) => `value-of-${name}`, file: () => undefined };
    for (const [name, text] of texts) {
      const parsed = name === "foretide.yaml" ? parseDaemonConfig({ path: name, text }, { registries: REGISTRIES, lookups }) : parsePolicies([{ path: name, text }], { registries: REGISTRIES });
      expect(parsed.ok ? [] : parsed.errors.map(formatConfigError)).toEqual([]);
    }
  });

  it("of ECS runs the sidecar, as nobody in particular, on a tree that it cannot write to", () => {
    const task = JSON.parse(readFileSync(join(EXAMPLES, "sidecar/ecs-task-definition.json"), "utf8")) as { readonly containerDefinitions: readonly { readonly name: string; readonly command: readonly string[]; readonly readonlyRootFilesystem: boolean; readonly environment: readonly { readonly name: string; readonly value: string }[] }[] };
    const [collector, foretide] = task.containerDefinitions;
    expect(foretide).toMatchObject({ user: "1000", readonlyRootFilesystem: true, command: ["node", "dist/src/main.js", "sidecar", "--config", "config"] });
    expect(JSON.parse(collector?.environment[0]?.value ?? "")).toMatchObject({ exporters: { otlphttp: { endpoint: "http://127.0.0.1:4318" } } });
  });
});
