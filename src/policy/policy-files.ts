import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * The policy files of a path: itself, or the *.yaml and *.yml of a folder in the order of their names; undefined where it is not there.
 * A mounted ConfigMap holds its files twice, as links and in folders that begin with "..": names that begin with a dot are left out.
 */
export function listPolicyFiles(path: string): readonly string[] | undefined {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path).filter((name) => /\.ya?ml$/.test(name) && !name.startsWith(".") && name !== "foretide.yaml").sort().map((name) => join(path, name));
  } catch {
    return undefined;
  }
}
