import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { expect } from "vitest";
import type { JsonSchema } from "@clawgate/contract/generate";
import { type ErrorBody, requestFields } from "../../src/base/contract.ts";
import { listTypes, resolve, toArbitrary, type TypeName } from "./contract-arbitrary.ts";
import { type SharedGateway, test } from "../gateway.fixture.ts";

/** The fields of CreateChatCompletionRequest in OpenAI's document, commit f85dbe223d40. */
const openaiFields =
  `audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens
  messages metadata modalities model moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key
  prompt_cache_options prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier stop
  store stream stream_options temperature tool_choice tools top_logprobs top_p user verbosity web_search_options`.split(
    /\s+/,
  );

const properties = resolve({ $ref: "#/components/schemas/ChatCompletionRequest" }).properties ?? {};
const fields = Object.entries(properties) as [Field, JsonSchema][];
type Field = keyof typeof requestFields;

/** Change it to see other values; a failure prints the path that leads back to it. */
const seed = 20_260_822;
const base = { model: "openclaw", messages: [{ role: "user", content: "@@settings" }] };
const functionTool = { type: "function", function: { name: "f" } };

const weather = [{ role: "user", content: "What is the weather in Oslo?" }];

/** What a field needs beside it to make sense. A demanded call is only heard by a model that is not told what to say. */
const companions: Partial<Record<Field, object>> = {
  stream_options: { stream: true },
  tool_choice: { tools: [functionTool], messages: weather },
  function_call: { functions: [{ name: "f" }], messages: weather },
};

test("the contract has exactly the 37 fields of OpenAI's document", () => {
  expect(openaiFields).toHaveLength(37);
  expect(Object.keys(requestFields).toSorted()).toEqual(openaiFields);
  expect(Object.keys(properties).toSorted()).toEqual(openaiFields);
});

interface Verdict {
  readonly status: number;
  readonly error?: ErrorBody["error"];
  readonly headers: Headers;
  readonly text: string;
}

async function send({ chat }: SharedGateway, body: object): Promise<Verdict> {
  const response = await chat(body);
  const { status, headers } = response;
  const text = await response.text();
  if (status === 200) return { status, headers, text };
  const { error, ...rest } = JSON.parse(text) as ErrorBody;
  expect(rest).toEqual({});
  expect(Object.keys(error).toSorted()).toEqual(["code", "message", "param", "type"]);
  return { status, headers, text, error };
}

const knownModels = [
  "openclaw",
  "openclaw/default",
  ...["main", "beta"].flatMap((id) => [`openclaw:${id}`, `openclaw/${id}`, `agent:${id}`]),
];

/** True where a value of the right shape is refused for what it means; undefined where this test does not say. */
function isRefused(field: Field, value: unknown): boolean | undefined {
  const row: { readonly support: string; readonly accepts?: readonly unknown[] } = requestFields[field];
  if (row.support === "refused") return row.accepts?.some((accepted) => isDeepStrictEqual(accepted, value)) !== true;
  if (value === null) return false;
  if (field === "model") return !knownModels.includes(value as string);
  // The embedded model has none.
  if (field === "logprobs") return value === true;
  if (field === "top_logprobs") return typeof value === "number" && value > 0;
  if (field === "function_call") return typeof value === "object" && (value as { name: string }).name !== "f";
  if (field === "tool_choice") return typeof value === "string" ? false : undefined;
  if (field === "tools") return hasTwins(value as object[]);
  if (field === "messages")
    return JSON.stringify(value).match(/"role":"tool"|"type":"(?:image_url|input_audio|file)"/) ? undefined : false;
  return false;
}

function hasTwins(tools: readonly object[]): boolean {
  const names = tools.map((tool) => /"name":"([^"]*)"/.exec(JSON.stringify(tool))?.[1]);
  return new Set(names).size < names.length;
}

function isAt(field: string, param: string | null | undefined): boolean {
  return param === field || param?.startsWith(`${field}[`) === true || param?.startsWith(`${field}.`) === true;
}

test("every value that the contract allows is answered, or refused by the field's name for what it means", async ({
  gateway,
}) => {
  for (const [field, schema] of fields) {
    const property = fc.asyncProperty(fc.constant(field), toArbitrary(schema), async (_, value) => {
      const { status, error, headers } = await send(gateway, { ...base, ...companions[field], [field]: value });
      const refused = isRefused(field, value);
      if (refused !== undefined) expect(status !== 200).toBe(refused);
      if (status === 200) {
        const ignored = headers.get("x-clawgate-ignored");
        // What a message says that nobody reads is named by its path.
        if (field === "messages") expect(ignored ?? "messages[").toMatch(/^messages\[/);
        else expect(ignored).toBe(requestFields[field].support === "ignored" && value !== null ? field : null);
        return;
      }
      expect(isAt(field, error?.param), JSON.stringify(error)).toBe(true);
      expect([400, 404]).toContain(status);
      if (requestFields[field].support === "refused") expect(error?.code).toBe("unsupported_value");
    });
    await fc.assert(property, { seed, numRuns: 15 });
  }
});

/** Examples of each JSON type. */
const samples: Record<TypeName, readonly unknown[]> = {
  null: [null],
  boolean: [true, false],
  integer: [0, 1, -7],
  number: [0.5, -1.5],
  string: ["", "1", "true"],
  array: [[], [1], [{}]],
  object: [{}, { a: 1 }, { 0: "a" }],
};

test("a value of the wrong JSON type is refused by the field's name", async ({ gateway }) => {
  for (const [field, schema] of fields) {
    const allowed = listTypes(schema);
    const types = (Object.keys(samples) as TypeName[]).filter(
      (type) => !allowed.includes(type) && !(type === "integer" && allowed.includes("number")),
    );
    for (const value of types.flatMap((type) => samples[type])) {
      const { status, error } = await send(gateway, { ...base, ...companions[field], [field]: value });
      expect({ field, value, status, param: error?.param, code: error?.code }).toEqual({
        field,
        value,
        status: 400,
        param: field,
        code: "invalid_type",
      });
    }
  }
});

test("null, where it is allowed, is the same as absent", async ({ gateway }) => {
  const nullable = fields.filter(([, schema]) => listTypes(schema).includes("null")).map(([field]) => field);
  expect(nullable.length).toBeGreaterThan(20);
  const toAnswer = async (body: object): Promise<object> => {
    const { status, headers, text } = await send(gateway, body);
    const { id: _, created: __, ...answer } = JSON.parse(text) as Record<string, unknown>;
    return { status, answer, ignored: headers.get("x-clawgate-ignored"), type: headers.get("content-type") };
  };
  const absent = await toAnswer(base);
  expect(absent).toMatchObject({ status: 200, ignored: null });
  for (const field of nullable) expect(await toAnswer({ ...base, [field]: null }), field).toEqual(absent);
  expect(await toAnswer({ ...base, ...Object.fromEntries(nullable.map((field) => [field, null])) })).toEqual(absent);
});
