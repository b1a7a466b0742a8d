import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Command } from "commander";
import { REGISTRIES } from "../app/registries.ts";
import { formatConfigError } from "../policy/config-error.ts";
import { parsePolicies } from "../policy/parse-policies.ts";
import { builtInPresets } from "../policy/preset.ts";
import { parseArguments } from "./arguments.ts";
import { schemaFiles } from "./schema.ts";

const BAD_INPUT = 64;

interface Answers {
  readonly name: string;
  readonly service?: string;
  readonly preset: string;
  readonly max: string;
  readonly force?: boolean;
}

/** `foretide init`: writes a first foretide.yaml, a first policy and the schemas that editors complete and check them with. */
export async function run(args: readonly string[]): Promise<number> {
  const command = new Command("init")
    .description("Write a first configuration: foretide.yaml, a policy, and the schemas for editors.")
    .argument("[folder]", "where to write", ".")
    .option("--name <name>", "the policy's name", "web")
    .option("--service <name>", "the service.name of the telemetry; by default the policy's name")
    .option("--preset <name>", "what the load is", "http-rate")
    .option("--max <replicas>", "the most replicas", "20")
    .option("--force", "overwrite files that are there");
  const parsed = parseArguments(command, args);
  if (!parsed.ok) return parsed.exitCode;
  const answers = parsed.options as unknown as Answers;
  const folder = parsed.operands[0] ?? ".";
  const policy = policyText(answers);
  const checked = parsePolicies([{ path: "policy", text: policy }], { registries: REGISTRIES });
  if (!checked.ok) {
    for (const error of checked.errors) process.stderr.write(`foretide: ${formatConfigError(error)}\n`);
    return BAD_INPUT;
  }
  const files: Record<string, string> = { "foretide.yaml": DAEMON_TEXT, [`policies/${answers.name}.yaml`]: policy };
  for (const [name, text] of Object.entries(schemaFiles())) files[`schema/${name}`] = text;
  return write(folder, files, answers.force === true);
}

function write(folder: string, files: Readonly<Record<string, string>>, force: boolean): number {
  const written: string[] = [];
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    try {
      mkdirSync(dirname(path), { recursive: true });
      // A schema is the program's, not the user's: it is always the newest.
      writeFileSync(path, text, { flag: force || name.startsWith("schema/") ? "w" : "wx" });
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
      process.stderr.write(code === "EEXIST" ? `foretide: ${path} is there already; --force overwrites it\n` : `foretide: ${path} cannot be written (${code})\n`);
      return 1;
    }
    written.push(path);
  }
  for (const path of written) process.stdout.write(`${path}\n`);
  process.stderr.write(`foretide: check it with \`foretide validate ${folder}\`, run it with \`foretide serve --config ${folder}\`\n`);
  return 0;
}

function policyText({ name, service = name, preset, max }: Answers): string {
  return `# yaml-language-server: $schema=../schema/policy.schema.json
apiVersion: foretide.dev/v1
kind: Policy
metadata:
  name: ${name}
spec:
  # Advice only. Promote it when the advice is right: scale-out-only, then full.
  mode: recommend
  # A dry run writes nowhere. For an Auto Scaling group: aws-asg: { group: …, region: … }
  target: { dry-run: {} }
  replicas: { min: 1, max: ${max} }
  demand: { preset: ${preset}, service: ${service} }
${builtInPresets().get(preset)?.scaling.by === "objective" ? `  # What a replica carries is learned from its use. Where that is not measured: scaling: { requestsPerSecondPerReplica: … }
  utilization: { preset: cpu, service: ${service} }
` : ""}  objective: { latency: 250ms, errorBudget: 0.1% }
`;
}

const DAEMON_TEXT = `# yaml-language-server: $schema=schema/foretide.schema.json
# Every key may be left out. OTLP metrics come in on 4318 (HTTP) and 4317 (gRPC), the API and the page are on 8080; all on loopback.
data: { directory: data }
policies: [policies]
# No policy goes further than this, whatever it says: observe, recommend, scale-out-only, full.
modeCeiling: recommend
`;
