import type { ModelSettings } from "../base/settings.ts";

/** The stop sequences of a request; an empty one would stop everything and is ignored. */
export function toStopSequences(stop: ModelSettings["stop"]): string[] {
  const sequences = typeof stop === "string" ? [stop] : (stop ?? []);
  return sequences.filter((sequence) => sequence !== "");
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
