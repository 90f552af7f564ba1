import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import type { Shown } from "../shown.ts";

/** How one test went. */
export interface TestEnd {
  readonly title: string;
  readonly status: string;
  /** Each begins with the name of its error. */
  readonly failureMessages: readonly string[];
}

/** How one file of tests went; it fails too if it could not be read, or by what looks after it. */
export interface FileEnd {
  readonly failed: boolean;
  readonly message: string;
  readonly tests: readonly TestEnd[];
}

/** What vitest's JSON report is read for. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly TestEnd[];
  }[];
}

/** How tests went, by file, from the root. */
export type Ends = ReadonlyMap<string, FileEnd>;

/** Nothing if there is no such report. */
export function readReport(file: string, root: string): Ends | undefined {
  if (!existsSync(file)) return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the format is vitest's
  const { testResults } = JSON.parse(readFileSync(file, "utf8")) as Report;
  return new Map(
    testResults.map(({ name, status, message, assertionResults }) => [
      relative(root, name),
      { failed: status === "failed", message, tests: assertionResults },
    ]),
  );
}

/** Of a title as it is written in its file: that of a table's test has placeholders, which the report has filled in. */
export function toTitlePattern(title: string): string {
  const parts = title.split(/%[a-z]|\$[\w.]+/i).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return parts.join(".*");
}

/** How one test went, with the texts of its failures. */
export interface Verdict {
  readonly status: "passed" | "failed" | "did not run";
  readonly failures: readonly string[];
}

export function judge(ends: Ends, { file, title }: Shown): Verdict {
  // What looks after each file of tests has no title of its own in a report, but fails the file.
  if (file.endsWith(".setup.ts")) {
    const bad = [...ends.values()].filter(({ failed, message }) => failed && message.includes(title));
    return { status: bad.length > 0 ? "failed" : "passed", failures: bad.map(({ message }) => message) };
  }
  // A suite's tests are told of the files that run it.
  const all = file.endsWith(".suite.ts") ? [...ends.values()] : [ends.get(file)];
  const pattern = new RegExp(toTitlePattern(title), "s");
  const tests = all.flatMap((end) => end?.tests ?? []).filter((test) => pattern.test(test.title));
  const failures = tests.filter(({ status }) => status === "failed").flatMap((test) => test.failureMessages);
  if (tests.some(({ status }) => status === "failed")) return { status: "failed", failures };
  return { status: tests.some(({ status }) => status === "passed") ? "passed" : "did not run", failures };
}
