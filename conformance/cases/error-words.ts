import { Failure, isObject } from "../expect.ts";
import type { WireAnswer } from "../lens/wire.ts";

/**
 * What an error says where every major of the SDK finds words: `error.message`, a text in the place of `error`, or a body that
 * is a text itself. Of a page, and of an object without these, there is nothing but "status code (no body)", or the source.
 */
export function toErrorWords({ json, text }: WireAnswer): string | undefined {
  if (json === undefined) return text.trimStart().startsWith("<") ? undefined : toWords(text);
  const error = isObject(json) ? json["error"] : undefined;
  return toWords(isObject(error) ? error["message"] : error);
}

function toWords(value: unknown): string | undefined {
  return typeof value === "string" && /[\p{L}\p{N}]/u.test(value) ? value : undefined;
}

/** What a client needs of a refusal: the status by which the SDK makes a class of it, and words for whoever reads it. */
export function expectRefusedInWords(answer: WireAnswer, statuses: readonly number[], what: string): string {
  const { status, text } = answer;
  const seen = `${status} ${text.slice(0, shownMax)}`.trimEnd();
  if (!statuses.includes(status)) throw new Failure(`${what} to be answered ${statuses.join(" or ")}`, seen);
  const words = toErrorWords(answer);
  if (words === undefined) throw new Failure(`the error for ${what} to say something where SDKs read it`, seen);
  return words;
}

const shownMax = 300;
