import { appendFileSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { applyBaseline, type Baseline, BaselineError, parseBaseline } from "../baseline.ts";
import { capabilities as known, type Capability } from "../capability.ts";
import type { Case } from "../case.ts";
import { toClientsLine } from "../client-verdicts.ts";
import type { Observe } from "../context.ts";
import { runCases } from "../engine.ts";
import { type Expectations, isCapability, judgeCapabilities, toCapabilityId } from "../expectations.ts";
import type { Host } from "../host.ts";
import { createSdkLens } from "../lens/sdk.ts";
import { createMask, toSecrets } from "../mask.ts";
import { measurePlain, type Pace, toPace, toPaced, toProbed, toSeconds } from "../pace.ts";
import { probe, type Probed, Unreachable } from "../probe.ts";
import type { Recording } from "../recording/load.ts";
import { toAnnotations } from "../report/github.ts";
import { toMarkdown } from "../report/markdown.ts";
import { toClosingLine, toReport } from "../report/report.ts";
import { toShellLine } from "../report/repro.ts";
import { parseTargets, tryToWrite, writeReports } from "../report/write.ts";
import { refuseIdleGlobs, selectCases } from "../select.ts";
import { applySet, loadSet } from "../sets.ts";
import type { Report } from "../shapes.ts";
import type { Subject } from "../subject.ts";
import { type Terminal, UsageError } from "../terminal.ts";
import { withUnique } from "../unique.ts";
import { exitStatus, type FailOn, toExitStatus } from "../verdict.ts";
import { suiteVersion } from "../version.ts";
import { loadReport } from "./load-report.ts";
import { createProgress, toLine } from "./progress.ts";
import { loadRecording, startRecording, startReplay, type Taping, toReplayed } from "./taping.ts";
import { tellFindings } from "./tell-findings.ts";
import { type SubjectFlags, type Target, withSubject } from "./with-subject.ts";

export interface RunFlags extends SubjectFlags {
  readonly name?: string;
  readonly serverVersion?: string;
  readonly sdk: readonly number[];
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly failOn: FailOn;
  readonly baseline?: string;
  readonly writeBaseline?: string;
  readonly set: string;
  readonly expect: readonly Capability[];
  readonly since?: string;
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
    const expectations = loadExpectations(flags, terminal);
    const baseline = loadBaseline(flags, cases, terminal);
    refuseIdleGlobs(cases, [...flags.only, ...flags.skip]);
    const recording = flags.replay === undefined ? undefined : loadReplay(flags.replay, flags, terminal);
    const use = async (target: Target): Promise<void> => {
      const name = flags.name ?? recording?.head.subject.name ?? toName(target.subject, host, flags);
      const { report, recorded, status } = await run(
        cases,
        target,
        { baseline, name, expectations, recording },
        flags,
        host,
        terminal,
      );
      const written = writeReports(report, targets, terminal);
      publish(report, host.words, terminal);
      tellOfSlowness(report, terminal);
      tellOfDeath(report, Object.keys(target.subject.headers ?? {}), terminal);
      terminal.fail(status === exitStatus.fine && !(written && recorded) ? exitStatus.erred : status);
    };
    await (recording === undefined ? withSubject(flags, host, terminal, use) : use(toReplayed(recording)));
  };
}

/** How the reports call the server, unless a flag says it. */
function toName({ baseUrl }: Subject, { name }: Host, flags: RunFlags): string {
  const isHost = flags.baseUrl === undefined && flags.start === undefined;
  return isHost && name !== undefined ? name : new URL(baseUrl).host;
}

interface RunParts {
  readonly baseline: Baseline;
  readonly name: string;
  readonly expectations: Expectations;
  readonly recording: Recording | undefined;
}

async function run(
  cases: readonly Case[],
  target: Target,
  { baseline, name, expectations, recording }: RunParts,
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
  const { subject, pace, capabilities, died } = await waitForSubject(
    { ...target, subject: taping?.subject ?? target.subject },
    taping,
  );
  terminal.note(`A call may take ${toSeconds(pace.ms)}: ${pace.why}.`);
  for (const [capability, { present, why }] of capabilities)
    terminal.note(
      `${terminal.paint.note(present ? "good" : "faint", present ? "yes" : "no ")}  ${capability.padEnd(9)} ${toLine(mask(why))}`,
    );
  const progress = createProgress(terminal, mask);
  const counted = judgeCapabilities(expectations, capabilities).map((result) => applyBaseline(result, baseline));
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
  const outcome = { ...found, results: [...counted, ...found.results] };
  const report = toReport({
    ...facts,
    subject,
    capabilities,
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

/** A recording brings its server with it. */
function loadReplay(file: string, { baseUrl, start, record }: RunFlags, terminal: Terminal): Recording {
  if (baseUrl !== undefined || start !== undefined || record !== undefined)
    throw new UsageError("--replay calls no server: --base-url, --start and --record cannot stand beside it.");
  return loadRecording(file, terminal);
}

/** What was found out before the first case: also how long calls may take, which the subject is told to be given. */
interface Ready extends Probed {
  readonly subject: Subject;
  readonly pace: Pace;
}

/** What the server can do, as soon as it answers. One that the suite has started is not waited for when it has ended. */
export async function waitForSubject({ subject, waitMs, ended }: Target, taping?: Taping): Promise<Ready> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    try {
      return await (taping === undefined ? getReady(subject) : getReadyTaped(subject, taping));
    } catch (error) {
      if (!(error instanceof Unreachable) || performance.now() >= deadline) throw error;
      const again = new Promise((next) => {
        setTimeout(next, 250);
      });
      await Promise.race([again, ended]).catch((cause: unknown) => {
        throw new Unreachable((cause as Error).message, { cause });
      });
    }
  }
}

async function getReady(subject: Subject, observe: Observe = (_name, look) => look()): Promise<Ready> {
  const isMeasured = subject.patience === undefined && subject.profile !== "websocket";
  const measuredMs = isMeasured ? await measurePlain(subject) : undefined;
  const plainMs = observe("plainMs", () => measuredMs);
  const probed = await probe(toProbed(subject, plainMs));
  const pace = observe("pace", () => toPace(subject, plainMs, probed));
  return { ...probed, pace, subject: isMeasured ? toPaced(subject, pace.ms) : subject };
}

async function getReadyTaped(subject: Subject, { tape }: Taping): Promise<Ready> {
  // Until the server is there, nothing is worth keeping.
  const take = tape.take("probe");
  const called = { ...subject, dial: take.dial };
  const { subject: paced, ...ready } = await withUnique(take.unique, () => getReady(called, take.observe));
  take.end();
  const { dial: _dial, ...rest } = paced;
  return { ...ready, subject: subject.dial === undefined ? rest : { ...rest, dial: subject.dial } };
}

/** The closing lines, and what GitHub's runner reads. */
function publish(report: Report, words: string, terminal: Terminal): void {
  const summary = terminal.environment["GITHUB_STEP_SUMMARY"];
  if (summary) tryToWrite(terminal, summary, () => appendFileSync(summary, toMarkdown(report)));
  if (terminal.environment["GITHUB_ACTIONS"] === "true") for (const line of toAnnotations(report)) terminal.print(line);
  tellFindings(report, words, terminal);
  const ofClients = toClientsLine(report.clients);
  if (ofClients !== undefined) terminal.print(`Clients: ${ofClients}.`);
  terminal.print(`${report.results.length} results, ${report.requests} requests, ${report.seconds} seconds`);
  const { fail = 0, error = 0, xpass = 0 } = report.counts;
  terminal.print(terminal.paint.print(fail + error + xpass > 0 ? "bad" : "good", toClosingLine(report)));
}

/** The one cause, last, where a person looks; what sends the call again is ready to be pasted. */
function tellOfDeath({ died }: Report, own: readonly string[], terminal: Terminal): void {
  if (died === undefined) return;
  terminal.note(`\n${toLine(died.message)}.`);
  const [last] = died.exchanges;
  if (last !== undefined) terminal.note(`To see it again:\n\n${toShellLine(last, own)}`);
}

/** A server that is merely slow fails many cases; this is the one line that helps. */
function tellOfSlowness({ slow }: Report, terminal: Terminal): void {
  if (slow !== undefined) terminal.note(slow);
}

const capabilityIds = Object.keys(known).filter(isCapability).map(toCapabilityId);

/** What the flags, and an earlier report, say that the server has. */
function loadExpectations({ expect, since }: RunFlags, terminal: Terminal): Expectations {
  const earlier = since === undefined ? {} : loadReport(since, terminal).capabilities;
  const had = Object.keys(earlier).filter((name) => earlier[name]?.present === true && isCapability(name));
  return new Map([
    ...had.filter(isCapability).map((name) => [name, `It was there in ${since}.`] as const),
    ...expect.map((name) => [name, "--expect names it."] as const),
  ]);
}

function loadBaseline({ baseline }: RunFlags, cases: readonly Case[], terminal: Terminal): Baseline {
  if (baseline === undefined) return new Map();
  try {
    return parseBaseline(
      readFileSync(resolve(terminal.cwd, baseline), "utf8"),
      new Set([...cases.map(({ id }) => id), ...capabilityIds]),
    );
  } catch (error) {
    if (error instanceof BaselineError) throw new UsageError(`${baseline}: ${error.message}`, { cause: error });
    throw new UsageError(`Cannot read the baseline ${baseline}: ${(error as Error).message}`, { cause: error });
  }
}
