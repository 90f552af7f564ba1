import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import type { Shown } from "../shown.ts";
import { type Ends, type FileEnd, readReport, toTitlePattern } from "./report.ts";

/** Code without its defence may hang; what takes longer than this has failed, too. */
const testMs = 60_000;

/** Runs these tests of a checkout and no others: the quick ones, and those that have a configuration of their own. */
export async function runShown(root: string, shown: readonly Shown[]): Promise<Ends> {
  const ends = new Map<string, FileEnd>();
  const isDefence = ({ file }: Shown): boolean => file.endsWith(".defence.ts");
  const quick = ["--mode", "all", "--testTimeout", `${testMs}`, "--hookTimeout", `${testMs}`];
  for (const [tests, report, settings] of [
    [shown.filter((test) => !isDefence(test)), "reports/tests.json", quick],
    [shown.filter(isDefence), "reports/defence.json", ["--config", "test/defence/vitest.config.ts"]],
  ] as const) {
    if (tests.length === 0) continue;
    for (const [file, end] of await runVitest(root, tests, join(root, report), settings)) ends.set(file, end);
  }
  return ends;
}

async function runVitest(
  root: string,
  shown: readonly Shown[],
  report: string,
  settings: readonly string[],
): Promise<Ends> {
  rmSync(report, { force: true });
  const files = new Set(shown.flatMap(({ file }) => toRunning(root, file)));
  const titles = new Set(shown.filter(({ file }) => !isSetup(file)).map(({ title }) => toTitlePattern(title)));
  const args = ["node_modules/vitest/vitest.mjs", "run", ...files, ...settings];
  const filter = titles.size === 0 ? [] : ["-t", [...titles].map((title) => `(?:${title})`).join("|")];
  // One worker: the files share its modules, and whoever else works on the machine has the other processors.
  const rest = ["--maxWorkers", "1"];
  const child = spawn(process.execPath, [...args, ...filter, ...rest], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stop = (): void => void child.kill();
  process.once("exit", stop);
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (text: Buffer) => void (said += text.toString()));
  await once(child, "close");
  process.off("exit", stop);
  const ends = readReport(report, root);
  if (ends === undefined) console.error(`vitest gave no report: ${said.slice(-2000)}`);
  return ends ?? new Map();
}

const isSetup = (file: string): boolean => file.endsWith(".setup.ts");

/** The files that run the tests of a file: its own, or those that import a suite. What looks after each file runs with any. */
function toRunning(root: string, file: string): readonly string[] {
  if (isSetup(file)) return [];
  if (!file.endsWith(".suite.ts")) return [file];
  const importers = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => /\.(?:test|suite)\.ts$/.test(path))
    .map((path) => join("src", path))
    .filter((path) => readFileSync(join(root, path), "utf8").includes(`/${basename(file)}"`));
  return importers.flatMap((importer) => toRunning(root, importer));
}
