import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { toResultName } from "../tell/findings.ts";
import { createMask, toSecrets } from "../tell/mask.ts";
import type { RecordedPart, RecordedTake, RecordingEnd, RecordingHead } from "../recording/format.ts";
import { readLines } from "../recording/lines.ts";
import { parseRecording, type Recording } from "../recording/load.ts";
import { createPlayer } from "../recording/player.ts";
import { createRecorder, toStandInSubject } from "../recording/recorder.ts";
import type { Tape } from "../recording/take.ts";
import { gzipSync } from "node:zlib";
import { appendBytes, tryToWrite, writeText } from "../report/write.ts";
import type { Report } from "../shapes.ts";
import { profiles, type Subject } from "../reach/subject.ts";
import { type Terminal, UsageError } from "../terminal.ts";
import type { Target } from "./with-subject.ts";

/** What is going to be written down of the run, beside what goes over its connections. */
export type RunFacts = Pick<RecordingHead, "suite" | "set" | "version" | "seed" | "sdks" | "cases"> & {
  readonly name: string;
  readonly started: Date;
};

export interface Taping {
  readonly tape: Tape;
  /** The subject as it is run: what the suite would start beside it is in no recording. */
  readonly subject: Subject;
  /** Writes the last line; false if anything could not be written. */
  readonly end: (report: Report) => boolean;
  /** The same for a run that has come to no case. */
  readonly giveUp: (why: string) => void;
}

/** Records the run into a file, case by case, so that one that is broken off leaves what it has. */
export function startRecording(file: string, target: Subject, facts: RunFacts, terminal: Terminal): Taping {
  const path = resolve(terminal.cwd, file);
  const { start: _start, countCancelled: _countCancelled, ...subject } = target;
  const secrets = toSecrets(subject);
  // Of lines that are packed one by one the whole is a file that any program unpacks.
  const pack = (line: object): string | Buffer => (isPacked(file) ? gzipSync(toLine(line)) : toLine(line));
  let isWritten = tryToWrite(terminal, file, () => writeText(path, pack(toHead(subject, facts))));
  const append = (line: RecordedTake | RecordedPart | RecordingEnd): void => {
    if ("cut" in line) terminal.note(`${file} lacks what was said in ${line.case}: ${line.cut}.`);
    // A disk that is full is told of once.
    if (isWritten) isWritten = tryToWrite(terminal, file, () => appendBytes(path, pack(line)));
  };
  const tape = createRecorder(subject, secrets, randomUUID(), append);
  const mask = createMask(secrets);
  const end = ({ summary, died, results }: Report): boolean => {
    // A report is without secrets already.
    const notRun = results.filter(({ verdict }) => verdict === "not-run").map(toResultName);
    append({ end: { summary, ...(died === undefined ? {} : { died, notRun }) } });
    return isWritten;
  };
  const giveUp = (why: string): void => append({ end: { summary: "", unreachable: mask(why) } });
  return { tape, subject, end, giveUp };
}

function toHead(subject: Subject, { name, started, ...facts }: RunFacts): RecordingHead {
  const { baseUrl, model, profile } = subject;
  const standIn = toStandInSubject(subject, toSecrets(subject));
  const called = { name, baseUrl, model, profile, ...standIn, ...toPatience(subject) };
  return { recording: 1, ...facts, started: started.toISOString(), subject: called };
}

function toPatience({ patience, callMs }: Pick<Subject, "patience" | "callMs">): Pick<Subject, "patience" | "callMs"> {
  return { ...(patience === undefined ? {} : { patience }), ...(callMs === undefined ? {} : { callMs }) };
}

function isPacked(file: string): boolean {
  return file.endsWith(".gz");
}

function toLine(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

export async function loadRecording(file: string, terminal: Terminal): Promise<Recording> {
  try {
    const recording = await parseRecording(readLines(resolve(terminal.cwd, file), isPacked(file)), file);
    if (recording.end === undefined)
      terminal.note(`${file} has no last line: its run was broken off, and what it does not have is stale.`);
    return recording;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`Cannot read the recording ${file}: ${(error as Error).message}`, { cause: error });
  }
}

/** The server that was recorded: nobody is called, and what it needed as a key was never written down. */
export function toReplayed({ head }: Recording): Target {
  const { baseUrl, model, apiKey, headers, query, secrets } = head.subject;
  const profile = profiles.find((one) => one === head.subject.profile) ?? "chat";
  const subject: Subject = {
    baseUrl,
    model,
    apiKey,
    headers,
    profile,
    ...(query === undefined ? {} : { query }),
    ...(secrets === undefined ? {} : { secrets }),
    ...toPatience(head.subject),
  };
  return { subject, waitMs: 0, ended: new Promise(() => undefined) };
}

export function startReplay({ takes, end }: Recording, { subject }: Target): Taping {
  return { tape: createPlayer(takes, end?.died !== undefined), subject, end: () => true, giveUp: () => undefined };
}
