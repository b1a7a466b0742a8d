// Builds a real counterpart with Go into .runtime/go (git-ignored), for `npm run test:real`: `collector` (an OpenTelemetry Collector),
// `kubernetes` (etcd, kube-apiserver and kube-controller-manager in one program) or `keda` (KEDA's operator, and its resources'
// definitions). The first build takes minutes, and is not a part of `npm test`; an unchanged program is not built anew.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const into = `${root}.runtime/go`;
const COUNTERPARTS = {
  collector: () => build("otel-collector", ".", `${root}test/real/go/collector`),
  kubernetes: () => build("kubernetes", ".", `${root}test/real/go/kubernetes`),
  keda: buildKeda,
};
/** A program of its own module: it is built there, with its own list of what it needs. */
const KEDA = { module: "github.com/kedacore/keda/v2@v2.21.0", sum: "h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=" };

function go(args, options) {
  const ran = spawnSync("go", args, options);
  if (ran.error !== undefined) console.error(`Go is needed: ${ran.error.message}`);
  return ran;
}

function build(binary, what, folder) {
  return go(["build", "-trimpath", "-ldflags", "-s -w", "-o", `${into}/${binary}`, what], { cwd: folder, stdio: ["ignore", 2, 2] }).status ?? 1;
}

function buildKeda() {
  const { status, stdout } = go(["mod", "download", "-json", KEDA.module], { stdio: ["ignore", "pipe", 2], encoding: "utf8" });
  if (status !== 0) return status ?? 1;
  const { Dir: folder, Sum: sum } = JSON.parse(stdout);
  if (sum !== KEDA.sum) {
    console.error(`${KEDA.module} is not what was pinned: ${sum}`);
    return 1;
  }
  const built = build("keda", "./cmd/operator", folder);
  rmSync(`${into}/keda-crds`, { recursive: true, force: true });
  if (built === 0) cpSync(`${folder}/config/crd/bases`, `${into}/keda-crds`, { recursive: true });
  return built;
}

const counterpart = COUNTERPARTS[process.argv[2] ?? ""];
if (counterpart === undefined) {
  console.error(`usage: build-go-counterpart.mjs ${Object.keys(COUNTERPARTS).join("|")}`);
  process.exit(64);
}
mkdirSync(into, { recursive: true });
process.exit(counterpart());
