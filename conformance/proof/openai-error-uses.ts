import { setTimeout as delay } from "node:timers/promises";
import { connect } from "../lens/socket.ts";
import { send } from "../lens/wire.ts";
import type { Subject } from "../reach/subject.ts";
import { create, iterate, type Asked, type Message, say, type SdkUse } from "./openai-uses.ts";

/** What applications look for when a call fails: the class, the status, and words that a person can read. */
async function catchError(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
    return "no error";
  } catch (error) {
    const { constructor, status, message } = error as Error & { readonly status?: number };
    const isOdd = /\b(?:undefined|no body)\b|\[object|<!doctype|<html|\{"/i.test(message) || message === `${status} `;
    return { class: constructor.name, status, words: isOdd ? `none: ${message.slice(0, 80)}` : "in words" };
  }
}

/** How many requests a call of a client that tries again costs, and what comes of it. */
async function countTries({ sdk, model }: Asked, text: string, options: object = {}): Promise<unknown> {
  const client = sdk.create({ maxRetries: 2, ...options });
  const before = sdk.requestCount();
  const started = performance.now();
  const said = await client.chat.completions.create({ model, messages: say(text) }).then(
    ({ choices }) => choices[0]?.message.content,
    (error: Error & { status?: number }) => `${error.constructor.name} ${error.status}`,
  );
  return { said, tries: sdk.requestCount() - before, waited: performance.now() - started > 900 };
}

const history: readonly { readonly name: string; readonly messages: readonly object[] }[] = [
  {
    name: "system",
    messages: [
      { role: "system", content: "Be brief." },
      { role: "user", content: "@@echo ok" },
    ],
  },
  {
    name: "developer",
    messages: [
      { role: "developer", content: "Be brief." },
      { role: "user", content: "@@echo ok" },
    ],
  },
  {
    name: "parts",
    messages: [
      { role: "system", content: [{ type: "text", text: "Be brief." }] },
      { role: "user", content: [{ type: "text", text: "@@echo ok" }] },
    ],
  },
  {
    name: "calls without content",
    messages: [
      { role: "user", content: "hi" },
      { role: "assistant", tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: "{}" } }] },
      { role: "tool", tool_call_id: "a", content: "1" },
      { role: "user", content: "@@echo ok" },
    ],
  },
  {
    name: "calls with null content, and a result in parts",
    messages: [
      { role: "user", content: "hi" },
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: "{}" } }],
      },
      { role: "tool", tool_call_id: "a", content: [{ type: "text", text: "1" }] },
      { role: "user", content: "@@echo ok" },
    ],
  },
  {
    name: "an answer as the SDK gave it",
    messages: [
      { role: "user", content: "hi" },
      { role: "assistant", content: "hello", refusal: null, annotations: [], parsed: null, tool_calls: [] },
      { role: "user", content: "@@echo ok" },
    ],
  },
  {
    name: "a function of old",
    messages: [
      { role: "user", content: "hi" },
      { role: "assistant", content: null, function_call: { name: "f", arguments: "{}" } },
      { role: "function", name: "f", content: "1" },
      { role: "user", content: "@@echo ok" },
    ],
  },
];

const fields: readonly object[] = [
  { temperature: 1, top_p: 1, presence_penalty: 0, frequency_penalty: 0, seed: 7, stop: ["never"], user: "ada" },
  { n: 1, logprobs: false, logit_bias: {}, store: false, parallel_tool_calls: undefined, max_completion_tokens: 100 },
  { max_tokens: 100 },
  { response_format: { type: "text" } },
  { metadata: { a: "b" }, service_tier: "auto", safety_identifier: "x", prompt_cache_key: "x" },
  { temperature: null, top_p: null, stop: null, max_tokens: null, n: null, seed: null, metadata: null },
  { stream: null },
  { stream: false },
  {
    presence_penalty: null,
    frequency_penalty: null,
    logit_bias: null,
    logprobs: null,
    top_logprobs: null,
    store: null,
  },
];

/** What programs see of failures, and of what they send beside the question. */
export const errorUses: readonly SdkUse[] = [
  {
    name: "a wrong key",
    only: "AUTH",
    run: ({ sdk, model }) =>
      catchError(sdk.create({ apiKey: "sk-wrong-0123456789" }).chat.completions.create({ model, messages: say("hi") })),
  },
  {
    name: "no key at all",
    only: "AUTH",
    run: ({ sdk, model }) =>
      catchError(
        sdk
          .create({ defaultHeaders: { authorization: null, Authorization: null } })
          .chat.completions.create({ model, messages: say("hi") }),
      ),
  },
  {
    name: "a wrong key, with a client that tries again",
    only: "AUTH",
    run: (asked) => countTries(asked, "hi", { apiKey: "sk-wrong-0123456789" }),
  },
  {
    name: "a model that there is not",
    run: ({ sdk }) => catchError(sdk.client.chat.completions.create({ model: "no-such-model", messages: say("hi") })),
  },
  {
    name: "a model that there is not, looked up",
    only: "MOD",
    run: ({ sdk }) => catchError(sdk.client.models.retrieve("no-such-model")),
  },
  { name: "a path that there is not", run: ({ sdk }) => catchError(sdk.client.get("/no-such-path")) },
  {
    name: "a question that is refused",
    run: (asked) => catchError(create(asked, [{ role: "user", content: 7 } as unknown as Message])),
  },
  {
    name: "a question that is refused, with a client that tries again",
    async run({ sdk, model }) {
      const before = sdk.requestCount();
      const client = sdk.create({ maxRetries: 2 });
      const what = await catchError(
        client.chat.completions.create({ model, messages: [{ role: "user", content: 7 } as unknown as Message] }),
      );
      return { what, tries: sdk.requestCount() - before };
    },
  },
  { name: "a failure of the model", run: (asked) => catchError(create(asked, "@@fail code=upstream_error")) },
  {
    name: "a failure of the model before a stream",
    run: (asked) => catchError(iterate(asked, "@@fail code=upstream_error")),
  },
  { name: "a rate limit", run: (asked) => catchError(create(asked, "@@fail code=rate_limit_exceeded retry-after=1")) },
  {
    name: "a rate limit, with a client that tries again",
    run: (asked) => countTries(asked, "@@fail code=rate_limit_exceeded retry-after=1", { maxRetries: 1 }),
  },
  { name: "a defect of the server", run: (asked) => catchError(create(asked, "@@crash secret")) },
  {
    name: "a failure within a stream",
    async run({ sdk, model }) {
      let [said, finish] = ["", ""];
      const what = await catchError(
        (async () => {
          const stream = await sdk.client.chat.completions.create({
            model,
            messages: say("@@fail after=3"),
            stream: true,
          });
          for await (const { choices } of stream) {
            said += choices[0]?.delta?.content ?? "";
            finish = choices[0]?.finish_reason ?? finish;
          }
        })(),
      );
      return { said, finish, what };
    },
  },
  {
    name: "a backend that goes away within a stream",
    async run(asked) {
      const end = await iterate(asked, "@@cut after=3").then(
        ({ finish }) => ({ finish }),
        () => "an error",
      );
      return end;
    },
  },
  {
    name: "a failure within .stream()",
    run: async ({ sdk, model }) =>
      catchError(sdk.helpers.stream({ model, messages: say("@@fail after=3") }).finalContent()),
  },
  {
    name: "a history of every kind",
    async run(asked) {
      const said: unknown[] = [];
      for (const { name, messages } of history)
        said.push(
          await create(asked, messages as unknown as Message[]).then(
            ({ choices }) => `${name}: ${choices[0]?.message.content}`,
            (error: Error & { status?: number }) => `${name}: refused ${error.status}`,
          ),
        );
      return said;
    },
  },
  {
    name: "instructions that the model must hear",
    async run(asked) {
      const heard: unknown[] = [];
      for (const role of ["system", "developer"] as const)
        heard.push(
          (
            await create(asked, [
              { role, content: [{ type: "text", text: "Be brief." }] },
              { role: "user", content: [{ type: "text", text: "@@messages" }] },
            ])
          ).choices[0]?.message.content,
        );
      return heard;
    },
  },
  {
    name: "every ordinary option",
    async run(asked) {
      const said: unknown[] = [];
      for (const more of fields)
        said.push(
          await create(asked, "@@echo ok", more).then(
            ({ choices }) => choices[0]?.message.content ?? "no answer",
            (error: Error & { status?: number }) => `refused ${error.status}: ${Object.keys(more).join(", ")}`,
          ),
        );
      said.push(
        await iterate(asked, "@@echo ok", { stream_options: null }),
        await iterate(asked, "@@echo ok", { stream_options: {} }),
      );
      return said;
    },
  },
  {
    name: "a body that is too long",
    only: "LIM",
    run: (asked) => catchError(create(asked, "x".repeat(40 * 1024 * 1024))),
  },
  { name: "a question, after others have sent nonsense", run: afterNonsense },
];

/** What a careless or hostile neighbour sends must cost nobody else anything. */
async function afterNonsense(asked: Asked): Promise<unknown> {
  const { sdk, model } = asked;
  const subject: Subject = { baseUrl: sdk.client.baseURL, apiKey: sdk.client.apiKey ?? "", model, profile: "chat" };
  const bodies = [
    "{",
    "[]",
    "null",
    '"x"',
    "",
    `{"messages":${"[".repeat(2000)}`,
    JSON.stringify({ messages: [null] }),
  ];
  await Promise.allSettled(
    bodies.map((body) => send(subject, { body, method: "POST", limitMs: 2000 }, () => undefined)),
  );
  const connection = await connect(subject);
  connection.write("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{");
  await delay(20);
  connection.reset();
  const broken = await connect(subject);
  broken.write("GARBAGE\r\n\r\n");
  broken.close();
  return (await create(asked, "@@echo ok")).choices[0]?.message.content;
}
