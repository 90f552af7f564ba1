import { appendFileSync, existsSync, mkdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { writeToReader } from "../file.ts";
import type { Report } from "../shapes.ts";
import { type Terminal, UsageError } from "../terminal.ts";
import { toBadge } from "./badge.ts";
import { toBaselineFile } from "./baseline-file.ts";
import { toCompactFile } from "./compact.ts";
import { toHtml } from "./html.ts";
import { toJunit } from "./junit.ts";
import { toMarkdown } from "./markdown.ts";

/** Every kind of report that can be written of one run. */
const kinds = {
  junit: toJunit,
  json: (report: Report) => `${JSON.stringify(report, null, 2)}\n`,
  matrix: toCompactFile,
  html: (report: Report) => toHtml([report]),
  md: toMarkdown,
  badge: toBadge,
  baseline: toBaselineFile,
} satisfies Record<string, (report: Report) => string>;

export interface Target {
  readonly kind: string;
  readonly path: string;
}

/** Reads `kind=file`. Throws `UsageError` before anything has run. */
export function parseTargets(
  texts: readonly string[],
  cwd: string,
  known: readonly string[] = Object.keys(kinds),
): Target[] {
  return texts.map((text) => {
    const equals = text.indexOf("=");
    const kind = text.slice(0, equals);
    if (equals < 1 || !known.includes(kind) || text.length === equals + 1) {
      throw new UsageError(`'${text}' is no report; write kind=file with one of ${known.join(", ")}.`);
    }
    return { kind, path: resolve(cwd, text.slice(equals + 1)) };
  });
}

/** Writes each of them, whatever becomes of the others; false if one could not be written, which is told. */
export function writeReports(report: Report, targets: readonly Target[], terminal: Terminal): boolean {
  const written = targets.map(({ kind, path }) =>
    tryToWrite(terminal, path, () => writeText(path, kinds[kind as keyof typeof kinds](report))),
  );
  return written.every(Boolean);
}

/** A disk that is full costs the file, and not the findings of a long run. */
export function tryToWrite(terminal: Terminal, path: string, write: () => void): boolean {
  try {
    write();
    return true;
  } catch (error) {
    terminal.note(`Cannot write ${path}: ${(error as Error).message}`);
    return false;
  }
}

/** Half a report says something false: of one that there was no room for nothing stays, be it new or in an older one's place. */
export function writeText(path: string, text: string | Buffer): void {
  makeFolder(dirname(path));
  try {
    writeToReader(path, () => writeFileSync(path, text));
  } catch (error) {
    if (isHalfWritten(error, path)) rmSync(path);
    throw error;
  }
}

/** With those above it. Node's own `recursive` never ends where the system makes no folders, as in `/proc`. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  if (dirname(folder) !== folder) makeFolder(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!existsSync(folder)) throw error;
  }
}

/** The same for what is added to a file: it stays as it was. */
export function appendBytes(path: string, bytes: string | Buffer): void {
  const before = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  try {
    writeToReader(path, () => appendFileSync(path, bytes), 0);
  } catch (error) {
    if (isHalfWritten(error, path)) truncateSync(path, before);
    throw error;
  }
}

/** A device and a pipe are no files that one could take away. */
function isHalfWritten(error: unknown, path: string): boolean {
  const { syscall } = error as NodeJS.ErrnoException;
  return syscall === "write" && statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
