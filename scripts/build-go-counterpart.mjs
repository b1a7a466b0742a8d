// Builds a real counterpart with Go into .runtime/go (git-ignored), for `npm run test:real`: `collector` (an OpenTelemetry Collector)
// or `kubernetes` (etcd, kube-apiserver and kube-controller-manager in one program). The first build takes minutes, and is not a
// part of `npm test`; an unchanged program is not built anew.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const BINARIES = { collector: "otel-collector", kubernetes: "kubernetes" };
const root = fileURLToPath(new URL("../", import.meta.url));
const name = process.argv[2] ?? "";
const binary = BINARIES[name];
if (binary === undefined) {
  console.error(`usage: build-go-counterpart.mjs ${Object.keys(BINARIES).join("|")}`);
  process.exit(64);
}
mkdirSync(`${root}.runtime/go`, { recursive: true });
const built = spawnSync("go", ["build", "-trimpath", "-ldflags", "-s -w", "-o", `${root}.runtime/go/${binary}`, "."], { cwd: `${root}test/real/go/${name}`, stdio: ["ignore", 2, 2] });
if (built.error !== undefined) console.error(`Go is needed: ${built.error.message}`);
process.exit(built.status ?? 1);
