import { isObject } from "../expect.ts";
import { UsageError } from "../terminal.ts";
import type { RecordedTake, RecordingEnd, RecordingHead } from "./format.ts";

export interface Recording {
  readonly head: RecordingHead;
  readonly takes: ReadonlyMap<string, RecordedTake>;
  /** Undefined if the run was broken off. */
  readonly end: RecordingEnd["end"] | undefined;
}

/** Reads a recording; what is none is told by its line. */
export function parseRecording(text: string, file: string): Recording {
  const lines = text
    .split("\n")
    .map((line, at) => (line.trim() === "" ? undefined : parseLine(line, `${file}:${at + 1}`)));
  const [head, ...rest] = lines.filter((line) => line !== undefined);
  if (head?.["recording"] !== 1 || !isObject(head["subject"]) || !Array.isArray(head["cases"]))
    throw new UsageError(`${file} is no recording of this version: its first line lacks \`"recording":1\`.`);
  const takes = new Map<string, RecordedTake>();
  let end: RecordingEnd["end"] | undefined;
  for (const line of rest) {
    if (typeof line["case"] === "string" && Array.isArray(line["connections"]))
      // Only `--record` writes these, and what is strange in one shows as a request that differs.
      takes.set(line["case"], line as unknown as RecordedTake);
    else if (isObject(line["end"])) end = (line as unknown as RecordingEnd).end;
  }
  // What a dying server was last asked says something of its death, and nothing of the case.
  for (const name of end?.notRun ?? []) takes.delete(name);
  if (takes.size === 0 && end?.unreachable === undefined && end?.died === undefined)
    throw new UsageError(`${file} has nothing to judge: its run was broken off before its first case.`);
  return { head: head as unknown as RecordingHead, takes, end };
}

function parseLine(line: string, place: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (isObject(value)) return value;
  } catch (cause) {
    throw new UsageError(`${place} is no line of a recording: ${(cause as Error).message}`, { cause });
  }
  throw new UsageError(`${place} is no line of a recording: it is no object.`);
}
