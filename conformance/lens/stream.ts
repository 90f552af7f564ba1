import { isObject } from "../expect.ts";
import { readSse, type SseReading } from "./sse.ts";
import type { WireAnswer } from "./wire.ts";

/** A chunk as it came: only the cases know what should be in it. */
export type WireChunk = Record<string, unknown>;

/** A streamed answer, read without any forgiveness. */
export interface StreamReading {
  readonly answer: WireAnswer;
  readonly sse: SseReading;
  /** The data of every event but `[DONE]` that is a JSON object, in order. */
  readonly chunks: readonly WireChunk[];
  /** Data that is neither a JSON object nor exactly `[DONE]`. */
  readonly oddData: readonly string[];
  /** How many events are exactly `[DONE]`. */
  readonly doneCount: number;
  /** Whether the last event is `[DONE]`. */
  readonly doneLast: boolean;
  /** Milliseconds from the piece that held `[DONE]` to the end of the body; undefined without `[DONE]`. */
  readonly doneToEndMs: number | undefined;
  /** The `error` of a chunk that has one. */
  readonly error: unknown;
}

export function readStream(answer: WireAnswer): StreamReading {
  const sse = readSse(answer.text);
  const data = sse.events.map((event) => event.data);
  const chunks: WireChunk[] = [];
  const oddData: string[] = [];
  for (const text of data) {
    if (text === "[DONE]") continue;
    const value = toObject(text);
    if (value === undefined) oddData.push(text);
    else chunks.push(value);
  }
  const doneRead = answer.reads.find(({ bytes }) => bytes.includes("[DONE]"));
  return {
    answer,
    sse,
    chunks,
    oddData,
    doneCount: data.filter((text) => text === "[DONE]").length,
    doneLast: data.at(-1) === "[DONE]",
    doneToEndMs: doneRead === undefined ? undefined : answer.endMs - doneRead.atMs,
    error: chunks.find((chunk) => Boolean(chunk["error"]))?.["error"],
  };
}

function toObject(text: string): WireChunk | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The choices of a chunk that are objects. */
export function toChoices(chunk: WireChunk): Record<string, unknown>[] {
  const { choices } = chunk;
  return Array.isArray(choices) ? choices.filter(isObject) : [];
}

export function toDelta(choice: Record<string, unknown>): Record<string, unknown> {
  return isObject(choice["delta"]) ? choice["delta"] : {};
}

/** Every delta of the first choice, in order. */
export function toDeltas({ chunks }: StreamReading): Record<string, unknown>[] {
  return chunks.flatMap((chunk) => toChoices(chunk).filter((choice) => (choice["index"] ?? 0) === 0)).map(toDelta);
}

/** The text that the deltas of the first choice join to. */
export function toText(reading: StreamReading): string {
  return toDeltas(reading)
    .map(({ content }) => (typeof content === "string" ? content : ""))
    .join("");
}

/** The finish reasons of the first choice that are not null. */
export function toFinishReasons({ chunks }: StreamReading): unknown[] {
  return chunks
    .flatMap((chunk) => toChoices(chunk).filter((choice) => (choice["index"] ?? 0) === 0))
    .map((choice) => choice["finish_reason"])
    .filter((reason) => reason !== null && reason !== undefined);
}
