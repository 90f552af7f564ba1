import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Baseline, BaselineError, parseBaseline } from "../baseline.ts";
import type { Case } from "../case.ts";
import { runCases } from "../engine.ts";
import { createSdkLens } from "../lens/sdk.ts";
import { createMask, maskDeep } from "../mask.ts";
import { startOwnSubject } from "../own.ts";
import { probe, Unreachable } from "../probe.ts";
import { toAnnotations } from "../report/github.ts";
import { toMarkdown } from "../report/markdown.ts";
import { toClosingLine, toReport } from "../report/report.ts";
import { parseTargets, writeReports } from "../report/write.ts";
import { findIdleGlobs, selectCases } from "../select.ts";
import type { Report } from "../shapes.ts";
import type { Profile, Subject } from "../subject.ts";
import { type Terminal, UsageError } from "../terminal.ts";
import { toExitStatus } from "../verdict.ts";
import { suiteVersion } from "../version.ts";
import { createProgress, toLine } from "./progress.ts";

export interface RunFlags {
  readonly baseUrl?: string;
  readonly model: string;
  readonly name?: string;
  readonly apiKeyFile?: string;
  readonly profile?: Profile;
  readonly sdk: readonly number[];
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly failOn: "must" | "should";
  readonly baseline?: string;
  readonly waitFor: number;
  readonly concurrency: number;
  readonly seed: number;
  readonly report: readonly string[];
  readonly record?: string;
}

/** Runs the suite, writes the reports, and sets the exit status. */
export function createRunAction(cases: readonly Case[], terminal: Terminal): (flags: RunFlags) => Promise<void> {
  return async (flags) => {
    const targets = parseTargets(flags.report, terminal.cwd);
    const baseline = loadBaseline(flags, cases, terminal);
    const idle = findIdleGlobs(cases, [...flags.only, ...flags.skip]);
    if (idle.length > 0)
      throw new UsageError(`There is no case or group ${idle.join(", ")}; \`conformance list\` shows them.`);
    await withSubject(flags, terminal, async (subject) => {
      const { report, lost, status } = await run(cases, subject, baseline, flags, terminal);
      writeReports(report, targets);
      publish(report, terminal);
      terminal.fail(lost ? 3 : status);
    });
  };
}

/** The server that the flags name, or one of our own for as long as `use` runs. One that never answers ends with 3. */
export async function withSubject(
  flags: RunFlags,
  terminal: Terminal,
  use: (subject: Subject) => Promise<void>,
): Promise<void> {
  try {
    await (flags.baseUrl === undefined ? withOwnSubject(flags, use) : use(toSubject(flags.baseUrl, flags, terminal)));
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    terminal.note(toLine(error.message));
    terminal.fail(3);
  }
}

function toSubject(baseUrl: string, flags: RunFlags, terminal: Terminal): Subject {
  return {
    baseUrl: toBaseUrl(baseUrl),
    apiKey: loadKey(flags, terminal),
    model: flags.model,
    profile: flags.profile ?? "chat",
  };
}

async function withOwnSubject(flags: RunFlags, use: (subject: Subject) => Promise<void>): Promise<void> {
  const { stop, ...own } = await startOwnSubject();
  try {
    await use({ ...own, profile: flags.profile ?? own.profile, model: flags.model });
  } finally {
    await stop();
  }
}

async function run(cases: readonly Case[], subject: Subject, baseline: Baseline, flags: RunFlags, terminal: Terminal) {
  const started = new Date();
  const mask = createMask([subject.apiKey]);
  const capabilities = await waitForSubject(subject, flags.waitFor);
  for (const [name, { present, why }] of capabilities)
    terminal.note(`${present ? "yes" : "no "}  ${name.padEnd(9)} ${toLine(mask(why))}`);
  const selected = selectCases(cases, { only: flags.only, skip: flags.skip, profile: subject.profile });
  if (selected.length === 0) throw new UsageError(`No case is left to run with the profile ${subject.profile}.`);
  const progress = createProgress(terminal, mask);
  const outcome = await runCases({
    cases: selected,
    subject,
    capabilities,
    sdks: flags.sdk,
    concurrency: flags.concurrency,
    seed: flags.seed,
    baseline,
    onResult: progress.show,
  });
  progress.end();
  if (flags.record !== undefined) recordExchanges(resolve(terminal.cwd, flags.record), outcome.results, subject);
  const sdks = (await Promise.all(flags.sdk.map((major) => createSdkLens(major, subject, () => undefined)))).filter(
    (lens) => lens !== undefined,
  );
  const name = flags.name ?? (flags.baseUrl === undefined ? "clawgate" : new URL(subject.baseUrl).host);
  const report = toReport({
    suite: suiteVersion,
    subject,
    name,
    capabilities,
    sdks: sdks.map(({ major, version }) => ({ major, version })),
    seed: flags.seed,
    started,
    outcome,
  });
  return { report, lost: outcome.lost, status: toExitStatus(outcome.results, flags.failOn) };
}

async function waitForSubject(subject: Subject, waitMs: number): ReturnType<typeof probe> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    try {
      return await probe(subject);
    } catch (error) {
      if (!(error instanceof Unreachable) || performance.now() >= deadline) throw error;
      await new Promise((again) => {
        setTimeout(again, 250);
      });
    }
  }
}

/** The closing lines, and what GitHub's runner reads. */
function publish(report: Report, terminal: Terminal): void {
  const summary = terminal.environment["GITHUB_STEP_SUMMARY"];
  if (summary) appendFileSync(summary, toMarkdown(report));
  if (terminal.environment["GITHUB_ACTIONS"] === "true") for (const line of toAnnotations(report)) terminal.print(line);
  terminal.print(`${report.results.length} results, ${report.requests} requests, ${report.seconds} seconds`);
  terminal.print(toClosingLine(report));
}

function recordExchanges(
  file: string,
  results: Awaited<ReturnType<typeof runCases>>["results"],
  subject: Subject,
): void {
  const mask = createMask([subject.apiKey]);
  const lines = results.flatMap(({ id, sdk, exchanges }) =>
    exchanges.map((exchange) =>
      JSON.stringify({ id, ...(sdk === undefined ? {} : { sdk }), ...maskDeep(exchange, mask) }),
    ),
  );
  writeFileSync(file, `${lines.join("\n")}\n`);
}

function loadBaseline({ baseline }: RunFlags, cases: readonly Case[], terminal: Terminal): Baseline {
  if (baseline === undefined) return new Map();
  try {
    return parseBaseline(readFileSync(resolve(terminal.cwd, baseline), "utf8"), new Set(cases.map(({ id }) => id)));
  } catch (error) {
    if (error instanceof BaselineError) throw new UsageError(`${baseline}: ${error.message}`, { cause: error });
    throw new UsageError(`Cannot read the baseline ${baseline}: ${(error as Error).message}`, { cause: error });
  }
}

function loadKey({ apiKeyFile }: RunFlags, terminal: Terminal): string {
  if (apiKeyFile === undefined) return terminal.environment["OPENAI_API_KEY"] ?? "";
  try {
    return readFileSync(resolve(terminal.cwd, apiKeyFile), "utf8").trim();
  } catch (error) {
    throw new UsageError(`Cannot read the key file ${apiKeyFile}: ${(error as Error).message}`, { cause: error });
  }
}

function toBaseUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new UsageError(`--base-url must be an http or https URL, not '${text}'.`);
  return url.href.replace(/\/$/, "");
}
