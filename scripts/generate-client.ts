// Writes clients/typescript/client.ts from the API's OpenAPI document. `--check` writes nothing and fails when it is not current.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openApiDocument } from "../src/app/api/openapi.ts";
import { clientSource, type OpenApi } from "./client-source.ts";

const target = join(import.meta.dirname, "..", "clients", "typescript", "client.ts");
const source = clientSource(openApiDocument("v1") as unknown as OpenApi);

if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8") !== source) {
    process.stderr.write("clients/typescript/client.ts is not current: run node scripts/generate-client.ts\n");
    process.exitCode = 3;
  }
} else {
  writeFileSync(target, source);
  process.stderr.write(`${target}: written\n`);
}
