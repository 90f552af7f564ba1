import type { ModelSettings } from "../base/settings.ts";

/** The stop sequences of a request; an empty one would stop everything and is ignored. */
export function toStopSequences(stop: ModelSettings["stop"]): string[] {
  const sequences = typeof stop === "string" ? [stop] : (stop ?? []);
  return sequences.filter((sequence) => sequence !== "");
}

/** What of a text that comes in pieces may be shown. */
export interface Released {
  /** Together with what was held back before. */
  readonly text: string;
  /** A stop sequence has come: nothing more may be shown. */
  readonly stopped: boolean;
}

/**
 * Looks for stop sequences in a text that comes in pieces, and holds back what may be the beginning of one. Each
 * character is looked at once for each sequence, however long the sequences are and however they repeat themselves.
 */
export class StopSearch {
  readonly #searches: readonly Search[];
  #held = "";

  constructor(sequences: readonly string[]) {
    this.#searches = sequences.map(toSearch);
  }

  add(piece: string): Released {
    const text = this.#held + piece;
    const from = this.#held.length;
    let [start, held] = [-1, 0];
    for (const search of this.#searches) {
      const end = findEnd(search, text, from);
      const found = end === -1 ? -1 : end - search.sequence.length;
      if (found !== -1 && (start === -1 || found < start)) start = found;
      held = Math.max(held, search.matched);
    }
    const end = start === -1 ? text.length - held : start;
    this.#held = start === -1 ? (end === 0 ? text : text.slice(end)) : "";
    return { text: end === 0 ? "" : text.slice(0, end), stopped: start !== -1 };
  }

  /** What was held back in vain. The next text begins anew. */
  release(): string {
    const text = this.#held;
    this.#held = "";
    for (const search of this.#searches) search.matched = 0;
    return text;
  }
}

/** Knuth, Morris, Pratt. */
interface Search {
  readonly sequence: string;
  /** How long the sequence's own beginning is that ends at each place of it. */
  readonly borders: Uint32Array;
  /** How much of the sequence the text ends with. */
  matched: number;
}

function toSearch(sequence: string): Search {
  const borders = new Uint32Array(sequence.length);
  let border = 0;
  for (let at = 1; at < sequence.length; at += 1) {
    while (border > 0 && sequence.charCodeAt(at) !== sequence.charCodeAt(border)) border = borders[border - 1] ?? 0;
    if (sequence.charCodeAt(at) === sequence.charCodeAt(border)) border += 1;
    borders[at] = border;
  }
  return { sequence, borders, matched: 0 };
}

/** The place behind the sequence, or -1. */
function findEnd(search: Search, text: string, from: number): number {
  const { sequence, borders } = search;
  let { matched } = search;
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    while (matched > 0 && code !== sequence.charCodeAt(matched)) matched = borders[matched - 1] ?? 0;
    if (code === sequence.charCodeAt(matched)) matched += 1;
    if (matched === sequence.length) return at + 1;
  }
  search.matched = matched;
  return -1;
}
