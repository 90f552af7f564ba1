import type { ModelSettings } from "./model.ts";
import type { Beat } from "./embedded/beat.ts";

/** The stop sequences of a request; an empty one would stop everything and is ignored. */
export function toStopSequences(stop: ModelSettings["stop"]): string[] {
  const sequences = typeof stop === "string" ? [stop] : (stop ?? []);
  return sequences.filter((sequence) => sequence !== "");
}

/**
 * Ends the beats before the first stop sequence in the joined text, which is not emitted. Text that may be the
 * beginning of a stop sequence is held back until the next text shows whether it is. A tool call, reasoning or a
 * refusal between two texts parts them; a pause does not.
 */
export function* cutAtStop(beats: Iterable<Beat>, sequences: readonly string[]): Generator<Beat> {
  let held = "";
  for (const beat of beats) {
    if (beat.type === "text") {
      const text = held + beat.text;
      const stopAt = firstIndexOf(text, sequences);
      const end = stopAt < 0 ? text.length - heldLength(text, sequences) : stopAt;
      if (end > 0) yield { type: "text", text: text.slice(0, end) };
      if (stopAt >= 0) return yield { type: "finish", reason: "stop" };
      held = text.slice(end);
    } else {
      if (held !== "" && beat.type !== "pause") {
        yield { type: "text", text: held };
        held = "";
      }
      yield beat;
    }
  }
  if (held !== "") yield { type: "text", text: held };
}

/** -1 when the text has none of them. */
export function firstIndexOf(text: string, sequences: readonly string[]): number {
  let first = -1;
  for (const sequence of sequences) {
    const at = text.indexOf(sequence);
    if (at >= 0 && (first < 0 || at < first)) first = at;
  }
  return first;
}

/** The length of the longest end of `text` with which one of the sequences begins. */
export function heldLength(text: string, sequences: readonly string[]): number {
  let longest = 0;
  for (const sequence of sequences) {
    for (let length = Math.min(sequence.length - 1, text.length); length > longest; length -= 1) {
      if (text.endsWith(sequence.slice(0, length))) longest = length;
    }
  }
  return longest;
}
