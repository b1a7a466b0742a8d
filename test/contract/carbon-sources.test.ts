import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { CarbonReading, CarbonSource } from "../../src/observe/carbon/carbon-source.ts";
import { CARBON_SOURCES } from "../../src/observe/carbon/registry.ts";
import { startFakeCarbonApis } from "../fixtures/carbon/fake-carbon-apis.ts";
import type { CarbonWorld, FakeApis } from "../fixtures/carbon/fake-carbon-apis.ts";
import { carbonSourceContract } from "./carbon-source.contract.ts";
import type { CarbonCounterpart } from "./carbon-source.contract.ts";
import { Secret } from "../../src/policy/secret.ts";

const TIME = "2026-11-24T12:00:00.000Z";
const NOW = Date.parse(TIME) / 1000 + 600;
const GRAMS = [311, 300, 250, 200, 220];
const deps = { fetch, timeoutMilliseconds: 2000 };
const open: FakeApis[] = [];
const covered = new Set<string>();

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function counterpart(create: (url: string) => CarbonSource): Promise<CarbonCounterpart & { readonly fake: FakeApis }> {
  const world: CarbonWorld = { time: TIME, grams: GRAMS };
  const fake = await startFakeCarbonApis(world);
  open.push(fake);
  const status = { busy: 429, down: 503, refused: 403 } as const;
  return {
    source: create(fake.url), region: "eu-central-1", nowSeconds: NOW, grams: GRAMS[0] ?? NaN, forecasts: true, fake,
    fail: (how) => {
      if (how === "malformed") world.malformed = true;
      else world.failWith = status[how];
    },
  };
}

function contract(type: keyof typeof CARBON_SOURCES, signal: "average" | "marginal", start: () => Promise<CarbonCounterpart>): void {
  covered.add(type);
  carbonSourceContract(type, signal, start);
}

const electricityMaps = (url: string): CarbonSource => CARBON_SOURCES["electricity-maps"].create({ token: new Secret("secret"), baseUrl: url, emissions: "lifecycle" }, deps);
const watttime = (url: string): CarbonSource => CARBON_SOURCES.watttime.create({ username: "u", password: new Secret("p"), baseUrl: url }, deps);

contract("electricity-maps", "average", () => counterpart(electricityMaps));
contract("watttime", "marginal", () => counterpart(watttime));
contract("gb-carbon-intensity", "average", () => counterpart((url) => CARBON_SOURCES["gb-carbon-intensity"].create({ baseUrl: url }, deps)));
contract("carbon-aware-sdk", "marginal", () => counterpart((url) => CARBON_SOURCES["carbon-aware-sdk"].create({ baseUrl: url, signal: "marginal" }, deps)));
contract("embedded", "average", () => Promise.resolve({ source: CARBON_SOURCES.embedded.create({ signal: "average" }), region: "eu-central-1", nowSeconds: NOW, grams: 371.27, forecasts: false }).then(withTableValue));
contract("file", "average", () => {
  const path = join(mkdtempSync(join(tmpdir(), "foretide-carbon-")), "grid.csv");
  writeFileSync(path, `time,FR,DE\n${GRAMS.map((grams, at) => `${new Date(Date.parse(TIME) + at * 3_600_000).toISOString()},,${grams}`).join("\n")}\n`);
  return Promise.resolve({
    source: CARBON_SOURCES.file.create({ path, signal: "average", emissions: "lifecycle" }), region: "eu-central-1", zone: "DE", nowSeconds: NOW, grams: 311, forecasts: true,
  });
});

/** The embedded table is its own counterpart: what it must give is read from the file that it ships. */
async function withTableValue(at: CarbonCounterpart): Promise<CarbonCounterpart> {
  const table = (await import("../../config/catalogs/regions.json", { with: { type: "json" } })).default;
  return { ...at, grams: table.regions["aws:eu-central-1"].averageGramsPerKwh };
}

describe("carbon sources", () => {
  it("all run the contract", () => {
    expect([...covered].sort()).toEqual(Object.keys(CARBON_SOURCES).sort());
  });

  it("watttime logs in again when its token is refused, once", async () => {
    const { source, fake } = await counterpart(watttime);
    const query = { region: "us-west-1", nowSeconds: NOW, horizonSeconds: 3600 };
    expect((await source.read(query)).ok).toBe(true);
    fake.revoke();
    expect((await source.read(query)).ok).toBe(true);
    expect(fake.requests.filter((line) => line === "GET /login")).toHaveLength(2);
  });

  it("electricity maps leaves out what its forecast does not know, and marks estimates", async () => {
    const { source } = await counterpart(electricityMaps);
    const read = await source.read({ region: "eu-central-1", nowSeconds: NOW, horizonSeconds: 3600 });
    expect(read.ok && read.value.forecast.map(({ gramsPerKwh }) => gramsPerKwh)).toEqual([300, 200, 220]);
    expect(read.ok && read.value.estimated).toBe(true);
  });

  it("average and marginal readings do not stand for one another", () => {
    const average: CarbonReading<"average"> = { signal: "average", zone: "DE", gramsPerKwh: 371, timeSeconds: 0, source: "t", estimated: false, emissions: "lifecycle", forecast: [] };
    // @ts-expect-error one kind of signal is not the other
    const marginal: CarbonReading<"marginal"> = average;
    expect(marginal.signal).toBe("average");
  });

  it("a file with a bad row names its place, and an empty cell is absent", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "foretide-carbon-")), "grid.csv");
    const source = CARBON_SOURCES.file.create({ path, signal: "average", emissions: "direct" });
    const query = { region: "eu-central-1", zone: "DE", nowSeconds: NOW, horizonSeconds: 0 };
    expect(await source.read(query)).toMatchObject({ ok: false, failure: "missing" });
    writeFileSync(path, "time,DE\n2026-11-24T11:00:00Z,\n");
    expect(await source.read(query)).toMatchObject({ ok: false, failure: "missing" });
    writeFileSync(path, "time,DE\n2026-11-24T11:00:00Z,300\n2026-11-24T12:00:00Z,many\n");
    expect(await source.read(query)).toMatchObject({ ok: false, failure: "permanent", message: `${path}:3: not a time and a number` });
  });
});
