import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { chmodSync, chownSync, cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkout, freePort, ROOT } from "./checkout.ts";
import { buildOnDisk, readInstructions, type Image } from "./dockerfile.ts";

// No image can be built where there is no container engine, so the Dockerfile's own steps run in empty folders, and its command
// starts as nobody on a tree that it cannot write to.
const NOBODY = 65_534;
let folder: string;
let image: Image;
let daemon: ChildProcess | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "foretide-image-"));
  chmodSync(folder, 0o755);
  checkout(join(folder, "context"));
  image = buildOnDisk(readInstructions(join(ROOT, "Dockerfile")), join(folder, "context"), { into: folder, node: process.execPath });
}, 600_000);

afterAll(() => {
  daemon?.kill("SIGKILL");
  spawnSync("chmod", ["-R", "u+w", folder]);
  rmSync(folder, { recursive: true, force: true });
});

describe("the image", () => {
  it("is for a user that is not root, says how its health is checked, and holds no tool of the build", () => {
    expect(image.user).toBe("node");
    expect(image.healthCheck[0]).toBe("node");
    expect(readdirSync(join(image.root, "app")).sort()).toEqual(["config", "dist", "node_modules", "package.json"]);
    expect(existsSync(join(image.root, "app/node_modules/typescript"))).toBe(false);
  });

  it("starts unprivileged on a read-only tree, answers its own health check, writes only to its data, and ends with 0 on SIGTERM", async () => {
    const app = join(image.root, image.workdir);
    const port = await freePort();
    // The ports of the machine that tests may be taken: only they are changed.
    writeFileSync(join(app, "config/foretide.yaml"), `listen: { http: { port: ${String(port)} }, otlpHttp: { port: 0 }, otlpGrpc: { port: 0 } }\ndata: { directory: "\${env:FORETIDE_DATA_DIR}" }\n`);
    rmSync(join(app, "config/policies"), { recursive: true });
    cpSync(join(ROOT, "config/policies/demo.yaml"), join(app, "config/policies/demo.yaml"));
    const data = join(image.root, image.env["FORETIDE_DATA_DIR"] ?? "");
    spawnSync("chmod", ["-R", "a-w,a+rX", join(image.root, "app")]);
    const asRoot = process.getuid?.() === 0;
    if (asRoot) chownSync(data, NOBODY, NOBODY);
    const identity = asRoot ? { uid: NOBODY, gid: NOBODY } : {};
    const env = { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", ...image.env, FORETIDE_DATA_DIR: data };
    const [, ...args] = image.command;
    daemon = spawn(process.execPath, args, { cwd: app, env, ...identity, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    daemon.stderr?.on("data", (chunk: Buffer) => { said += chunk.toString(); });
    daemon.stdout?.on("data", (chunk: Buffer) => { said += chunk.toString(); });
    const ended = new Promise<number | null>((resolve) => daemon?.on("exit", (code) => { resolve(code); }));
    const check = image.healthCheck.slice(1).map((part) => part.replace("8080", String(port)));
    let healthy = false;
    for (let wait = 0; wait < 60 && !healthy && daemon.exitCode === null; wait++) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      healthy = spawnSync(process.execPath, check, { cwd: app }).status === 0;
    }
    expect(healthy, said).toBe(true);
    expect(readdirSync(data).length).toBeGreaterThan(0);
    daemon.kill("SIGTERM");
    expect(await ended, said).toBe(0);
  });
});
