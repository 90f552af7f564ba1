import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectEqual, expectObject, expectThat, show } from "../expect.ts";
import type { WireAnswer } from "../lens/wire.ts";
import { without } from "../self-test/edit.ts";
import { crash, editBody, refuse } from "../self-test/edits/requests.ts";
import {
  ask,
  describe,
  expectAccepted,
  expectDecided,
  isNotOffered,
  isWithin,
  toContent,
  toContentJson,
  toError,
} from "./request-check.ts";
import { weatherTool } from "./request-history.ts";

/** Fields that are newer than many servers. */
const recent = ["store", "metadata", "service_tier", "verbosity", "prompt_cache_key", "safety_identifier"];

/** What OpenAI's document has for every model, each at a value that asks for nothing special. */
const common = {
  stream: false,
  temperature: 1,
  top_p: 1,
  n: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
  logprobs: false,
  logit_bias: {},
  max_completion_tokens: 256,
  stop: ["a text that never comes"],
  seed: 7,
  store: false,
  user: "conformance",
  response_format: { type: "text" },
  tools: [weatherTool],
  tool_choice: "none",
  parallel_tool_calls: true,
};

/** Fields that depend on the model: a server may refuse one if it says which. */
const special: readonly object[] = [
  { max_tokens: 256 },
  { modalities: ["text"] },
  { service_tier: "auto" },
  { metadata: { purpose: "conformance" } },
  { reasoning_effort: "medium" },
  { verbosity: "medium" },
  { prediction: { type: "content", content: "ok" } },
  { safety_identifier: "conformance" },
  { prompt_cache_key: "conformance" },
  { prompt_cache_options: {} },
  { prompt_cache_retention: "in_memory" },
  { web_search_options: {} },
  { functions: [{ name: "get_weather" }], function_call: "none" },
];

const nullable = [
  ["stream", "stream_options", "temperature", "top_p", "n", "stop", "max_tokens", "max_completion_tokens"],
  ["presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs", "seed", "metadata", "modalities"],
  ["store", "service_tier", "reasoning_effort", "verbosity", "prediction", "audio", "safety_identifier"],
  ["prompt_cache_key", "prompt_cache_retention", "moderation"],
].flat();

interface AllOptions {
  /** Whether a field may be refused as one that is not offered. */
  readonly mayLack: boolean;
}

/** All at once; only if that is refused one by one, to find out which it was. */
async function expectAllAccepted(
  context: CaseContext,
  fields: Readonly<Record<string, unknown>>,
  { mayLack }: AllOptions,
): Promise<void> {
  const together = await ask(context, fields);
  if (together.status === 200) return expectAccepted(together, show(fields));
  const lacking: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    // A choice of tools means something only beside them.
    const beside = mayLack && /^(tool_choice|parallel_tool_calls)$/.test(name) ? { tools: fields["tools"] } : {};
    const answer = await ask(context, { [name]: value, ...beside });
    if (mayLack && isNotOffered(answer, name)) lacking.push(name);
    else expectAccepted(answer, show({ [name]: value }));
  }
  expectThat(lacking.length > 0, "200 for all of the fields at once, as for each of them", describe(together));
  context.note(`refused as not offered: ${lacking.join(", ")}`);
}

export const requestFieldCases = defineCases([
  {
    id: "REQ-21",
    level: "MUST",
    requirement:
      "Every field of OpenAI's request is accepted at an ordinary value; one that the model cannot have is refused with 400 that names it.",
    source:
      "OpenAI's document: the properties of CreateChatCompletionRequest; users report strict servers that refuse them",
    limitMs: 120_000,
    faults: [
      {
        id: "fields-recent-refused",
        what: "Fields that came later are unknown and refused, without a name.",
        call: editBody((body) =>
          recent.some((name) => name in body)
            ? refuse(400, { message: "Unrecognized request argument supplied" })
            : undefined,
        ),
      },
    ],
    async run(context) {
      await expectAllAccepted(context, common, { mayLack: true });
      for (const fields of special) {
        const answer = await ask(context, fields);
        if (Object.keys(fields).some((name) => isNamed(answer, name))) {
          context.note(`${show(fields)} is refused: ${describe(answer)}`);
        } else expectAccepted(answer, show(fields));
      }
    },
  },
  {
    id: "REQ-22",
    level: "MUST",
    requirement: "`null` is accepted in each field that may be null, and means the same as leaving the field out.",
    source: "OpenAI's document: the nullable properties of CreateChatCompletionRequest; typed clients send every field",
    limitMs: 120_000,
    finds: ["stream-options-required", "fields-recent-refused"],
    faults: [
      {
        id: "fields-null-refused",
        what: "A field that is null is refused, as typed clients that send every field find out.",
        call: editBody((body) => {
          const [name] = Object.entries(body).find(([, value]) => value === null) ?? [];
          return name === undefined ? undefined : refuse(400, { param: name });
        }),
      },
      {
        id: "fields-null-is-zero",
        what: "`temperature: null` reaches the model as 0.",
        call: editBody((body) => (body["temperature"] === null ? { ...body, temperature: 0 } : undefined)),
      },
    ],
    async run(context) {
      const nulls = Object.fromEntries(nullable.map((name) => [name, null]));
      await expectAllAccepted(context, nulls, { mayLack: false });
      if (!context.has("fixture")) return;
      const messages = [{ role: "user", content: "@@settings" }];
      const absent = toContentJson(await ask(context, { messages }));
      const given = toContentJson(await ask(context, { messages, ...nulls }));
      expectObject(absent, "the answer to @@settings");
      expectEqual(given, absent, "the settings that the model received with nulls");
    },
  },
  {
    id: "REQ-23",
    level: "SHOULD",
    requirement:
      "`null` in `tools`, `tool_choice`, `response_format` or `user` is taken as absent, or refused with 400 that names the field.",
    source: "OpenAI's document does not allow null there, and clients that serialize empty options send it",
    limitMs: 30_000,
    faults: [
      {
        id: "fields-null-crash",
        what: "`tools: null` and `response_format: null` are a 500.",
        call: editBody((body) => (body["tools"] === null || body["response_format"] === null ? crash : undefined)),
      },
    ],
    async run(context) {
      for (const name of ["tools", "tool_choice", "response_format", "user"]) {
        const decided = expectDecided(await ask(context, { [name]: null }), `${name}: null`, name);
        context.note(`\`${name}: null\` is ${decided}`);
      }
    },
  },
  {
    id: "REQ-33",
    level: "SHOULD",
    requirement:
      "`max_tokens` and `max_completion_tokens` together are refused with 400, or the answer keeps within `max_completion_tokens`.",
    source: "OpenAI's document: max_tokens is deprecated in favour of max_completion_tokens; frameworks send both",
    limitMs: 20_000,
    finds: ["fields-ignored", "new-limit-ignored"],
    faults: [
      {
        id: "old-limit-wins",
        what: "Of both limits the deprecated one counts.",
        call: editBody((body) => ("max_tokens" in body ? without(body, "max_completion_tokens") : undefined)),
      },
    ],
    async run(context) {
      const content = context.has("fixture") ? "@@words 200" : "Count from one to two hundred, in words.";
      const fields = { messages: [{ role: "user", content }], max_tokens: 240, max_completion_tokens: 16 };
      const answer = await ask(context, fields);
      if (answer.status === 400) {
        const field = String(toError(answer)?.["param"]);
        expectThat(/^max_(completion_)?tokens$/.test(field), "error.param to name one of the two", describe(answer));
        return context.note(`both together are refused: ${field}`);
      }
      expectAccepted(answer, "both limits together");
      // Sixteen tokens are hardly more than a hundred characters, and 240 of these words are more than 300.
      const said = toContent(answer);
      expectThat(typeof said !== "string" || said.length < 300, "an answer of at most 16 tokens", describe(answer));
    },
  },
]);

/** Refused with 400 and the name of this field. */
function isNamed(answer: WireAnswer, name: string): boolean {
  return answer.status === 400 && isWithin(toError(answer)?.["param"], name);
}
