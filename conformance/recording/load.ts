import { isObject } from "../expect.ts";
import { UsageError } from "../terminal.ts";
import {
  countBytes,
  isSent,
  type RecordedConnection,
  type RecordedEvent,
  type RecordedPart,
  type RecordedSent,
  type RecordedTake,
  type RecordingEnd,
  type RecordingHead,
} from "./format.ts";
import { LongList } from "./long-list.ts";
import { Spool } from "./spool.ts";

export interface Recording {
  readonly head: RecordingHead;
  readonly takes: ReadonlyMap<string, PlayedTake>;
  /** Undefined if the run was broken off. */
  readonly end: RecordingEnd["end"] | undefined;
}

export type PlayedTake = Omit<RecordedTake, "connections"> & { readonly connections: readonly PlayedConnection[] };

/** As it is played: its events may be more than the memory has room for. */
export interface PlayedConnection {
  readonly refused?: RecordedConnection["refused"];
  readonly events: Iterable<RecordedEvent>;
  /** Who begins; `never`: nobody said anything. */
  readonly begins: "suite" | "server" | "never";
  readonly sent: readonly RecordedSent[];
}

/** Of each connection so much at most is kept in the memory; a run has thousands. */
const keptBytes = 4096;

/** Reads a recording, line by line; what is none is told by its line. */
export async function parseRecording(lines: AsyncIterable<Line>, file: string): Promise<Recording> {
  const spool = new Spool();
  const parts = new Map<string, Map<number, LongConnection>>();
  const takes = new Map<string, PlayedTake>();
  let [head, end]: [RecordingHead | undefined, RecordingEnd["end"] | undefined] = [undefined, undefined];
  for await (const { text, number, isWhole } of lines) {
    if (text.trim() === "") continue;
    const line = parseLine(text, `${file}:${number}`, isWhole);
    // What the end of a run has cut off is no line.
    if (line === undefined) break;
    if (head === undefined) head = toHead(line, file);
    else if (isTake(line)) {
      takes.set(line.case, toPlayed(line, parts.get(line.unique), spool));
      parts.delete(line.unique);
    } else if (isPart(line)) {
      const connections = parts.get(line.part) ?? new Map<number, LongConnection>();
      parts.set(line.part, connections);
      const connection = connections.get(line.connection) ?? new LongConnection(spool);
      connections.set(line.connection, connection);
      connection.add(line.events);
    } else if (isObject(line["end"])) end = (line as unknown as RecordingEnd).end;
  }
  if (head === undefined) throw toStranger(file);
  // What a dying server was last asked says something of its death, and nothing of the case.
  for (const name of end?.notRun ?? []) takes.delete(name);
  if (takes.size === 0 && end?.unreachable === undefined && end?.died === undefined)
    throw new UsageError(`${file} has nothing to judge: its run was broken off before its first case.`);
  const { cut } = takes.get("probe") ?? {};
  if (cut !== undefined) throw new UsageError(`${file} lacks what the server was asked before its first case: ${cut}.`);
  return { head, takes, end };
}

export interface Line {
  readonly text: string;
  readonly number: number;
  /** Whether something comes behind it. */
  readonly isWhole: boolean;
}

type Fields = Record<string, unknown>;

// Only `--record` writes these, and what is strange in one shows as a request that differs.
const isTake = (line: Fields): line is Fields & RecordedTake =>
  typeof line["case"] === "string" && Array.isArray(line["connections"]);
const isPart = (line: Fields): line is Fields & RecordedPart =>
  typeof line["part"] === "string" && Array.isArray(line["events"]);

function toHead(line: Fields, file: string): RecordingHead {
  if (line["recording"] !== 1 || !isObject(line["subject"]) || !Array.isArray(line["cases"])) throw toStranger(file);
  return line as unknown as RecordingHead;
}

function toStranger(file: string): UsageError {
  return new UsageError(`${file} is no recording of this version: its first line lacks \`"recording":1\`.`);
}

function parseLine(line: string, place: string, isWhole: boolean): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (isObject(value)) return value;
  } catch (cause) {
    if (!isWhole) return undefined;
    throw new UsageError(`${place} is no line of a recording: ${(cause as Error).message}`, { cause });
  }
  throw new UsageError(`${place} is no line of a recording: it is no object.`);
}

function toPlayed(take: RecordedTake, parts: Map<number, LongConnection> | undefined, spool: Spool): PlayedTake {
  const connections = take.connections.map(({ refused, events }, at) => {
    const connection = parts?.get(at) ?? new LongConnection(spool);
    connection.add(events);
    if (refused !== undefined) connection.refused = refused;
    return connection;
  });
  return { ...take, connections };
}

class LongConnection implements PlayedConnection {
  refused?: NonNullable<RecordedConnection["refused"]>;
  begins: PlayedConnection["begins"] = "never";
  readonly sent: RecordedSent[] = [];
  readonly events: LongList<RecordedEvent>;

  constructor(spool: Spool) {
    this.events = new LongList(spool);
  }

  add(events: readonly RecordedEvent[]): void {
    for (const event of events) {
      if (this.begins === "never") this.begins = isSent(event) ? "suite" : "server";
      if (isSent(event)) this.sent.push(event);
      this.events.add(event, countBytes(event));
    }
    this.events.settle(keptBytes);
  }
}
