import { expect, it } from "vitest";
import { PolicyReloader } from "../../../src/app/policies/policy-reloader.ts";
import type { ReloaderParts } from "../../../src/app/policies/policy-reloader.ts";
import { failure, success } from "../../../src/model/result.ts";

const BY = { author: "tester", reason: "a test" };

/** A reloader over the named policies, whose fleet takes what `takes` says; and what was told of it, in order. */
function reloaderOf(next: readonly string[], takes: () => boolean): { readonly reloader: PolicyReloader; readonly told: string[] } {
  const told: string[] = [];
  const configuration = (names: readonly string[]): unknown => ({
    policies: names.map((name) => ({ name, digest: name })), policyFiles: {}, daemon: { reload: { maxChangedShare: 1 }, sources: { metrics: {} } },
  });
  const parts = {
    configuration: configuration(["api", "web"]),
    reread: () => ({ ok: true, configuration: configuration(next) }),
    clock: { nowSeconds: () => 0 },
    fleet: { apply: () => Promise.resolve(takes() ? success({ removed: [], added: [] }) : failure("transient", "the journal is full")) },
    prepare: () => Promise.resolve(success({ keep: () => Promise.resolve(), undo: () => Promise.resolve() })),
    onSwap: (policies: readonly { readonly name: string }[]) => { told.push(`swap ${policies.map(({ name }) => name).join()}`); },
    onKept: (targets: readonly string[]) => { told.push(`kept ${targets.join()}`); },
  } as unknown as ReloaderParts;
  return { reloader: new PolicyReloader(parts), told };
}

it("lets go of what a removed target had once the fleet has taken the policies", async () => {
  const { reloader, told } = reloaderOf(["api"], () => true);
  await reloader.start();
  expect((await reloader.reload(BY)).ok).toBe(true);
  expect(told).toEqual(["swap api,web", "swap api", "kept api"]);
});

it("lets go of nothing where the fleet refuses them", async () => {
  let accepts = true;
  const { reloader, told } = reloaderOf(["api"], () => accepts);
  await reloader.start();
  accepts = false;
  expect((await reloader.reload(BY)).ok).toBe(false);
  expect(told).toEqual(["swap api,web", "swap api", "swap api,web"]);
});
