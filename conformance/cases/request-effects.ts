import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectThat, isObject, show } from "../expect.ts";
import type { WireAnswer } from "../lens/wire.ts";
import { ask, expectAccepted, expectRefused, toChoice, toContent, toContentJson, toMessage } from "./request-check.ts";
import { weatherTool } from "./request-history.ts";

/** A field, a question whose answer shows whether it was heeded, and how. */
interface Effect {
  readonly fields: object;
  readonly live: string;
  readonly fixture: string;
  readonly isHeeded: (answer: WireAnswer) => boolean;
  /** Whether a client gets a wrong answer if the field is ignored. */
  readonly vital: boolean;
}

const schema = {
  type: "object",
  properties: { colour_of_the_sky: { type: "string" } },
  required: ["colour_of_the_sky"],
  additionalProperties: false,
};

const effects: Readonly<Record<string, Effect>> = {
  n: {
    fields: { n: 2 },
    live: "Reply with the word: ok",
    fixture: "@@echo ok",
    isHeeded: ({ json }) => isObject(json) && Array.isArray(json["choices"]) && json["choices"].length === 2,
    vital: true,
  },
  stop: {
    fields: { stop: ["gamma"] },
    live: "Repeat exactly, without quotes: alpha beta gamma delta",
    fixture: "@@echo alpha beta gamma delta",
    isHeeded: (answer) => !/gamma|delta/.test(String(toContent(answer))),
    vital: true,
  },
  max_tokens: {
    fields: { max_tokens: 8 },
    live: "Count from one to one hundred, in words.",
    fixture: "@@words 100",
    isHeeded: (answer) => toChoice(answer)?.["finish_reason"] === "length",
    vital: true,
  },
  max_completion_tokens: {
    fields: { max_completion_tokens: 8 },
    live: "Count from one to one hundred, in words.",
    fixture: "@@words 100",
    isHeeded: (answer) => toChoice(answer)?.["finish_reason"] === "length",
    vital: true,
  },
  response_format: {
    fields: { response_format: { type: "json_schema", json_schema: { name: "sky", strict: true, schema } } },
    live: "What colour is the sky? Answer in one sentence.",
    fixture: "@@json blue",
    isHeeded(answer) {
      const value = toContentJson(answer);
      return isObject(value) && typeof value["colour_of_the_sky"] === "string";
    },
    vital: true,
  },
  tools: {
    fields: { tools: [weatherTool], tool_choice: "required" },
    live: "What is the weather in Oslo?",
    fixture: "What is the weather in Oslo?",
    isHeeded(answer) {
      const calls = toMessage(answer)?.["tool_calls"];
      return Array.isArray(calls) && calls.length > 0;
    },
    vital: true,
  },
  logprobs: {
    fields: { logprobs: true },
    live: "Reply with the word: ok",
    fixture: "@@echo ok",
    isHeeded(answer) {
      const logprobs = toChoice(answer)?.["logprobs"];
      return isObject(logprobs) && Array.isArray(logprobs["content"]);
    },
    vital: false,
  },
};

export const requestEffectCases = defineCases([
  {
    id: "REQ-50",
    level: "SHOULD",
    requirement:
      "A field that changes the answer (`n`, `stop`, a token limit, `response_format`, `tools`) is heeded or refused, never ignored in silence.",
    source:
      "OpenAI's document: CreateChatCompletionRequest; users report wrong answers behind a 200 from servers that drop fields",
    limitMs: 60_000,
    finds: [
      "limit-finish-stop",
      "limit-stop-included",
      "n-ignored",
      "fields-ignored",
      "old-limit-ignored",
      "new-limit-ignored",
      "tools-ignored",
    ],
    async run(context) {
      const findings = new Map<string, string>();
      for (const [name, effect] of Object.entries(effects)) findings.set(name, await probe(context, effect));
      findings.set("seed", await probeSeed(context));
      const table = [...findings].map(([name, finding]) => `${name}: ${finding}`).join(", ");
      context.note(table);
      const ignored = [...findings].filter(([name, finding]) => finding === "ignored" && effects[name]?.vital === true);
      expectThat(ignored.length === 0, "each field that changes the answer to be heeded or refused", table);
    },
  },
]);

type Finding = "heeded" | "refused" | "ignored";

async function probe(context: CaseContext, { fields, live, fixture, isHeeded }: Effect): Promise<Finding> {
  const content = context.has("fixture") ? fixture : live;
  const answer = await ask(context, { messages: [{ role: "user", content }], ...fields });
  if (answer.status === 400) {
    expectRefused(answer, show(fields));
    return "refused";
  }
  expectAccepted(answer, show(fields));
  return isHeeded(answer) ? "heeded" : "ignored";
}

/** Two answers that are the same say little; two that differ say that the seed was not heeded. */
async function probeSeed(context: CaseContext): Promise<string> {
  const content = context.has("fixture") ? "Good evening, who are you?" : "Tell me any number below a million.";
  const fields = { messages: [{ role: "user", content }], seed: 7, temperature: 1 };
  const [first, second] = [await ask(context, fields), await ask(context, fields)];
  if (first.status === 400) return "refused";
  expectAccepted(first, "a seed");
  return toContent(first) === toContent(second) ? "the same answer twice" : "two different answers";
}
