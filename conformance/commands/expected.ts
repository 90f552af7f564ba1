import { resolve } from "node:path";
import type { Capability } from "../reach/capability.ts";
import type { Case } from "../case.ts";
import { readText } from "../file.ts";
import { type Baseline, parseBaseline } from "../expectation/baseline.ts";
import { capabilityIds, type Expectations, isCapability } from "../expectation/expectations.ts";
import { type Manifest, parseManifest } from "../expectation/manifest.ts";
import { type Terminal, UsageError } from "../terminal.ts";
import { loadReport } from "./load-report.ts";

/** The flags that say what is known of a server before it is asked. */
export interface ExpectedFlags {
  readonly baseline?: string;
  readonly expect: readonly Capability[];
  readonly since?: string;
  readonly manifest?: string;
}

/** What a server is said to have, and what it is known to fail. */
export interface Expected {
  readonly baseline: Baseline;
  readonly capabilities: Expectations;
  /** Takes the place of the one that the server publishes. */
  readonly manifest: Manifest | undefined;
}

/** What somebody writes by hand, and more than for each case the longest reason. */
const bytesMax = 1024 * 1024;

/** Reads all files that the flags name. Throws `UsageError` before anything has run. */
export function loadExpected(flags: ExpectedFlags, cases: readonly Case[], terminal: Terminal): Expected {
  const { baseline, manifest } = flags;
  const ids = new Set([...cases.map(({ id }) => id), ...capabilityIds]);
  return {
    baseline:
      baseline === undefined ? new Map() : load("baseline", baseline, terminal, (text) => parseBaseline(text, ids)),
    capabilities: toExpectations(flags, terminal),
    manifest:
      manifest === undefined
        ? undefined
        : load("manifest", manifest, terminal, (text) => parseManifest(text, manifest)),
  };
}

/** What the flags, and an earlier report, say that the server has. */
function toExpectations({ expect, since }: ExpectedFlags, terminal: Terminal): Expectations {
  const earlier = since === undefined ? {} : loadReport(since, terminal).capabilities;
  const had = Object.keys(earlier).filter((name) => earlier[name]?.present === true && isCapability(name));
  return new Map([
    ...had.filter(isCapability).map((name) => [name, `It was there in ${since}.`] as const),
    ...expect.map((name) => [name, "--expect names it."] as const),
  ]);
}

function load<T>(what: string, file: string, { cwd }: Terminal, parse: (text: string) => T): T {
  let text: string;
  try {
    text = readText(resolve(cwd, file), bytesMax);
  } catch (error) {
    throw new UsageError(`Cannot read the ${what} ${file}: ${(error as Error).message}`, { cause: error });
  }
  try {
    return parse(text);
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`, { cause: error });
  }
}
