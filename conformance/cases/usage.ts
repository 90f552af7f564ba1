import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectEqual, expectThat } from "../expect.ts";
import { type StreamReading, toText } from "../lens/stream.ts";
import { isFinish, without } from "../self-test/edit.ts";
import { changeUsage } from "../self-test/edits/usage.ts";
import { toBody, toContent } from "./nonstream-reading.ts";
import { expectGrammar, expectSdkReads, expectStream, readPlainStream } from "./stream-reading.ts";
import { toCounts, toUsage } from "./usage-reading.ts";

const invented = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };

const usageSchema = "OpenAI's document: CompletionUsage";
const includeUsage = "OpenAI's document: ChatCompletionStreamOptions.include_usage";
const withUsage = { stream_options: { include_usage: true } };

export const usageCases = defineCases([
  {
    id: "USE-01",
    level: "MUST",
    requirement: "`usage` of an answer has `prompt_tokens`, `completion_tokens` and `total_tokens`, all integers.",
    source: `${usageSchema}, three required integers; every client that counts reads them`,
    needs: ["usage"],
    finds: ["usage-of-anthropic", "usage-as-text"],
    faults: [
      {
        id: "usage-missing",
        what: "Answers have no `usage`.",
        json: (body) => without(body, "usage"),
      },
      {
        id: "usage-null-counts",
        what: "The counts are null.",
        json: changeUsage((usage) => ({ ...usage, prompt_tokens: null, completion_tokens: null, total_tokens: null })),
      },
    ],
    async run({ plain }) {
      toCounts(toBody(await plain())["usage"]);
    },
  },
  {
    id: "USE-02",
    level: "MUST",
    requirement: "`total_tokens` is the sum of `prompt_tokens` and `completion_tokens`.",
    source: `${usageSchema}.total_tokens (prompt + completion)`,
    needs: ["usage"],
    finds: ["usage-missing", "usage-of-anthropic", "usage-null-counts"],
    faults: [
      {
        id: "usage-total-wrong",
        what: "`total_tokens` is the count of the answer alone.",
        json: changeUsage((usage) => ({ ...usage, total_tokens: usage["completion_tokens"] })),
      },
      {
        id: "usage-total-wrong-in-streams",
        what: "`total_tokens` of a stream leaves the prompt out.",
        chunk: changeUsage((usage) => ({ ...usage, total_tokens: usage["completion_tokens"] })),
      },
    ],
    async run(context) {
      const usages = [toBody(await context.plain())["usage"]];
      const streamed = toUsage(await context.plainStream({ usage: true }));
      if (streamed !== undefined) usages.push(streamed);
      for (const usage of usages) {
        const { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total } = toCounts(usage);
        expectEqual(total, prompt + completion, "usage.total_tokens");
      }
    },
  },
  {
    id: "USE-03",
    level: "SHOULD",
    requirement: "The counts of a question with an answer are not zero.",
    source: `${usageSchema}; whoever bills or cuts histories by them is misled by zeros`,
    needs: ["usage"],
    finds: ["usage-missing", "usage-null-counts"],
    faults: [
      {
        id: "usage-zero",
        what: "All counts are zero, as where nobody counts.",
        json: changeUsage(() => ({ prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 })),
      },
    ],
    async run({ plain }) {
      const { prompt_tokens: prompt, completion_tokens: completion } = toCounts(toBody(await plain())["usage"]);
      expectThat(prompt > 0 && completion > 0, "prompt_tokens and completion_tokens above 0", { prompt, completion });
    },
  },
  {
    id: "USE-04",
    level: "MUST",
    requirement:
      "With `include_usage` the last chunk before `[DONE]` has `choices: []` and the usage of the whole call.",
    source: `${includeUsage}; vercel/ai#3268, #5736, #17986, anomalyco/opencode#423 (NaN or undefined counts)`,
    needs: ["usage"],
    finds: ["stream-answered-whole", "usage-chunk-without-choices", "usage-chunk-choices-null"],
    faults: [
      {
        id: "usage-ignored-in-streams",
        what: "`include_usage` is ignored: NaN or undefined counts, vercel/ai#3268.",
        chunk: (chunk) => (chunk["usage"] ? undefined : without(chunk, "usage")),
      },
      {
        id: "usage-on-finish",
        what: "The usage stands on the finish chunk instead of a chunk of its own.",
        chunk: (chunk) =>
          isFinish(chunk) && "usage" in chunk ? { ...chunk, usage: invented } : chunk["usage"] ? undefined : chunk,
      },
      {
        id: "usage-then-null",
        what: "A chunk with `usage: null` follows the usage, and the SDK keeps the last.",
        chunk: (chunk) => (chunk["usage"] ? [chunk, { ...chunk, usage: null }] : chunk),
      },
    ],
    async run(context) {
      const reading = await readUsageStream(context);
      expectGrammar(reading, { usage: true }, ["usage-last"]);
      toCounts(toUsage(reading));
    },
  },
  {
    id: "USE-05",
    level: "SHOULD",
    requirement: "With `include_usage` every chunk before the last has `usage: null`.",
    source: `${includeUsage}: "All other chunks will also include a usage field, but with a null value"`,
    needs: ["usage"],
    finds: ["usage-ignored-in-streams"],
    faults: [
      {
        id: "usage-not-null-before",
        what: "Chunks before the usage do not say `usage: null`.",
        chunk: (chunk) => (chunk["usage"] === null ? without(chunk, "usage") : chunk),
      },
      {
        id: "usage-on-every-chunk",
        what: "Every chunk has the running usage: added up, it is counted several times, langchain-ai/langchainjs#11457.",
        chunk: (chunk) => (chunk["usage"] === null ? { ...chunk, usage: invented } : chunk),
      },
    ],
    async run(context) {
      expectGrammar(await readUsageStream(context), { usage: true }, ["usage-null"]);
    },
  },
  {
    id: "USE-06",
    level: "MUST",
    requirement: "Without `include_usage` no chunk has usage, and none has empty `choices`.",
    source: `${includeUsage}; AndraxDev/speak-gpt#162, openclaw/openclaw#14442, cline/cline#8384 (\`choices[0]\` of a chunk that has none)`,
    faults: [
      {
        id: "usage-unasked",
        what: "A usage chunk with empty choices ends every stream: `choices[0]` crashes, openclaw/openclaw#14442.",
        chunk: (chunk) =>
          isFinish(chunk) && !("usage" in chunk) ? [chunk, { ...chunk, choices: [], usage: invented }] : chunk,
      },
      {
        id: "usage-unasked-on-finish",
        what: "The finish chunk has usage that nobody asked for.",
        chunk: (chunk) => (isFinish(chunk) && !("usage" in chunk) ? { ...chunk, usage: invented } : chunk),
      },
      {
        id: "usage-although-false",
        what: "`include_usage: false` is taken for true.",
        chunk: (chunk, _index, call) =>
          isFinish(chunk) && JSON.stringify(call.body?.["stream_options"]) === '{"include_usage":false}'
            ? [chunk, { ...chunk, choices: [], usage: invented }]
            : chunk,
      },
      {
        id: "empty-choices-first",
        what: "A stream begins with empty choices, as that of Azure with its content filter.",
        chunk: (chunk, index) => (index === 0 ? [{ ...chunk, choices: [] }, chunk] : chunk),
      },
    ],
    async run(context) {
      expectGrammar(await readPlainStream(context), {}, ["usage-unasked"]);
      const off = await context.stream(context.say("Say hi.", { stream_options: { include_usage: false } }));
      if (off.answer.status !== 200) return;
      expectGrammar(expectStream(off), {}, ["usage-unasked"], "the stream with include_usage: false");
    },
  },
  {
    id: "USE-07",
    level: "MUST",
    needs: ["usage"],
    eachSdk: true,
    requirement: "The SDK's helper has the usage at the end of a stream: nothing behind it overwrites or loses it.",
    source: "SDK 4–7 take the last `usage`, a null too; 6 and 7 lose it where its chunk has no `id`",
    finds: [
      "finish-missing",
      "usage-chunk-without-id",
      "usage-chunk-without-choices",
      "usage-chunk-choices-null",
      "role-missing",
      "usage-ignored-in-streams",
      "usage-then-null",
    ],
    async run(context) {
      const { sdk, say, has, signal } = context;
      const body = say(has("fixture") ? "@@words 3" : "Say hi.", withUsage);
      const stream = sdk.helpers.stream(body, { signal });
      const completion = await expectSdkReads(stream.finalChatCompletion(), "a stream with usage");
      toCounts(completion.usage, "usage of finalChatCompletion()");
    },
  },
  {
    id: "USE-08",
    level: "SHOULD",
    requirement: "The usage of a stream stands in one chunk only.",
    source: "langchain-ai/langchainjs#11457, #11054, langchain-ai/langchain#30429: added up, it is counted twice",
    needs: ["usage"],
    finds: ["usage-on-every-chunk"],
    async run(context) {
      expectGrammar(await readUsageStream(context), { usage: true }, ["usage-once"]);
    },
  },
  {
    id: "USE-09",
    level: "MUST",
    requirement: "The same call costs the same, streamed or not.",
    source: `${usageSchema}, one schema for both; a budget must not depend on how an answer is delivered`,
    needs: ["usage"],
    finds: [
      "deltas-trimmed",
      "usage-missing",
      "usage-of-anthropic",
      "usage-as-text",
      "usage-total-wrong",
      "usage-total-wrong-in-streams",
      "usage-zero",
      "usage-ignored-in-streams",
    ],
    faults: [
      {
        id: "usage-counts-chunks",
        what: "A proxy counts the tokens of a stream itself: one for each chunk.",
        chunk: (chunk, index) =>
          chunk["usage"]
            ? { ...chunk, usage: { prompt_tokens: 8, completion_tokens: index, total_tokens: 8 + index } }
            : chunk,
      },
      {
        id: "usage-of-model-ignored",
        what: "The counts that the model reports are replaced by guesses.",
        json: (body, call) =>
          JSON.stringify(call.body?.["messages"]).includes("@@usage prompt=10") ? { ...body, usage: invented } : body,
      },
    ],
    async run(context) {
      const whole = toBody(await context.plain());
      const streamed = await readUsageStream(context);
      const [a, b] = [toCounts(whole["usage"]), toCounts(toUsage(streamed), "usage of the stream")];
      expectEqual(b.prompt_tokens, a.prompt_tokens, "prompt_tokens of the stream, as of the whole answer,");
      if (context.has("fixture")) {
        expectEqual(toText(streamed), toContent(whole), "the text of the stream");
        expectEqual(b, a, "usage of the stream, as of the whole answer,");
        await expectScripted(context);
      }
    },
  },
]);

async function readUsageStream({ plainStream }: CaseContext): Promise<StreamReading> {
  return expectStream(await plainStream({ usage: true }), "a stream with include_usage");
}

/** The counts that the model itself reports reach the client unchanged, in both modes. */
async function expectScripted({ chat, stream, say }: CaseContext): Promise<void> {
  const text = "@@usage prompt=10 completion=5\n@@echo counted elsewhere";
  const [whole, streamed] = await Promise.all([chat(say(text)), stream(say(text, withUsage))]);
  const want = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
  expectEqual(toCounts(toBody(whole)["usage"]), want, "usage as the model reports it");
  expectEqual(toCounts(toUsage(expectStream(streamed))), want, "usage of the stream as the model reports it");
}
