import { StopSearch } from "../stop.ts";
import type { Beat } from "./beat.ts";
import { countTokens, takeTokens } from "../tokens.ts";

/** The tokens that an answer has cost so far; reasoning is part of `total`. */
export interface Spent {
  total: number;
  reasoning: number;
}

/**
 * Counts the tokens of text, reasoning, refusals and tool arguments into `spent`, and ends the beats with
 * `finish: length` where one more token would exceed `tokensMax`, also within the arguments of a tool call.
 */
export function* capTokens(beats: Iterable<Beat>, tokensMax: number, spent: Spent): Generator<Beat> {
  for (const beat of beats) {
    if (!("text" in beat)) {
      yield beat;
      continue;
    }
    const tokens = countTokens(beat.text);
    const fitting = Math.min(tokens, tokensMax - spent.total);
    spent.total += fitting;
    if (beat.type === "reasoning") spent.reasoning += fitting;
    if (fitting === tokens) {
      yield beat;
      continue;
    }
    if (fitting > 0) yield { ...beat, text: takeTokens(beat.text, fitting) };
    return yield { type: "finish", reason: "length" };
  }
}

/** While nothing can be shown, the event loop has a turn after so many beats. */
const silentBeatsMax = 64;

/**
 * Ends the beats before the first stop sequence in the joined text, which is not emitted. Text that may be the
 * beginning of a stop sequence is held back until the next text shows whether it is. A tool call, reasoning or a
 * refusal between two texts parts them; a pause does not.
 */
export function* cutAtStop(beats: Iterable<Beat>, sequences: readonly string[]): Generator<Beat> {
  const search = new StopSearch(sequences);
  let silent = 0;
  for (const beat of beats) {
    if (beat.type === "text") {
      const { text, stopped } = search.add(beat.text);
      if (text !== "") yield { type: "text", text };
      if (stopped) return yield { type: "finish", reason: "stop" };
      silent = text === "" ? silent + 1 : 0;
      if (silent === silentBeatsMax) {
        silent = 0;
        yield { type: "pause", ms: 0 };
      }
    } else {
      const held = beat.type === "pause" ? "" : search.release();
      if (held !== "") yield { type: "text", text: held };
      yield beat;
    }
  }
  const held = search.release();
  if (held !== "") yield { type: "text", text: held };
}
