import { expect, it } from "vitest";
import { toErrorFields } from "./error-fields.ts";

const none = { code: undefined, type: undefined, param: undefined };

it.each<[what: string, body: unknown, want: object]>([
  [
    "OpenAI's",
    { error: { code: "a_b", type: "t", param: "messages[0].content" } },
    { code: "a_b", type: "t", param: "messages[0].content" },
  ],
  [
    "a numeric code and a status (Google)",
    [{ error: { code: 429, status: "RESOURCE_EXHAUSTED" } }],
    { ...none, code: "429", type: "RESOURCE_EXHAUSTED" },
  ],
  [
    "a flat one (vLLM)",
    { object: "error", code: 400, type: "BadRequestError", param: null },
    { ...none, code: "400", type: "BadRequestError" },
  ],
  [
    "Anthropic's",
    { type: "error", error: { type: "overloaded_error", message: "x" } },
    { ...none, type: "overloaded_error" },
  ],
  ["a text as the error", { error: "no such model", code: "x" }, { ...none, code: "x" }],
  ["names that are sentences", { error: { code: "key sk-1 is wrong", type: "a/b", param: "x".repeat(65) } }, none],
  ["names that are no texts", { error: { code: {}, type: [], param: true } }, none],
  ["a list of nothing", [], none],
  ["a null in a list", [null], none],
  ["a text", "error", none],
  ["null", null, none],
  ["nothing", undefined, none],
])("reads %s", (_, body, want) => {
  expect(toErrorFields(body)).toEqual({ isTooLong: false, ...want });
});
