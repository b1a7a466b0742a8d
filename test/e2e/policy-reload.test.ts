import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { readConfiguration, type Daemon } from "../../src/app/daemon.ts";
import { watchConfiguration, type PolicyWatcher } from "../../src/app/policies/policy-watcher.ts";
import { daemonOver } from "../fixtures/daemon/daemon-over.ts";

const BY = { author: "test", reason: "reload" };
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => { for (const cleanup of cleanups.splice(0).reverse()) await cleanup(); });

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "foretide-reload-"));
  cleanups.push(async () => { rmSync(path, { recursive: true, force: true }); });
  return path;
}

const policyText = (name: string, max: number): string => `apiVersion: foretide.dev/v1
kind: Policy
metadata: { name: ${name} }
spec:
  target: { dry-run: {} }
  replicas: { min: 1, max: ${String(max)} }
  demand: { preset: http-rate, service: ${name} }
`;

const many = (count: number, max: number): string => Array.from({ length: count }, (_, i) => policyText(`p${String(i)}`, max)).join("---\n");

/** As editors and config managers do: a new file takes the old one's name. */
function replace(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

async function running(directory: string): Promise<Daemon> {
  const daemon = await daemonOver(directory);
  cleanups.push(() => daemon.stop());
  return daemon;
}

function configuration(policies: string, watch = false): { readonly directory: string; readonly file: string } {
  const directory = folder();
  mkdirSync(join(directory, "policies"));
  writeFileSync(join(directory, "foretide.yaml"), JSON.stringify({ listen: { http: { port: 0 }, otlpHttp: { port: 0 }, otlpGrpc: { port: 0 } }, data: { directory: join(directory, "data") }, reload: { watch } }));
  const file = join(directory, "policies/all.yaml");
  writeFileSync(file, policies);
  return { directory, file };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let wait = 0; wait < 400; wait++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`never: ${what}`);
}

/** A thousand broken texts, each broken in one of several ways: syntax, a key, a value, a bound, a missing part, another file's name. */
function broken(i: number): string {
  const good = many(3, 20);
  const breaks = [
    (text: string) => text.replace("spec:", "spec"),
    (text: string) => text.replace("replicas", "replica"),
    (text: string) => text.replace("max: 20", `max: ${String(-1 - i)}`),
    (text: string) => text.replace("min: 1", `min: ${String(21 + i)}`),
    (text: string) => text.replace("kind: Policy", ""),
    (text: string) => text.replace("name: p1", "name: p0"),
    (text: string) => text.slice(0, 40 + (i % 150)).replace(/\n[^\n]*$/, "\n  broken"),
    () => "",
    (text: string) => text.replace("http-rate", `http-rate-${String(i)}`),
    (text: string) => text.replace("dry-run", "dryrun"),
  ];
  return (breaks[i % breaks.length] ?? ((text: string) => text))(good);
}

describe("a reload", () => {
  it("keeps the old policies through a thousand bad files, says why each time, and takes the next good one", async () => {
    const { directory, file } = configuration(many(3, 20));
    const { view } = await running(directory);
    const before = view.policies();
    expect(before).toMatchObject({ generation: 1 });
    for (let i = 0; i < 1000; i++) {
      replace(file, broken(i));
      const report = await view.reloadPolicies(BY);
      expect(report.ok, broken(i)).toBe(false);
      if (report.ok) continue;
      expect(report.problems.length).toBeGreaterThan(0);
      expect(report.problems.every((problem) => problem.file.endsWith("all.yaml") && problem.line >= 1 && problem.column >= 1)).toBe(true);
      expect(view.policies().generation).toBe(1);
    }
    expect(view.policies().entries.map(({ policy }) => policy.digest)).toEqual(before.entries.map(({ policy }) => policy.digest));
    replace(file, many(3, 20).replace("max: 20", "max: 21"));
    expect(await view.reloadPolicies(BY)).toMatchObject({ ok: true, generation: 2, changed: ["p0"], added: [], removed: [] });
  });

  it("is refused where it changes more than the set share of the targets, unless it is forced", async () => {
    const { directory, file } = configuration(many(8, 20));
    const { view } = await running(directory);
    replace(file, many(8, 30));
    expect(await view.reloadPolicies(BY)).toMatchObject({ ok: false, generation: 1 });
    expect(view.policies().entries.every(({ policy }) => policy.replicas.max === 20)).toBe(true);
    // Two of eight are a quarter, which is what may change; an empty file and a removal count too.
    replace(file, many(8, 20).replace("max: 20", "max: 21").replace("max: 20", "max: 22"));
    expect(await view.reloadPolicies(BY)).toMatchObject({ ok: true, changed: ["p0", "p1"] });
    replace(file, many(3, 20));
    expect(await view.reloadPolicies(BY)).toMatchObject({ ok: false, generation: 2 });
    expect(await view.reloadPolicies({ author: "test", reason: "force: the others are gone" })).toMatchObject({ ok: true, generation: 3 });
  });
});

describe("the watcher", () => {
  function watched(directory: string): { readonly watcher: PolicyWatcher; readonly count: () => number } {
    const loaded = readConfiguration(directory);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
    let changes = 0;
    const watcher = watchConfiguration(loaded.configuration.sources, { settleMs: 50, pollMs: 60_000, onChange: async () => { changes += 1; } });
    cleanups.push(() => watcher.close());
    return { watcher, count: () => changes };
  }

  it("sees a file written in place, replaced by a rename, added, and removed; a touch is no change", async () => {
    const { directory, file } = configuration(many(1, 20));
    const { watcher, count } = watched(directory);
    await watcher.ready;
    writeFileSync(file, many(1, 21));
    await until(() => count() === 1, "written in place");
    replace(file, many(1, 22));
    await until(() => count() === 2, "replaced");
    writeFileSync(join(directory, "policies/more.yaml"), policyText("more", 5));
    await until(() => count() === 3, "added");
    utimesSync(file, new Date(), new Date());
    rmSync(join(directory, "policies/more.yaml"));
    await until(() => count() === 4, "removed");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(count()).toBe(4);
  });

  it("sees the swapped link of a mounted ConfigMap, once", async () => {
    const directory = folder();
    const mount = join(directory, "policies");
    mkdirSync(join(mount, "..2026_11_24_1"), { recursive: true });
    writeFileSync(join(mount, "..2026_11_24_1/all.yaml"), many(2, 20));
    symlinkSync("..2026_11_24_1", join(mount, "..data"));
    symlinkSync("..data/all.yaml", join(mount, "all.yaml"));
    writeFileSync(join(directory, "foretide.yaml"), "{}");
    const { watcher, count } = watched(directory);
    await watcher.ready;
    mkdirSync(join(mount, "..2026_11_24_2"));
    writeFileSync(join(mount, "..2026_11_24_2/all.yaml"), many(2, 30));
    symlinkSync("..2026_11_24_2", join(mount, "..data_tmp"));
    renameSync(join(mount, "..data_tmp"), join(mount, "..data"));
    rmSync(join(mount, "..2026_11_24_1"), { recursive: true });
    await until(() => count() === 1, "swapped");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(count()).toBe(1);
    const loaded = readConfiguration(directory);
    expect(loaded.ok && loaded.configuration.policies.every((policy) => policy.replicas.max === 30)).toBe(true);
  });

  it("brings a changed file into a running daemon, and a bad one changes nothing", async () => {
    const { directory, file } = configuration(many(3, 20), true);
    const { view } = await running(directory);
    replace(file, broken(2));
    await until(() => view.policies().problems.length > 0, "the bad file is told");
    expect(view.policies().generation).toBe(1);
    replace(file, many(3, 20).replace("max: 20", "max: 25"));
    await until(() => view.policies().generation === 2, "the good file is taken");
    expect(view.policies().entries[0]?.policy.replicas.max).toBe(25);
    expect(view.policies().problems).toEqual([]);
  });
});
