import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { REGISTRIES } from "../../../src/app/registries.ts";
import { parseDaemonConfig } from "../../../src/policy/parse-daemon-config.ts";

const TOKEN = "s3cr3t-t0ken";
const lookups = { env: (name: string) => (name === "TOKEN" ? TOKEN : undefined), file: () => undefined };

describe("the tokens of carbon providers", () => {
  it.each(["electricity-maps: { token: '${env:TOKEN}' }", "watttime: { username: me, password: '${env:TOKEN}' }"])("of %s print as [REDACTED] and still reach the provider", (source) => {
    const parsed = parseDaemonConfig({ path: "foretide.yaml", text: `sources:\n  carbon:\n    ${source}\n` }, { registries: REGISTRIES, lookups });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
    const { config } = parsed;
    for (const text of [JSON.stringify(config), inspect(config, { depth: 9 })]) expect(text).not.toContain(TOKEN);
    expect(JSON.stringify(config)).toContain("[REDACTED]");
    const settings = Object.values(config.sources.carbon)[0] as Readonly<Record<string, { reveal?(): string }>>;
    expect((settings["token"] ?? settings["password"])?.reveal?.()).toBe(TOKEN);
  });
});
