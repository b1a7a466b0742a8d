import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ACTUATORS } from "../../src/act/registry.ts";
import { actuatorContract } from "./actuator.contract.ts";
import { COUNTERPARTS } from "./actuator-counterparts.ts";

const FOLDER = new URL("../../src/act/actuators/", import.meta.url);

describe("the registry of actuators", () => {
  it("holds each file of the folder under the file's name", () => {
    const files = readdirSync(FOLDER).filter((file) => file.endsWith(".ts")).map((file) => file.replace(/\.ts$/, ""));
    expect(ACTUATORS.map(({ type }) => type).sort()).toEqual(files.sort());
  });

  it("has a counterpart for each, so that none skips the contract", () => {
    expect(Object.keys(COUNTERPARTS).sort()).toEqual(ACTUATORS.map(({ type }) => type).sort());
  });
});

for (const [type, counterpart] of Object.entries(COUNTERPARTS)) actuatorContract(type, counterpart);
