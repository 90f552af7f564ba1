import { defineCases } from "../case.ts";
import { type CaseContext, need } from "../context.ts";
import { expectEqual, expectOneOf, expectText, expectThat, Failure, show } from "../expect.ts";
import type { StreamReading } from "../lens/stream.ts";
import { toCallMs } from "../lens/wire.ts";
import { toRefusal } from "../self-test/edit.ts";
import { expectShape } from "../shapes.ts";
import { withOwn } from "./own-server.ts";
import { expectStream } from "./sdk-answer.ts";
import { settle } from "./sdk-settle.ts";
import { askCalls, askCallStream, toCallBody } from "./tools-calls.ts";

/** What happens around the ordinary use of the official SDK. */
export const sdkEdgeCases = defineCases([
  {
    id: "SDK-10",
    level: "SHOULD",
    requirement:
      "A call that fails for the moment and then succeeds is repeated by the SDK, which says which try it is.",
    source: "The SDK, every major: two retries of a 5xx, x-stainless-retry-count 0, 1, 2",
    needs: ["fixture"],
    finds: ["should-retry-never"],
    async run({ sdk, say, signal }) {
      const failure = "@@fail code=upstream_unavailable retry-after=1";
      const tries: (string | null)[] = [];
      const swapping: typeof fetch = (input, init) => {
        tries.push(new Headers(init?.headers).get("x-stainless-retry-count"));
        if (tries.length === 1 || typeof init?.body !== "string") return sdk.fetch(input, init);
        return sdk.fetch(input, { ...init, body: init.body.replace(failure, "@@echo back again") });
      };
      const client = sdk.create({ maxRetries: 2, fetch: swapping });
      const asked = client.chat.completions.create(say(failure), { signal });
      const answer = await settle(asked, "an SDK that succeeds with its second try");
      expectEqual(answer.choices[0]?.message.content, "back again", "the content");
      expectEqual(tries, ["0", "1"], "x-stainless-retry-count of the requests");
    },
  },
  {
    id: "SDK-11",
    level: "MUST",
    requirement: "However an answer is read, the SDK comes to an end: with a result or an error, never in silence.",
    source: "The helpers of the SDK 4 and 5 never settle, and leave a rejection unhandled, when a choice has no index",
    eachSdk: true,
    alone: true,
    limitMs: 90_000,
    finds: ["chunk-choice-without-index-sdk-4"],
    async run(context) {
      const strays: unknown[] = [];
      const onStray = (reason: unknown): void => void strays.push(reason);
      process.on("unhandledRejection", onStray);
      try {
        for (const { what, read } of toReadings(context)) await expectSettled(context, async () => read(), what);
        // Node reports a rejection once the microtasks of its turn are done.
        await new Promise((resolve) => setImmediate(resolve));
      } finally {
        process.off("unhandledRejection", onStray);
      }
      expectThat(strays.length === 0, "no unhandled rejection", strays[0]);
    },
  },
  {
    id: "SDK-12",
    level: "DOC",
    requirement: "Answers and chunks have the types that the SDK declares, also with tool calls.",
    source: "The types ChatCompletion and ChatCompletionChunk of the SDK, which are made from OpenAI's document",
    limitMs: 30_000,
    finds: [
      "json-then-done",
      "json-logprobs-missing",
      "json-object-text-completion",
      "json-role-model",
      "chunk-object-of-whole",
      "usage-chunk-without-id",
      "chunk-created-missing",
      "usage-chunk-without-choices",
      "delta-content-as-parts-for-calls",
      "call-delta-without-index",
      "call-id-missing",
      "call-type-missing",
      "call-without-content",
    ],
    async run(context) {
      const { sdk, signal, has } = context;
      const body = context.say(has("fixture") ? "@@words 5" : "hi", { max_tokens: 20 });
      const answer = await settle(sdk.client.chat.completions.create(body, { signal }), "a completion");
      expectShape(answer, "completion");
      expectEqual(answer.choices[0]?.message.role, "assistant", "message.role");
      expectChunks(await context.plainStream({ usage: true }));
      if (!has("tools")) return context.note("without tool calls, which the subject does not make");
      expectShape((await askCalls(context)).json, "completion");
      expectChunks(await askCallStream(context));
    },
  },
  {
    id: "SDK-13",
    level: "SHOULD",
    requirement: "The calls for stored completions work, or are refused with a 4xx; they never fail with a 5xx.",
    source: "OpenAI's document: GET, POST and DELETE /chat/completions/{completion_id}, GET /chat/completions",
    faults: [
      {
        id: "stored-completions-500",
        what: "The calls for stored completions end in a 500.",
        call: ({ method, path }) =>
          path.startsWith("/v1/chat/completions/") || (method === "GET" && path.startsWith("/v1/chat/completions"))
            ? toRefusal(500, "not implemented")
            : undefined,
      },
      {
        id: "stored-completions-without-body",
        what: "The calls for stored completions end in a 404 without a body: the SDK says `status code (no body)`.",
        call: ({ method, path }) =>
          path.startsWith("/v1/chat/completions/") || (method === "GET" && path.startsWith("/v1/chat/completions"))
            ? { status: 404, headers: {}, body: "" }
            : undefined,
      },
    ],
    async run({ sdk, signal }) {
      const { completions } = sdk.client.chat;
      const id = "chatcmpl-0123456789abcdef";
      const calls = {
        list: () => completions.list({}, { signal }),
        retrieve: () => completions.retrieve(id, { signal }),
        update: () => completions.update(id, { metadata: { a: "b" } }, { signal }),
        delete: () => completions.delete(id, { signal }),
      };
      for (const [name, call] of Object.entries(calls)) {
        const outcome: unknown = await Promise.resolve(call()).catch((error: unknown) => error);
        if (!(outcome instanceof Error)) continue;
        const { status } = outcome as Error & { status?: number };
        const isRefused = status !== undefined && status >= 400 && status < 500;
        expectThat(isRefused, `a 4xx for ${name}, or data`, outcome);
        expectText(outcome.message, `the message of the error for ${name}`);
        expectThat(!/no body/.test(outcome.message), `an error body for ${name}`, outcome.message);
      }
    },
  },
  {
    id: "SDK-15",
    level: "SHOULD",
    requirement: "The SDK works in a browser: the preflight allows all its headers, and the answer its origin.",
    source: "Fetch standard, section 4.8 (CORS-preflight fetch); ollama/ollama#4388, pollinations/pollinations#10165",
    limitMs: 30_000,
    async run(context) {
      const ask = async (target: { baseURL?: string; apiKey?: string }): Promise<void> => {
        const options = { ...target, dangerouslyAllowBrowser: true, fetch: toBrowserFetch(context) };
        const body = context.say(context.has("fixture") ? "@@echo hello" : "hi");
        const asked = context.sdk.create(options).chat.completions.create(body, { signal: context.signal });
        const answer = await settle(asked, "an answer that a page may read");
        expectThat(Array.isArray(answer.choices), "choices", answer);
      };
      if (context.has("cors") || !context.has("own")) {
        need(context, "cors");
        return ask({});
      }
      await withOwn(context, { allowedOrigins: [origin] }, ({ baseUrl, apiKey }) => ask({ baseURL: baseUrl, apiKey }));
    },
  },
]);

interface Reading {
  readonly what: string;
  readonly read: () => Promise<unknown>;
}

/** Ways of reading; those that end in an error do so on purpose. */
function toReadings(context: CaseContext): Reading[] {
  const { sdk, say, signal, has } = context;
  const { helpers, client } = sdk;
  const hello = say(has("fixture") ? "@@words 5" : "hi");
  const readings: Reading[] = [
    { what: "`.stream()`", read: () => helpers.stream(hello, { signal }).finalChatCompletion() },
    {
      what: "`.stream()` with usage",
      read: () => helpers.stream({ ...hello, stream_options: { include_usage: true } }, { signal }).finalContent(),
    },
    {
      what: "`.stream()` of a refused request",
      read: () => helpers.stream({ ...hello, messages: [] }, { signal }).finalChatCompletion(),
    },
    {
      what: "a refused request",
      read: () => Promise.resolve(client.chat.completions.create({ ...hello, messages: [] }, { signal })),
    },
  ];
  if (has("tools")) {
    const body = toCallBody(context) as typeof hello;
    readings.push({ what: "`.stream()` with tool calls", read: () => helpers.stream(body, { signal }).finalMessage() });
  }
  if (has("fixture"))
    for (const text of ["@@fail", "@@fail after=3", "@@cut after=3", "@@echo", "@@refuse no"])
      readings.push({
        what: `\`.stream()\` of ${text}`,
        read: () => helpers.stream(say(text), { signal }).finalChatCompletion(),
      });
  return readings;
}

/** An error is an end too; that nothing comes is not. */
async function expectSettled({ subject }: CaseContext, read: () => Promise<unknown>, what: string): Promise<void> {
  const limitMs = toCallMs(subject);
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(reject, limitMs, new Failure(`${what} to come to an end`, `nothing within ${limitMs} ms`));
  });
  try {
    await Promise.race([read().catch(() => undefined), limit]);
  } finally {
    clearTimeout(timer);
  }
}

function expectChunks(reading: StreamReading): void {
  expectStream(reading);
  for (const chunk of reading.chunks) expectShape(chunk, "chunk");
}

const origin = "https://app.example";

/** Does what a browser does around a request to another origin, and fails where it would. */
function toBrowserFetch({ sdk, send, signal }: CaseContext): typeof fetch {
  return async (input, init) => {
    const headers = new Headers(init?.headers);
    const names = [...headers.keys()].filter((name) => name !== "accept" && name !== "user-agent").toSorted();
    const preflight = await send({
      path: String(input instanceof Request ? input.url : input),
      method: "OPTIONS",
      headers: {
        authorization: undefined,
        origin,
        "access-control-request-method": init?.method ?? "GET",
        "access-control-request-headers": names.join(","),
      },
    });
    expectThat(preflight.status >= 200 && preflight.status < 300, "a preflight with a 2xx", preflight.status);
    expectOneOf(preflight.headers["access-control-allow-origin"], [origin, "*"], "access-control-allow-origin");
    const allowed = (preflight.headers["access-control-allow-headers"] ?? "").toLowerCase().split(/\s*,\s*/);
    for (const name of names) {
      const isAllowed = allowed.includes(name) || (allowed.includes("*") && name !== "authorization");
      if (!isAllowed) throw new Failure(`${name} among access-control-allow-headers`, show(allowed.join(", ")));
    }
    headers.set("origin", origin);
    const response = await sdk.fetch(input, { ...init, headers, signal: init?.signal ?? signal });
    expectOneOf(response.headers.get("access-control-allow-origin"), [origin, "*"], "the answer's allowed origin");
    return response;
  };
}
