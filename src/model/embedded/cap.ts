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
