import { isObject, show } from "../expect.ts";
import { type StreamReading, toDelta, type WireChunk } from "./stream.ts";

/** What the request asked for; the grammar of an answer depends on it. */
export interface Asked {
  /** `stream_options.include_usage`. */
  readonly usage?: boolean;
  /** `n`; 1 unless said. */
  readonly choices?: number;
}

/** One entry of `choices`, and where it stood. */
export interface Piece {
  /** The number of its chunk, counted from 1. */
  readonly at: number;
  /** Its `index`; where that is no number, its place in the array, so that one mistake is not reported as ten. */
  readonly index: number;
  readonly choice: Readonly<Record<string, unknown>>;
  readonly delta: Readonly<Record<string, unknown>>;
}

/** A streamed answer as the rules of the grammar look at it. */
export interface View {
  readonly reading: StreamReading;
  readonly asked: Required<Asked>;
  /** Every chunk but those that only report an error. */
  readonly chunks: readonly NumberedChunk[];
  readonly pieces: readonly Piece[];
  /** The indexes of the choices that were asked for or came, each once. */
  readonly indexes: readonly number[];
}

export interface NumberedChunk {
  readonly at: number;
  readonly chunk: WireChunk;
}

/** What was wrong, at the first place where it was; undefined if nothing was. */
export type Breach = readonly [expected: string, actual: string] | undefined;

export function toView(reading: StreamReading, { usage = false, choices = 1 }: Asked): View {
  const chunks = reading.chunks
    .map((chunk, place) => ({ at: place + 1, chunk }))
    .filter(({ chunk }) => !(Boolean(chunk["error"]) && chunk["choices"] === undefined));
  const pieces = chunks.flatMap(toPieces);
  const asked = Array.from({ length: choices }, (_, index) => index);
  const indexes = [...new Set([...asked, ...pieces.map(({ index }) => index)])];
  return { reading, asked: { usage, choices }, chunks, pieces, indexes };
}

function toPieces({ at, chunk: { choices } }: NumberedChunk): Piece[] {
  if (!Array.isArray(choices)) return [];
  return choices.filter(isObject).map((choice, place) => {
    const { index } = choice;
    return { at, index: typeof index === "number" ? index : place, choice, delta: toDelta(choice) };
  });
}

export function ofChoice({ pieces }: View, index: number): Piece[] {
  return pieces.filter((piece) => piece.index === index);
}

/** The first thing that is wrong with any of the items. */
export function firstBreach<T>(items: Iterable<T>, check: (item: T) => Breach): Breach {
  for (const item of items) {
    const breach = check(item);
    if (breach !== undefined) return breach;
  }
  return undefined;
}

/** `chunk 3 has …`, a value said as JSON. */
export function inChunk(at: number, name: string, value: unknown): string {
  return value === undefined ? `chunk ${at} has no ${name}` : `chunk ${at} has ${name} ${show(value)}`;
}

/** Whether a delta says something: the role, empty texts and empty lists do not. */
export function hasSubstance(delta: Piece["delta"]): boolean {
  const { content, refusal, tool_calls: calls, function_call: call } = delta;
  const said = [content, refusal].some((text) => text !== undefined && text !== null && text !== "");
  return said || (Array.isArray(calls) ? calls.length > 0 : Boolean(calls)) || Boolean(call);
}

/** Whether a finish reason ends a choice; an empty one is another mistake, with a rule of its own. */
export function isFinish({ choice }: Piece): boolean {
  const reason = choice["finish_reason"];
  return reason !== undefined && reason !== null && reason !== "";
}
