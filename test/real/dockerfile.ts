import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

export interface Instruction {
  readonly keyword: string;
  readonly rest: string;
}

/** The state of the last stage once its steps have run: a folder that stands for the image's root. */
export interface Image {
  readonly root: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly command: readonly string[];
  readonly healthCheck: readonly string[];
}

export function readInstructions(path: string): readonly Instruction[] {
  const lines = readFileSync(path, "utf8").replaceAll(/\\\n\s*/g, " ").split("\n");
  return lines.filter((line) => line.trim() !== "" && !line.startsWith("#")).map((line) => {
    const [, keyword = "", rest = ""] = /^(\w+)\s+(.*)$/.exec(line.trim()) ?? [];
    return { keyword: keyword.toUpperCase(), rest };
  });
}

interface Stage {
  readonly root: string;
  workdir: string;
  env: Record<string, string>;
  user: string;
  command: readonly string[];
  healthCheck: readonly string[];
}

/** Runs the steps of a Dockerfile on this machine, each stage in an empty folder of `into`. `node` stands for the base image's. */
export function buildOnDisk(instructions: readonly Instruction[], context: string, options: { readonly into: string; readonly node: string }): Image {
  const stages: Stage[] = [];
  const names = new Map<string, Stage>();
  let stage: Stage | undefined;
  for (const { keyword, rest } of instructions) {
    if (keyword === "FROM") {
      const [, name] = /\sAS\s+(\w+)$/i.exec(rest) ?? [];
      stage = { root: join(options.into, `stage-${String(stages.length)}`), workdir: "/", env: {}, user: "root", command: [], healthCheck: [] };
      mkdirSync(stage.root, { recursive: true });
      stages.push(stage);
      if (name !== undefined) names.set(name, stage);
      continue;
    }
    if (stage === undefined) throw new Error(`${keyword} before FROM`);
    step(stage, { keyword, rest }, { context, names, node: options.node });
  }
  if (stage === undefined) throw new Error("no stage");
  return stage;
}

function step(stage: Stage, { keyword, rest }: Instruction, outside: { readonly context: string; readonly names: ReadonlyMap<string, Stage>; readonly node: string }): void {
  switch (keyword) {
    case "WORKDIR":
      stage.workdir = rest;
      mkdirSync(join(stage.root, rest), { recursive: true });
      return;
    case "ENV":
      for (const [, name = "", value = ""] of rest.matchAll(/(\w+)=(\S+)/g)) stage.env[name] = value;
      return;
    case "USER":
      stage.user = rest;
      return;
    case "CMD":
      stage.command = JSON.parse(rest) as string[];
      return;
    case "HEALTHCHECK":
      stage.healthCheck = JSON.parse(rest.slice(rest.indexOf("CMD ") + 4)) as string[];
      return;
    case "COPY": {
      const [, from] = /^--from=(\w+)\s/.exec(rest) ?? [];
      const paths = rest.replace(/^--from=\w+\s+/, "").split(/\s+/);
      const target = paths.pop() ?? ".";
      const base = from === undefined ? outside.context : (outside.names.get(from)?.root ?? "");
      for (const path of paths) {
        const into = target.endsWith("/") || paths.length > 1 ? (path.split("/").at(-1) ?? "") : "";
        copy(join(base, path), join(stage.root, resolve("/", stage.workdir, target), into));
      }
      return;
    }
    case "RUN": {
      // The image's users and absolute paths are this machine's folder and user.
      const line = rest.replaceAll(/-[og] node /g, "").replaceAll(/(?<=\s)(\/var\/\S+)/g, (path) => join(stage.root, path));
      const done = spawnSync("sh", ["-c", line], { cwd: join(stage.root, stage.workdir), env: { ...process.env, ...stage.env, PATH: `${dirname(outside.node)}:${process.env["PATH"] ?? ""}` }, encoding: "utf8" });
      if (done.status !== 0) throw new Error(`RUN ${rest}\n${done.stdout}${done.stderr}`);
      return;
    }
    case "EXPOSE":
    case "VOLUME":
      return;
    default:
      throw new Error(`unknown instruction ${keyword}`);
  }
}

function copy(source: string, to: string): void {
  if (!existsSync(source)) throw new Error(`COPY: ${source} is not there`);
  mkdirSync(dirname(to), { recursive: true });
  cpSync(source, to, { recursive: true, verbatimSymlinks: true });
}
