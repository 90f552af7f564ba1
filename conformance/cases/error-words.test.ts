import { expect, test } from "vitest";
import type { WireAnswer } from "../lens/wire.ts";
import { toErrorWords } from "./error-words.ts";

/** What `err.message` of the SDK's majors 4 to 7 says of each was seen; `undefined` where one of them has no words. */
test.each<readonly [body: string, words: string | undefined]>([
  ['{"error":{"message":"It is refused.","type":"x"}}', "It is refused."],
  ['{"error":"It is refused."}', "It is refused."],
  ['{"error":"Not Found","message":"Cannot GET /x","status":404}', "Not Found"],
  ["Not Found", "Not Found"],
  ["", undefined],
  [" \n", undefined],
  ["<h1>404 Not Found</h1>", undefined],
  ["<!doctype html><html></html>", undefined],
  ['"It is refused."', undefined],
  ["null", undefined],
  ['{"message":"It is refused."}', undefined],
  ['{"detail":"It is refused."}', undefined],
  ['{"error":{"message":{"text":"It is refused."}}}', undefined],
  ['{"error":{"message":""}}', undefined],
  ['{"error":{"message":"…"}}', undefined],
])("the words of %j are %j", (text, words) => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  expect(toErrorWords({ status: 400, text, json } as WireAnswer)).toBe(words);
});
