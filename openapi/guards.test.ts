import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fillConfig } from "../generated/config-guards.js";
import * as guards from "../generated/guards.js";
import { contract, toArbitrary } from "../test/wire/contract-arbitrary.ts";

/** A plain reading of the published schema, by a validator that knows nothing of the generator. */
function compile(name: string): ValidateFunction {
  const ajv = new Ajv2020({ strict: false });
  ajv.addSchema(contract, "contract");
  const found = ajv.getSchema(`contract#/components/schemas/${name}`);
  if (found === undefined) throw new Error(`no schema ${name}`);
  return found as ValidateFunction;
}

const rows = [
  ["ChatCompletionRequest", guards.checkChatCompletionRequest],
  ["ChatCompletion", guards.checkAnswerChatCompletion],
  ["ChatCompletionEvent", guards.checkAnswerChatCompletionEvent],
  ["ErrorResponse", guards.checkAnswerErrorResponse],
  ["ModelList", guards.checkAnswerModelList],
  ["SessionList", guards.checkAnswerSessionList],
] as const;

test.for(rows)("the guard of %s passes what the published schema passes", ([name, guard]) => {
  const published = compile(name);
  const property = fc.property(toArbitrary({ $ref: `#/components/schemas/${name}` }), (value) => {
    expect(published(value)).toBe(true);
    expect(guard(value)).toBeUndefined();
  });
  fc.assert(property, { seed: 1, numRuns: 100 });
});

/** Replaces the value at the picked place by junk. */
function spoil(value: unknown, pick: number, junk: unknown): unknown {
  let left = pick;
  const walk = (item: unknown): unknown => {
    if (left-- === 0) return junk;
    if (Array.isArray(item)) return item.map(walk);
    if (typeof item !== "object" || item === null) return item;
    return Object.fromEntries(Object.entries(item).map(([key, inner]) => [key, walk(inner)]));
  };
  return walk(value);
}

test.for(rows)("the guard of %s refuses what the published schema refuses", ([name, guard]) => {
  const published = compile(name);
  const seen = { passed: 0, refused: 0 };
  const valid = toArbitrary({ $ref: `#/components/schemas/${name}` });
  const property = fc.property(valid, fc.nat({ max: 40 }), fc.jsonValue({ maxDepth: 1 }), (value, pick, junk) => {
    const spoilt = spoil(value, pick, junk);
    const verdict = published(spoilt);
    seen[verdict ? "passed" : "refused"]++;
    // An answer's guard is closed: it may refuse an unknown key that the published schema lets pass.
    if (!verdict || name === "ChatCompletionRequest") expect(guard(spoilt) === undefined).toBe(verdict);
  });
  fc.assert(property, { seed: 1, numRuns: 300 });
  expect(seen.refused).toBeGreaterThan(20);
});

describe("keys that the contract does not name", () => {
  const error = { message: "m", type: "server_error", param: null, code: "internal_error" };
  const request = { model: "m", messages: [{ role: "user", content: "hi" }] };

  test("pass in a request, at every depth", () => {
    const message = { role: "user", content: [{ type: "text", text: "hi", x: 1 }], x: 1 };
    const tool = { type: "function", function: { name: "f", x: 1 }, x: 1 };
    expect(guards.checkChatCompletionRequest({ ...request, x: 1, messages: [message], tools: [tool] })).toBeUndefined();
  });

  test("are a violation in an answer, at every depth", () => {
    expect(guards.checkAnswerErrorResponse({ error })).toBeUndefined();
    expect(guards.checkAnswerErrorResponse({ error, x: 1 })).toBeDefined();
    expect(guards.checkAnswerErrorResponse({ error: { ...error, x: 1 } })).toBeDefined();
    expect(guards.checkAnswerChatCompletionEvent({ error: { ...error, stack: "at x" } })).toBeDefined();
  });
});

test("a check stops at the first finding, says what was expected there, and keeps nothing", () => {
  const violation = guards.checkChatCompletionRequest({ model: 1, messages: 1, stream: 1 });
  expect(violation).toMatchObject({ code: "invalid_type", param: "model" });
  expect(violation?.finding).toMatchObject({ keyword: "type", data: 1, expected: { types: ["string"] } });
  expect(
    guards.checkChatCompletionRequest({ model: "m", messages: [{ role: "user", content: "hi" }] }),
  ).toBeUndefined();
  expect(Object.keys(guards.checkChatCompletionRequest)).toEqual([]);
});

test("the guard of a request fills in nothing, that of the configuration fills in its defaults", () => {
  const body = { model: "m", messages: [{ role: "user", content: "hi" }] };
  const before = structuredClone(body);
  expect(guards.checkChatCompletionRequest(body)).toBeUndefined();
  expect(body).toEqual(before);
  const config: unknown = {};
  expect(fillConfig(config)).toEqual([]);
  expect(config).toMatchObject({
    gateway: { port: 18789, http: { endpoints: { chatCompletions: { enabled: false } } } },
  });
});
