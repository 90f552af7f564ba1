import { defineCases } from "../case.ts";
import { expectArray, expectEqual, expectObject, expectThat, isObject } from "../expect.ts";
import { eachMessage } from "../self-test/edit.ts";
import { askBriefly, type Json, toBody, toChoices, toFirstChoice, toMessage } from "./nonstream-reading.ts";

/** OpenAI's document and the types of SDK 7.57 together. */
const knownKeys = {
  completion:
    "id object created model choices usage service_tier system_fingerprint metadata moderation request_id".split(" "),
  choice: "index message logprobs finish_reason".split(" "),
  message: "role content refusal tool_calls function_call annotations audio".split(" "),
  usage: "prompt_tokens completion_tokens total_tokens prompt_tokens_details completion_tokens_details".split(" "),
} as const;

export const nonStreamFieldCases = defineCases([
  {
    id: "NS-20",
    level: "SHOULD",
    needs: ["logprobs"],
    requirement: "Log probabilities are at most 0, one for each token, and the tokens join to the content.",
    source: "OpenAI's document: ChatCompletionTokenLogprob; ggml-org/llama.cpp tests the same of its server",
    async run(context) {
      const body = toBody(await askBriefly(context, { logprobs: true, top_logprobs: 2 }));
      const { logprobs } = toFirstChoice(body);
      expectObject(logprobs, "choices[0].logprobs");
      expectArray(logprobs["content"], "logprobs.content");
      const tokens = logprobs["content"].map(toToken);
      // A token may be part of a character; its bytes say which.
      const joined = tokens.every(({ bytes }) => bytes !== null)
        ? Buffer.concat(tokens.map(({ bytes }) => Buffer.from(bytes ?? []))).toString("utf8")
        : tokens.map(({ token }) => token).join("");
      expectEqual(joined, toMessage(body)["content"], "the joined tokens");
    },
  },
  {
    id: "NS-21",
    level: "DOC",
    requirement: "`system_fingerprint` is absent or a string, `service_tier` absent, null or a string.",
    source: "OpenAI's document: CreateChatCompletionResponse.system_fingerprint, not nullable, and ServiceTier",
    faults: [
      {
        id: "json-fingerprint-null",
        what: "`system_fingerprint` is null, which OpenAI's document does not allow.",
        json: (body) => ({ ...body, system_fingerprint: null }),
      },
    ],
    async run({ plain }) {
      const { system_fingerprint: fingerprint, service_tier: tier } = toBody(await plain());
      expectThat(
        fingerprint === undefined || typeof fingerprint === "string",
        "no system_fingerprint, or a string",
        fingerprint,
      );
      expectThat(tier === undefined || tier === null || typeof tier === "string", "no service_tier, or a string", tier);
    },
  },
  {
    id: "NS-22",
    level: "SHOULD",
    requirement: "Fields of your own stand under one name in each object, where none of OpenAI's can meet them.",
    source: "OpenAI's document: CreateChatCompletionResponse, to which fields are added all the time",
    faults: [
      {
        id: "json-vendor-fields",
        what: "The message is strewn with fields of the vendor's own.",
        json: (body) => eachMessage(body, (message) => ({ ...message, reasoning: "", thinking: "", cost: 0 })),
      },
    ],
    async run({ plain, note }) {
      const body = toBody(await plain());
      const objects: [keyof typeof knownKeys, unknown][] = [
        ["completion", body],
        ...toChoices(body).map((choice): ["choice", Json] => ["choice", choice]),
        ["message", toMessage(body)],
        ["usage", body["usage"]],
      ];
      for (const [kind, object] of objects) {
        if (!isObject(object)) continue;
        const own = Object.keys(object).filter((key) => !knownKeys[kind].includes(key));
        if (own.length > 0) note(`fields of its own in the ${kind}: ${own.join(", ")}`);
        expectThat(own.length <= 1, `at most one field in the ${kind} that OpenAI's document has not`, own);
      }
    },
  },
]);

function toToken(entry: unknown, place: number): { token: string; bytes: number[] | null } {
  const where = `logprobs.content[${place}]`;
  expectObject(entry, where);
  const { token, logprob, bytes, top_logprobs: top } = entry;
  expectThat(typeof token === "string", `${where}.token to be a string`, token);
  expectThat(typeof logprob === "number" && logprob <= 0, `${where}.logprob to be at most 0`, logprob);
  expectThat(bytes === null || isBytes(bytes), `${where}.bytes to be null or bytes`, bytes);
  expectArray(top, `${where}.top_logprobs`);
  return { token, bytes };
}

function isBytes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255);
}
