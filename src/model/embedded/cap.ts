import { firstIndexOf, heldLength } from "../stop.ts";
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
