import { type Case, defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectEqual, expectThat, isObject, show, Skip } from "../expect.ts";
import { readStream } from "../lens/stream.ts";
import type { WireAnswer } from "../lens/wire.ts";
import {
  ask,
  describe,
  expectAccepted,
  expectRefused,
  isNotOffered,
  refuses,
  toChoice,
  toContent,
  toError,
  toUsage,
} from "./request-check.ts";

/** A value that is valid; undecidable where the model does not have the field at all and says so. */
async function expectValid(context: CaseContext, fields: object): Promise<WireAnswer> {
  const answer = await ask(context, fields);
  const [field = ""] = Object.keys(fields);
  if (isNotOffered(answer, field)) throw new Skip(`\`${field}\` is not offered: ${describe(answer)}`);
  expectAccepted(answer, show(fields));
  return answer;
}

/** Valid values are answered and wrong ones refused. */
function bounds(valid: readonly object[], wrong: readonly object[], field?: string): Case["run"] {
  return async (context) => {
    // The wrong ones first: they are to be refused also where the field is not offered.
    await refuses(wrong, field)(context);
    for (const fields of valid) await expectValid(context, fields);
  };
}

/** Says nothing where the answer is short of itself, as that of a server which always says the same. */
async function expectCut(context: CaseContext, answer: WireAnswer, content: string): Promise<void> {
  const text = String(toContent(answer));
  if (text.split(/\s+/).length > 16 || (toUsage(answer, "completion_tokens") ?? 0) > 16) return;
  const whole = await ask(context, { messages: [{ role: "user", content }] });
  if (toContent(whole) === toContent(answer))
    throw new Skip(`the whole answer is not long enough to be cut: ${show(text)}`);
}

const pairs = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, "value"]));

export const requestLimitCases = defineCases([
  {
    id: "REQ-24",
    level: "DOC",
    requirement: "`stream` that is not a boolean is refused with 400 that names it; nothing is guessed from it.",
    source: "OpenAI's document: CreateChatCompletionRequest.stream",
    run: refuses([{ stream: "true" }, { stream: 1 }, { stream: {} }], "stream"),
  },
  {
    id: "REQ-25",
    level: "DOC",
    requirement: "`temperature` that is no number from 0 to 2 is refused with 400 that names it.",
    source: "OpenAI's document: CreateChatCompletionRequest.temperature, minimum and maximum",
    run: refuses([{ temperature: -0.1 }, { temperature: 2.1 }, { temperature: "1" }], "temperature"),
  },
  {
    id: "REQ-26",
    level: "DOC",
    requirement: "`top_p` that is no number from 0 to 1 is refused with 400 that names it.",
    source: "OpenAI's document: CreateChatCompletionRequest.top_p, minimum and maximum",
    run: refuses([{ top_p: -0.1 }, { top_p: 1.1 }, { top_p: "1" }], "top_p"),
  },
  {
    id: "REQ-27",
    level: "DOC",
    requirement: "`frequency_penalty` and `presence_penalty` outside -2 to 2 are refused with 400 that names them.",
    source: "OpenAI's document: CreateChatCompletionRequest, minimum and maximum of the penalties",
    async run(context) {
      for (const name of ["frequency_penalty", "presence_penalty"]) {
        await refuses([{ [name]: 3 }, { [name]: -3 }], name)(context);
      }
    },
  },
  {
    id: "REQ-28",
    level: "MUST",
    requirement: "`n: 2` gives two choices, or 400, never one choice.",
    source: "OpenAI's document: CreateChatCompletionRequest.n; users report servers that ignore `n` in silence",
    limitMs: 20_000,
    async run(context) {
      const answer = await ask(context, { n: 2 });
      if (answer.status === 400) return expectRefused(answer, "n: 2");
      expectAccepted(answer, "n: 2");
      const choices = isObject(answer.json) ? answer.json["choices"] : undefined;
      expectEqual(Array.isArray(choices) ? choices.length : undefined, 2, "the number of choices for n: 2");
    },
  },
  {
    id: "REQ-29",
    level: "DOC",
    requirement: "`top_logprobs` outside 0 to 20 is refused with 400.",
    source: "OpenAI's document: ModelResponseProperties.top_logprobs, minimum and maximum",
    run: refuses([
      { logprobs: true, top_logprobs: 21 },
      { logprobs: true, top_logprobs: -1 },
    ]),
  },
  {
    id: "REQ-30",
    level: "DOC",
    requirement: "`top_logprobs` without `logprobs: true` is refused with 400.",
    source: "OpenAI's document: the description of top_logprobs (`logprobs` must be `true` if it is used)",
    run: refuses([{ top_logprobs: 2 }, { logprobs: false, top_logprobs: 2 }]),
  },
  {
    id: "REQ-31",
    level: "DOC",
    requirement: "`stop` takes a string, null or 1 to 4 strings; an empty list and five strings are refused with 400.",
    source: "OpenAI's document: StopConfiguration",
    limitMs: 30_000,
    run: bounds(
      [{ stop: "###" }, { stop: null }, { stop: ["###"] }, { stop: ["##1", "##2", "##3", "##4"] }],
      [{ stop: [] }, { stop: ["##1", "##2", "##3", "##4", "##5"] }, { stop: 1 }],
    ),
  },
  {
    id: "REQ-32",
    level: "MUST",
    requirement: "`max_tokens` and `max_completion_tokens` both limit the answer.",
    source:
      "OpenAI's document: CreateChatCompletionRequest.max_tokens (deprecated; LangChain and others still send it), .max_completion_tokens",
    limitMs: 30_000,
    async run(context) {
      const content = context.has("fixture") ? "@@words 200" : "Count from one to two hundred, in words.";
      let offered = 0;
      for (const name of ["max_tokens", "max_completion_tokens"]) {
        const answer = await ask(context, { messages: [{ role: "user", content }], [name]: 16 });
        if (isNotOffered(answer, name)) {
          context.note(`\`${name}\` is not offered: ${describe(answer)}`);
          continue;
        }
        offered++;
        expectAccepted(answer, `${name}: 16`);
        const reason = toChoice(answer)?.["finish_reason"];
        if (reason !== "length") await expectCut(context, answer, content);
        expectEqual(reason, "length", `finish_reason of a long answer with ${name}: 16`);
      }
      expectThat(offered > 0, "at least one of the two fields to be offered", "both refused as unsupported");
    },
  },
  {
    id: "REQ-55",
    level: "DOC",
    requirement:
      "`n` outside 1 to 128, token limits of zero or less, and `functions` that are none or more than 128 are refused with 400.",
    source: "OpenAI's document: CreateChatCompletionRequest.n, minimum and maximum; OpenAI's API refuses the others",
    limitMs: 20_000,
    async run(context) {
      await refuses([{ n: 0 }, { n: 129 }, { n: 1.5 }], "n")(context);
      for (const name of ["max_tokens", "max_completion_tokens"])
        await refuses([{ [name]: 0 }, { [name]: -1 }])(context);
      const many = Array.from({ length: 129 }, (_, index) => ({ name: `function_${index}` }));
      await refuses([{ functions: [] }, { functions: many }])(context);
    },
    faults: [
      {
        id: "functions-uncounted",
        what: "Any number of the legacy `functions` is taken, none included.",
        call: ({ body }) => {
          const { functions, function_call: _call, ...rest } = body ?? {};
          return Array.isArray(functions) ? { bytes: Buffer.from(JSON.stringify(rest)) } : undefined;
        },
      },
    ],
  },
  {
    id: "REQ-43",
    level: "DOC",
    requirement: "`stream_options` without `stream: true` is refused with 400 that names it.",
    source: "OpenAI's document: ChatCompletionStreamOptions (only set this when you set `stream: true`)",
    run: refuses(
      [{ stream_options: { include_usage: true } }, { stream: false, stream_options: { include_usage: true } }],
      "stream_options",
    ),
  },
  {
    id: "REQ-44",
    level: "MUST",
    requirement: "`stream_options` that is null or empty is accepted in a streamed call.",
    source: "OpenAI's document: ChatCompletionStreamOptions",
    async run(context) {
      for (const options of [null, {}]) {
        const reading = readStream(await ask(context, { stream: true, stream_options: options }));
        const what = `stream_options: ${show(options)}`;
        expectEqual(reading.answer.status, 200, `the status for ${what}`);
        expectThat(reading.chunks.length > 0, `a stream of chunks for ${what}`, describe(reading.answer));
        expectEqual(reading.error, undefined, `an error in the stream for ${what}`);
      }
    },
  },
  {
    id: "REQ-45",
    level: "DOC",
    requirement: "`logit_bias` maps tokens to integers from -100 to 100; a fraction or 101 is refused with 400.",
    source: "OpenAI's document: CreateChatCompletionRequest.logit_bias",
    limitMs: 20_000,
    run: bounds(
      [{ logit_bias: { "100": -100, "101": 1 } }],
      [{ logit_bias: { "100": 0.5 } }, { logit_bias: { "100": 101 } }, { logit_bias: [1] }],
    ),
  },
  {
    id: "REQ-46",
    level: "DOC",
    requirement:
      "`metadata` takes 16 pairs of strings with keys of 64 and values of 512 characters; anything beyond is refused with 400.",
    source: "OpenAI's document: Metadata",
    async run(context) {
      await refuses([
        { metadata: pairs(17) },
        { metadata: { key: 1 } },
        { metadata: { ["k".repeat(65)]: "value" } },
        { metadata: { key: "v".repeat(513) } },
      ])(context);
      const largest = { ...pairs(15), ["k".repeat(64)]: "v".repeat(512) };
      const answer = await ask(context, { metadata: largest });
      // OpenAI itself takes metadata only beside `store: true`.
      if (/\bstore\b/.test(String(toError(answer)?.["message"]))) return context.note("metadata needs `store`");
      expectAccepted(answer, "16 pairs with the longest key and value");
    },
  },
  {
    id: "REQ-47",
    level: "DOC",
    requirement:
      "`user`, `safety_identifier` and `prompt_cache_key` that are no strings are refused with 400 that names them, and very long ones never give a 5xx.",
    source: "OpenAI's document: CreateChatCompletionRequest.user, .safety_identifier (maxLength), .prompt_cache_key",
    limitMs: 20_000,
    async run(context) {
      for (const name of ["user", "safety_identifier", "prompt_cache_key"]) {
        await refuses([{ [name]: 7 }], name)(context);
        const answer = await ask(context, { [name]: "x".repeat(100_000) });
        if (name === "safety_identifier" || answer.status !== 200) {
          expectRefused(answer, `${name} of 100,000 characters`, name);
        }
      }
    },
  },
]);
