import type { Case } from "../case.ts";
import { toClientsLine } from "../tell/client-verdicts.ts";
import { runCases } from "../judge/engine.ts";
import { applyBaseline } from "../expectation/baseline.ts";
import { judgeCapabilities } from "../expectation/expectations.ts";
import { toClaim } from "../expectation/manifest.ts";
import type { Host } from "../host.ts";
import { createSdkLens } from "../lens/sdk.ts";
import { createMask, toSecrets } from "../tell/mask.ts";
import { toSeconds } from "../judge/pace.ts";
import { Unreachable } from "../reach/probe.ts";
import type { Recording } from "../recording/load.ts";
import { toAnnotations } from "../report/github.ts";
import { toMarkdown } from "../report/markdown.ts";
import { toClosingLine, toReport } from "../report/report.ts";
import { toShellLine } from "../report/repro.ts";
import { appendBytes, parseTargets, tryToWrite, writeReports } from "../report/write.ts";
import { refuseIdleGlobs, selectCases } from "../judge/select.ts";
import { applySet, loadSet } from "../sets.ts";
import type { Report } from "../shapes.ts";
import type { Subject } from "../reach/subject.ts";
import { type Terminal, UsageError } from "../terminal.ts";
import { exitStatus, type FailOn, toExitStatus } from "../verdict.ts";
import { suiteVersion } from "../tell/version.ts";
import { type Expected, type ExpectedFlags, loadExpected } from "./expected.ts";
import { createProgress, toLine } from "../tell/progress.ts";
import { wrapFor } from "../tell/wrap.ts";
import { loadRecording, startRecording, startReplay, toReplayed } from "./taping.ts";
import { tellFindings } from "./tell-findings.ts";
import { waitForSubject } from "./wait-for-subject.ts";
import { type SubjectFlags, type Target, withReachable, withSubject } from "./with-subject.ts";

export interface RunFlags extends SubjectFlags, ExpectedFlags {
  readonly name?: string;
  readonly serverVersion?: string;
  readonly sdk: readonly number[];
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly failOn: FailOn;
  readonly writeBaseline?: string;
  readonly set: string;
  readonly concurrency: number;
  readonly seed: number;
  readonly report: readonly string[];
  readonly record?: string;
  readonly replay?: string;
}

/** Runs the suite, writes the reports, and sets the exit status. */
export function createRunAction(
  cases: readonly Case[],
  host: Host,
  terminal: Terminal,
): (flags: RunFlags) => Promise<void> {
  return async (flags) => {
    const targets = parseTargets(
      flags.writeBaseline === undefined ? flags.report : [...flags.report, `baseline=${flags.writeBaseline}`],
      terminal.cwd,
    );
    const expected = loadExpected(flags, cases, terminal);
    refuseIdleGlobs(cases, [...flags.only, ...flags.skip]);
    const recording = flags.replay === undefined ? undefined : await loadReplay(flags.replay, flags, terminal);
    const use = async (target: Target): Promise<void> => {
      const name = flags.name ?? recording?.head.subject.name ?? toName(target.subject, host, flags);
      const { report, recorded, status } = await run(
        cases,
        target,
        { name, expected, recording },
        flags,
        host,
        terminal,
      );
      const written = writeReports(report, targets, terminal);
      publish(report, host.words, terminal);
      tellOfSlowness(report, terminal);
      await tellOfDeath(report, target, terminal);
      terminal.fail(status === exitStatus.fine && !(written && recorded) ? exitStatus.erred : status);
    };
    if (recording === undefined) await withSubject(flags, host, terminal, use);
    else await withRecorded(recording, terminal, use);
  };
}

/** How the reports call the server, unless a flag says it. */
function toName({ baseUrl }: Subject, { name }: Host, flags: RunFlags): string {
  const isHost = flags.baseUrl === undefined && flags.start === undefined;
  return isHost && name !== undefined ? name : new URL(baseUrl).host;
}

interface RunParts {
  readonly name: string;
  readonly expected: Expected;
  readonly recording: Recording | undefined;
}

async function run(
  cases: readonly Case[],
  target: Target,
  { name, expected, recording }: RunParts,
  flags: RunFlags,
  host: Host,
  terminal: Terminal,
) {
  const started = new Date();
  const { set = flags.set, seed = flags.seed, sdks: recorded } = recording?.head ?? {};
  const { profile } = target.subject;
  const judged = applySet(cases, loadSet(set), host.cases);
  const chosen = selectCases(judged, { only: flags.only, skip: flags.skip, profile });
  const selected = chosen.filter(({ id }) => recording?.head.cases.includes(id) ?? true);
  if (selected.length === 0) throw new UsageError(`No case is left to run with the profile ${profile}.`);
  const majors = recorded?.map(({ major }) => major) ?? flags.sdk;
  const sdks = await findSdks(majors, target.subject);
  const version = flags.serverVersion ?? recording?.head.version;
  const told = version === undefined ? {} : { version };
  const facts = { suite: suiteVersion, set, seed, sdks, name, started, ...told };
  const ids = selected.map(({ id }) => id);
  const taping =
    recording !== undefined
      ? startReplay(recording, target)
      : flags.record === undefined
        ? undefined
        : startRecording(flags.record, target.subject, { ...facts, cases: ids }, terminal);
  const mask = createMask(toSecrets(target.subject));
  const { subject, pace, capabilities, manifest, died } = await waitForSubject(
    { ...target, subject: taping?.subject ?? target.subject },
    { terminal, taping, manifest: expected.manifest },
  ).catch((error: unknown) => {
    if (error instanceof Unreachable) taping?.giveUp(error.message);
    throw error;
  });
  terminal.note(`A call may take ${toSeconds(pace.ms)}: ${pace.why}.`);
  if (manifest !== undefined) terminal.note(`What the server claims stands in ${toLine(mask(manifest.place))}.`);
  for (const [capability, { present, why, claimed }] of capabilities) {
    const word = terminal.paint.note(present ? "good" : "faint", present ? "yes" : "no ");
    const claim = claimed === undefined ? "" : `${toClaim(claimed)}: `;
    terminal.note(`${word}  ${capability.padEnd(9)} ${wrapFor(terminal, `${claim}${toLine(mask(why))}`, 15)}`);
  }
  const progress = createProgress(terminal, mask);
  const { baseline } = expected;
  const judgedCapabilities = judgeCapabilities(expected.capabilities, manifest, capabilities);
  const counted = judgedCapabilities.map((result) => applyBaseline(result, baseline));
  for (const result of counted) progress.show(result);
  const found = await runCases({
    cases: selected,
    subject,
    capabilities,
    sdks: majors,
    concurrency: flags.concurrency,
    seed,
    baseline,
    ...(taping === undefined ? {} : { tape: taping.tape }),
    onResult: progress.show,
    ...(died === undefined ? {} : { died }),
  });
  progress.end();
  // Of a death a recording has what was told of it then.
  const gone = recording?.end?.died ?? found.died;
  const outcome = { ...found, results: [...counted, ...found.results], ...(gone === undefined ? {} : { died: gone }) };
  const report = toReport({
    ...facts,
    subject,
    capabilities,
    ...(manifest === undefined ? {} : { manifest: manifest.place }),
    pace,
    outcome,
  });
  const status = toExitStatus(outcome.results, flags.failOn);
  const isRecorded = taping?.end(report) ?? true;
  return { report, recorded: isRecorded, status: outcome.died === undefined ? status : exitStatus.gone };
}

/** Those of the majors that are installed. */
async function findSdks(majors: readonly number[], subject: Subject) {
  const lenses = await Promise.all(majors.map((major) => createSdkLens(major, subject, () => undefined)));
  return lenses.flatMap((lens) => (lens === undefined ? [] : { major: lens.major, version: lens.version }));
}

/** One that never answered is as unreachable now as it was then. */
function withRecorded(recording: Recording, terminal: Terminal, use: (target: Target) => Promise<void>): Promise<void> {
  return withReachable(terminal, () => {
    const why = recording.end?.unreachable;
    if (why !== undefined) throw new Unreachable(why);
    return use(toReplayed(recording));
  });
}

/** A recording brings its server with it. */
async function loadReplay(file: string, { baseUrl, start, record }: RunFlags, terminal: Terminal): Promise<Recording> {
  if (baseUrl !== undefined || start !== undefined || record !== undefined)
    throw new UsageError("--replay calls no server: --base-url, --start and --record cannot stand beside it.");
  return loadRecording(file, terminal);
}

/** The closing lines, and what GitHub's runner reads. */
function publish(report: Report, words: string, terminal: Terminal): void {
  const summary = terminal.environment["GITHUB_STEP_SUMMARY"];
  if (summary) tryToWrite(terminal, summary, () => appendBytes(summary, toMarkdown(report)));
  if (terminal.environment["GITHUB_ACTIONS"] === "true") for (const line of toAnnotations(report)) terminal.print(line);
  tellFindings(report, words, terminal);
  const ofClients = toClientsLine(report.clients);
  if (ofClients !== undefined) terminal.print(wrapFor(terminal, `Clients: ${ofClients}.`, 0));
  terminal.print(`${report.results.length} results, ${report.requests} requests, ${report.seconds} seconds`);
  const { fail = 0, error = 0, xpass = 0 } = report.counts;
  terminal.print(terminal.paint.print(fail + error + xpass > 0 ? "bad" : "good", toClosingLine(report)));
}

/** The one cause, last, where a person looks; what sends the call again is ready to be pasted. */
async function tellOfDeath({ died }: Report, { subject, ended }: Target, terminal: Terminal): Promise<void> {
  if (died === undefined) return;
  terminal.note(`\n${toLine(died.message)}.`);
  const [last] = died.exchanges;
  if (last !== undefined) terminal.note(`To see it again:\n\n${toShellLine(last, Object.keys(subject.headers ?? {}))}`);
  // One that hangs has not ended.
  const now = new Promise<undefined>((resolve) => void setImmediate(resolve, undefined));
  const words = await Promise.race([ended.catch((error: unknown) => (error as Error).message), now]);
  if (words === undefined) return;
  const lines = createMask(toSecrets(subject))(words).split("\n").map(toLine);
  terminal.note(`\nOf the server itself: ${lines.join("\n")}`);
}

/** A server that is merely slow fails many cases; this is the one line that helps. */
function tellOfSlowness({ slow }: Report, terminal: Terminal): void {
  if (slow !== undefined) terminal.note(slow);
}
