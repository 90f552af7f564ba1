import { type Dirent, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { toSite } from "../matrix/site.ts";
import { toSummary } from "../matrix/summary.ts";
import { writeText } from "../report/write.ts";
import type { Report } from "../shapes.ts";
import { type Terminal, UsageError } from "../terminal.ts";
import { loadReport } from "./load-report.ts";
import { createStatusLine } from "../tell/status-line.ts";

export interface MatrixFlags {
  readonly to?: string;
  readonly markdown?: string;
  readonly guide?: string;
}

/** Builds the pages of all reports in the folder and below. Writes nothing if one of them is broken; all of those are told. */
export function buildMatrix(folder: string, { to, markdown, guide }: MatrixFlags, terminal: Terminal): void {
  if (to === undefined && markdown === undefined)
    throw new UsageError("Where to? Say --to <folder> for pages, or --markdown <file> for a table.");
  const status = createStatusLine(terminal);
  const reports = loadReports(folder, terminal, (text) => status.show(text));
  let count = 0;
  if (to !== undefined) {
    for (const { path, text } of toSite(reports, guide)) {
      writeText(resolve(terminal.cwd, to, path), text);
      status.show(`${++count} files, ${path}`);
    }
  }
  if (markdown !== undefined) writeText(resolve(terminal.cwd, markdown), toSummary(reports));
  status.end();
  const places = [to === undefined ? "" : `${count} files in ${to}`, markdown ?? ""].filter((place) => place !== "");
  terminal.print(`${reports.length} reports: ${places.join(", ")}`);
}

function loadReports(folder: string, terminal: Terminal, show: (text: string) => void): Report[] {
  const files = listJson(folder, terminal);
  if (files.length === 0)
    throw new UsageError(`There is no .json file in ${folder}; --report matrix=<file> writes one.`);
  const broken: string[] = [];
  const reports = files.flatMap((file, index) => {
    show(`${index + 1} of ${files.length}, ${file}`);
    try {
      return [loadReport(file, terminal)];
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      broken.push(error.message);
      return [];
    }
  });
  if (broken.length > 0) throw new UsageError(broken.join("\n"));
  return reports;
}

/** In the order of their names, whatever the disk says. */
function listJson(folder: string, terminal: Terminal): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(resolve(terminal.cwd, folder), { withFileTypes: true });
  } catch (error) {
    throw new UsageError(`Cannot read the folder ${folder}: ${(error as Error).message}`, { cause: error });
  }
  return entries
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return listJson(path, terminal);
      return entry.name.endsWith(".json") ? [path] : [];
    });
}
