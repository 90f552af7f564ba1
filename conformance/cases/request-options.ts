import { defineCases } from "../case.ts";
import { expectEqual, expectThat, isObject, show } from "../expect.ts";
import { readStream } from "../lens/stream.ts";
import { without } from "../self-test/edit.ts";
import { editBody, refuse } from "../self-test/edits/requests.ts";
import { ask, describe, expectAccepted, expectRefused, refuses, toError } from "./request-check.ts";
import { bounds } from "./request-limits.ts";

const pairs = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, "value"]));

export const requestOptionCases = defineCases([
  {
    id: "REQ-43",
    level: "DOC",
    requirement: "`stream_options` without `stream: true` is refused with 400 that names it.",
    source: "OpenAI's document: ChatCompletionStreamOptions (only set this when you set `stream: true`)",
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "request-param-missing",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    faults: [
      {
        id: "stream-options-ignored",
        what: "`stream_options` without a stream is ignored.",
        call: editBody((body) => (body["stream"] === true ? undefined : without(body, "stream_options"))),
      },
    ],
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
    finds: ["fields-null-refused", "route-accept-decides", "route-accept-406"],
    faults: [
      {
        id: "stream-options-required",
        what: "`stream_options` that is null or has no `include_usage` is refused.",
        call: editBody((body) => {
          const { stream_options: options } = body;
          const isFull = isObject(options) && "include_usage" in options;
          return "stream_options" in body && !isFull ? refuse(400, { param: "stream_options" }) : undefined;
        }),
      },
    ],
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
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    faults: [
      {
        id: "logit-bias-unread",
        what: "`logit_bias` is not looked at.",
        call: editBody((body) => without(body, "logit_bias")),
      },
      {
        id: "logit-bias-by-word",
        what: "A negative `logit_bias` is refused.",
        call: editBody(({ logit_bias: bias }) =>
          isObject(bias) && Object.values(bias).some((one) => Number(one) < 0)
            ? refuse(400, { param: "logit_bias" })
            : undefined,
        ),
      },
    ],
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
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "fields-recent-refused",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    faults: [
      {
        id: "metadata-unread",
        what: "`metadata` takes anything in any number.",
        call: editBody((body) => without(body, "metadata")),
      },
      {
        id: "metadata-too-short",
        what: "Values of `metadata` may have 256 characters only.",
        call: editBody(({ metadata }) =>
          isObject(metadata) && Object.values(metadata).some((one) => String(one).length > 256)
            ? refuse(400, { param: "metadata" })
            : undefined,
        ),
      },
    ],
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
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "request-param-missing",
      "fields-recent-refused",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    faults: [
      {
        id: "identifiers-unread",
        what: "`user`, `safety_identifier` and `prompt_cache_key` may be anything.",
        call: editBody((body) => without(body, "user", "safety_identifier", "prompt_cache_key")),
      },
    ],
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
