import { setTimeout as delay } from "node:timers/promises";
import type OpenAI from "openai";
import type { SdkLens } from "../lens/sdk.ts";
import { type Use, settle } from "./use.ts";

export type Message = OpenAI.Chat.ChatCompletionMessageParam;
type Params = Omit<OpenAI.Chat.ChatCompletionCreateParamsNonStreaming, "model" | "messages" | "stream">;

/** What a use is given: the SDK, set up for the subject, and the model to ask for. */
export interface Asked {
  readonly sdk: SdkLens;
  readonly model: string;
}

export interface SdkUse {
  readonly name: string;
  /** The only groups and cases that it says something about. */
  readonly only?: string;
  readonly run: (asked: Asked) => Promise<unknown>;
}

/** The text with which a program asks; directives make the answer known. */
export const say = (content: string): Message[] => [{ role: "user", content }];

export async function create({ sdk, model }: Asked, text: string | Message[], params: Params = {}) {
  const messages = typeof text === "string" ? say(text) : text;
  return sdk.client.chat.completions.create({ model, messages, ...params });
}

/** The loop of the SDK's README. */
export async function iterate({ sdk, model }: Asked, text: string, params: object = {}) {
  const stream = await sdk.client.chat.completions.create({ model, messages: say(text), stream: true, ...params });
  let [said, finish] = ["", ""];
  let usage: unknown = null;
  for await (const chunk of stream) {
    said += chunk.choices[0]?.delta?.content ?? "";
    finish = chunk.choices[0]?.finish_reason ?? finish;
    if (chunk.usage) usage = toTokens(chunk.usage);
  }
  return { said, finish, usage };
}

export function toTokens(usage: OpenAI.CompletionUsage | undefined | null): unknown {
  if (!usage) return "no usage";
  const { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total } = usage;
  return { prompt, completion, total };
}

const emoji = "grüße ✓ 👩‍👩‍👧 漢字";

/** What programs do with answers in words. */
export const wordUses: readonly SdkUse[] = [
  {
    name: "chat.completions.create",
    async run(asked) {
      const { choices, usage } = await create(asked, "@@words 5");
      const [choice] = choices;
      return {
        said: choice?.message.content,
        finish: choice?.finish_reason,
        choices: choices.length,
        usage: toTokens(usage),
      };
    },
  },
  {
    name: "a conversation: each answer is sent back with the next question",
    async run(asked) {
      const messages = say("@@echo one");
      const first = await create(asked, messages);
      messages.push(first.choices[0]!.message, ...say("@@echo two"));
      const second = await create(asked, messages);
      return second.choices[0]?.message.content;
    },
  },
  { name: "a stream that is iterated", run: (asked) => iterate(asked, "@@words 5") },
  {
    name: "a stream with usage that is iterated",
    run: (asked) => iterate(asked, "@@words 5", { stream_options: { include_usage: true } }),
  },
  {
    name: "a stream whose choices are read without a question mark",
    async run({ sdk, model }) {
      const stream = await sdk.client.chat.completions.create({ model, messages: say("@@words 3"), stream: true });
      const said: unknown[] = [];
      for await (const chunk of stream) for (const { delta } of [chunk.choices[0]!]) said.push(delta.content ?? "");
      return said.join("");
    },
  },
  {
    name: "the time from the last word of a stream to its end",
    async run({ sdk, model }) {
      const answer = await sdk.client.chat.completions
        .create({ model, messages: say("@@words 3"), stream: true })
        .asResponse();
      let lastMs = 0;
      const decoder = new TextDecoder();
      for await (const bytes of answer.body as unknown as AsyncIterable<Uint8Array>)
        if (decoder.decode(bytes).includes("[DONE]")) lastMs = performance.now();
      return performance.now() - lastMs < 1000 ? "at once" : "late";
    },
  },
  {
    name: "the events of .stream()",
    async run({ sdk, model }) {
      const seen: string[] = [];
      const stream = sdk.helpers.stream({ model, messages: say("@@words 3"), stream_options: { include_usage: true } });
      stream.on("content", () => void seen.push("content"));
      stream.on("error", (error) => void seen.push(`error ${error.message}`));
      stream.on("finalContent", (text) => void seen.push(`final ${text}`));
      const message = await stream.finalMessage();
      const usage = toTokens(await stream.totalUsage());
      return { seen: [...new Set(seen)], role: message.role, said: message.content, usage };
    },
  },
  {
    name: "the final completion of .stream()",
    async run({ sdk, model }) {
      const completion = await sdk.helpers.stream({ model, messages: say("@@words 3") }).finalChatCompletion();
      return completion.choices.map(({ message, finish_reason }) => [message.content, finish_reason]);
    },
  },
  {
    name: "an answer without any text, through .stream()",
    async run({ sdk, model }) {
      const completion = await sdk.helpers.stream({ model, messages: say("@@echo") }).finalChatCompletion();
      return completion.choices.map(({ message, finish_reason }) => [message.content ?? "", finish_reason]);
    },
  },
  {
    name: "a stream that is shared by tee()",
    async run({ sdk, model }) {
      const stream = await sdk.client.chat.completions.create({ model, messages: say("@@words 3"), stream: true });
      const read = async (half: AsyncIterable<OpenAI.ChatCompletionChunk>): Promise<string> =>
        (await Array.fromAsync(half)).map(({ choices }) => choices[0]?.delta?.content ?? "").join("");
      return Promise.all(stream.tee().map(read));
    },
  },
  {
    name: "a stream that is handed on by toReadableStream()",
    async run({ sdk, model }) {
      const stream = sdk.helpers.stream({ model, messages: say("@@words 3") });
      const { ChatCompletionStream } = (await import(`${sdk.packageName}/lib/ChatCompletionStream`)) as {
        ChatCompletionStream: { fromReadableStream(stream: unknown): { finalContent(): Promise<string | null> } };
      };
      return ChatCompletionStream.fromReadableStream(stream.toReadableStream()).finalContent();
    },
  },
  {
    name: "the raw answer of a stream, by asResponse()",
    async run({ sdk, model }) {
      const answer = await sdk.client.chat.completions
        .create({ model, messages: say("@@words 2"), stream: true })
        .asResponse();
      const text = await answer.text();
      return [
        answer.status,
        answer.headers.get("content-type")?.split(";")[0],
        text.startsWith("data:"),
        text.includes("[DONE]"),
      ];
    },
  },
  {
    name: "text in every language, in both modes",
    run: async (asked) => [
      (await create(asked, `@@rest\n${emoji}`)).choices[0]?.message.content,
      (await iterate(asked, `@@rest\n${emoji}`)).said,
    ],
  },
  {
    name: "an answer of 1 MiB, streamed",
    run: async (asked) => (await iterate(asked, "@@repeat 1048576 x")).said.length,
  },
  {
    name: "two choices",
    run: (asked) =>
      create(asked, "@@words 2", { n: 2 }).then(
        ({ choices }) => choices.map(({ index, message }) => [index, message.content]),
        (error: { readonly status?: number }) => `refused ${error.status}`,
      ),
  },
  {
    name: "an answer that is kept short",
    run: async (asked) => {
      const old = await create(asked, "@@words 50", { max_tokens: 5 });
      const current = await create(asked, "@@words 50", { max_completion_tokens: 5 });
      return [old, current].map(({ choices: [choice] }) => [
        (choice?.message.content ?? "").split(" ").length <= 6,
        choice?.finish_reason,
      ]);
    },
  },
  {
    name: "twenty questions at once",
    async run(asked) {
      const answers = await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const { id, choices } = await create(asked, `@@echo answer ${index}`);
          return { id, right: choices[0]?.message.content === `answer ${index}` };
        }),
      );
      return { right: answers.filter(({ right }) => right).length, ids: new Set(answers.map(({ id }) => id)).size };
    },
  },
  {
    name: "ten streams at once",
    async run(asked) {
      const texts = await Promise.all(
        Array.from({ length: 10 }, (_, index) => iterate(asked, `@@echo "a${index} b${index} c${index}"`)),
      );
      return texts.map(({ said }) => said);
    },
  },
  {
    name: "chunks that are gathered by their id, from five streams at once",
    async run({ sdk, model }) {
      const gathered = new Map<string, string>();
      await Promise.all(
        Array.from({ length: 5 }, async (_, index) => {
          const stream = await sdk.client.chat.completions.create({
            model,
            messages: say(`@@echo "a${index} b"`),
            stream: true,
          });
          for await (const { id, choices } of stream)
            gathered.set(id, (gathered.get(id) ?? "") + (choices[0]?.delta?.content ?? ""));
        }),
      );
      return [...gathered.values()].toSorted();
    },
  },
  {
    name: "answers that are kept by their id",
    async run(asked) {
      const kept = new Map<string, unknown>();
      for (const text of ["@@echo one", "@@echo two"]) {
        const { id, choices } = await create(asked, text);
        kept.set(id, choices[0]?.message.content);
      }
      return [...kept.values()];
    },
  },
  {
    name: "the price of a call, streamed or not",
    async run(asked) {
      const { usage } = await create(asked, "@@words 5");
      const streamed = await iterate(asked, "@@words 5", { stream_options: { include_usage: true } });
      return { whole: toTokens(usage), streamed: streamed.usage };
    },
  },
  {
    name: "text that is shown as it comes",
    async run({ sdk, model }) {
      const stream = await sdk.client.chat.completions.create({
        model,
        messages: say("@@words 8 delay=60ms"),
        stream: true,
      });
      const started = performance.now();
      const times: number[] = [];
      for await (const chunk of stream) if (chunk.choices[0]?.delta?.content) times.push(performance.now() - started);
      return (times.at(-1) ?? 0) - (times[0] ?? 0) > 200 ? "bit by bit" : "all at once";
    },
  },
  {
    name: "a stream that is silent for a while",
    run: (asked) => iterate(asked, "@@think 300ms\n@@echo there"),
  },
  {
    name: "a stream that is left, and the next question",
    async run(asked) {
      const { sdk, model } = asked;
      const stream = await sdk.client.chat.completions.create({
        model,
        messages: say("@@words 100 delay=20ms"),
        stream: true,
      });
      for await (const chunk of stream) if (chunk.choices[0]?.delta?.content) break;
      await delay(50);
      return (await create(asked, "@@echo next")).choices[0]?.message.content;
    },
  },
  {
    name: "the list of models",
    only: "MOD",
    async run({ sdk }) {
      const models: string[] = [];
      for await (const { id } of sdk.client.models.list()) {
        models.push(id);
        if (models.length > 50) return "without end";
      }
      const one = await sdk.client.models.retrieve(models[0]!);
      return { models, one: one.id };
    },
  },
  {
    name: "a base URL that ends in a slash",
    async run({ sdk, model }) {
      const client = sdk.create({ baseURL: `${sdk.client.baseURL.replace(/\/$/, "")}/` });
      return await settle(
        client.chat.completions
          .create({ model, messages: say("@@echo hi") })
          .then(({ choices }) => choices[0]?.message.content),
      );
    },
  },
  {
    name: "headers and query parameters of the program's own",
    async run({ sdk, model }) {
      const headers = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`x-stainless-more-${index}`, "1"]));
      const client = sdk.create({ defaultHeaders: headers, defaultQuery: { "api-version": "2026-01-01" } });
      const answer = await client.chat.completions.create({ model, messages: say("@@echo hi") });
      return answer.choices[0]?.message.content;
    },
  },
  {
    name: "fifty questions in a row",
    async run(asked) {
      let right = 0;
      for (let index = 0; index < 50; index++)
        right += (await create(asked, `@@echo ${index}`)).choices[0]?.message.content === String(index) ? 1 : 0;
      return right;
    },
  },
];

/** The uses of one major as those of a client. */
export function toUses(
  uses: readonly SdkUse[],
  createLens: (subject: Parameters<Use["run"]>[0]) => Promise<SdkLens>,
): Use[] {
  return uses.map(({ run, ...use }) => ({
    ...use,
    run: async (subject) => run({ sdk: await createLens(subject), model: subject.model }),
  }));
}
