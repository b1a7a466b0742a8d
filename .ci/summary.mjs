// Sums vitest's JSON reports into CI's last line, and holds docs/acceptance.md to its word: a test that it names must have run.
// usage: node summary.mjs <folder of reports> <number of failed stages>; exit code 1 where anything failed.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** Per test file: how many of its tests passed, failed and were skipped. A file that failed to load is one failure. */
export function countFiles(report, root) {
  return report.testResults.map((file) => {
    const count = (...states) => file.assertionResults.filter((test) => states.includes(test.status)).length;
    const failed = count("failed");
    return {
      path: relative(root, file.name),
      passed: count("passed"),
      failed: failed === 0 && file.status === "failed" ? 1 : failed,
      skipped: count("pending", "skipped", "todo", "disabled"),
      reasons: file.assertionResults.filter((test) => ["pending", "skipped", "todo", "disabled"].includes(test.status)).map((test) => test.fullName),
    };
  });
}

/** Faults of the acceptance list against what ran: a named test that is missing, did not run, or was skipped whole. */
export function acceptanceFaults(markdown, files) {
  const ran = new Map(files.map((file) => [file.path, file]));
  const faults = [];
  for (const line of markdown.split("\n")) {
    const row = /^\| ([LFDCP]\d+) \| (.*) \| ?(.*?) ?\|$/.exec(line);
    if (row === null) continue;
    for (const [, path] of row[2].matchAll(/`(test\/[^`\s]+\.test\.ts)`/g)) {
      const file = ran.get(path);
      if (file === undefined) faults.push(`${row[1]} names ${path}, which did not run`);
      else if (file.passed + file.failed === 0) faults.push(`${row[1]} names ${path}, which was skipped`);
    }
  }
  return faults;
}

export function lastLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

function main([folder, failedStages = "0"]) {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")) : [];
  const files = names.flatMap((name) => countFiles(JSON.parse(readFileSync(join(folder, name), "utf8")), process.cwd()));
  for (const file of files) for (const reason of file.reasons) console.log(`skipped: ${file.path}: ${reason}`);
  const faults = acceptanceFaults(readFileSync("docs/acceptance.md", "utf8"), files);
  for (const fault of faults) console.log(`acceptance: ${fault}`);
  const sum = (key) => files.reduce((total, file) => total + file[key], 0);
  const total = { passed: sum("passed"), failed: sum("failed") + Number(failedStages) + faults.length, skipped: sum("skipped") };
  console.log(lastLine(total));
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

if (process.argv[1] === import.meta.filename) process.exitCode = main(process.argv.slice(2));
