import type { ChatCompletionStream } from "openai/lib/ChatCompletionStream";
import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectEqual, expectText, expectThat } from "../expect.ts";
import { eachChoice, without } from "../self-test/edit.ts";
import type { ProxiedAnswer } from "../self-test/mutant.ts";
import { settle } from "./sdk-settle.ts";

/** Reading an answer in the ways that the official SDK offers. */
export const sdkCases = defineCases([
  {
    id: "SDK-01",
    level: "SHOULD",
    requirement: "`withResponse()` gives the data, the response and a request id.",
    source: "The SDK, every major: the request id is the header x-request-id of the answer",
    eachSdk: true,
    finds: ["json-as-text-plain", "json-then-done", "stream-by-default", "json-choices-empty"],
    faults: [
      {
        id: "request-id-missing",
        what: "Answers have no `x-request-id`.",
        answer: (answer) => withoutHeader(answer, "x-request-id"),
      },
    ],
    async run(context) {
      const { sdk, signal } = context;
      const asked = sdk.client.chat.completions.create(toBody(context), { signal }).withResponse();
      const { data, response, request_id: id } = await settle(asked, "`withResponse()` to give an answer");
      expectThat(Array.isArray(data?.choices) && data.choices.length > 0, "data.choices", data);
      expectEqual(response.status, 200, "response.status");
      expectText(id, "request_id, the header x-request-id,");
      expectEqual((data as unknown as Record<string, unknown>)["_request_id"], id, "_request_id of the data");
    },
  },
  {
    id: "SDK-02",
    level: "MUST",
    requirement: "`asResponse()` of a streamed call gives the raw event stream.",
    source: "The SDK, every major",
    eachSdk: true,
    finds: ["stream-answered-whole"],
    async run(context) {
      const { sdk, signal } = context;
      const body = { ...toBody(context), stream: true as const };
      const asked = sdk.client.chat.completions.create(body, { signal }).asResponse();
      const response = await settle(asked, "`asResponse()` to give the response");
      expectEqual(response.status, 200, "response.status");
      const text = await settle(response.text(), "the raw stream to be read to its end");
      expectThat(/^data: ?\{/m.test(text), "data lines in the raw stream", text.slice(0, 200));
    },
  },
  {
    id: "SDK-03",
    level: "MUST",
    requirement: "`.stream()` comes to its final completion, message and content.",
    source:
      "The SDK, every major: it needs the index of the choice, one role and one finish_reason; openai/openai-node#1292",
    eachSdk: true,
    finds: [
      "deltas-mixed-up",
      "events-single-newline",
      "keep-alive-comment-as-data",
      "stream-byte-order-mark-sdk-4",
      "finish-missing",
      "done-in-lower-case",
      "stream-answered-whole",
      "deltas-trimmed",
      "first-event-ping",
      "events-named-sdk-4",
      "chunk-fields-camel-case",
      "chunk-choice-without-index",
      "chunk-index-counts-chunks",
      "chunk-message-for-delta",
      "role-missing",
      "delta-content-as-parts",
      "chunk-error-object",
    ],
    faults: [
      {
        id: "chunk-choice-without-index-sdk-4",
        what: "The same for SDK 4, whose `.stream()` then never settles.",
        sdk: 4,
        chunk: (chunk) => eachChoice(chunk, (choice) => without(choice, "index")),
      },
    ],
    async run(context) {
      const stream = startStream(context);
      const [completion, message, content] = await settle(
        Promise.all([stream.finalChatCompletion(), stream.finalMessage(), stream.finalContent()]),
        "`.stream()` to come to its end",
      );
      expectText(content, "finalContent()");
      expectEqual(completion.choices[0]?.message.content, content, "the content of finalChatCompletion()");
      expectEqual(message.role, "assistant", "the role of finalMessage()");
      expectText(completion.choices[0]?.finish_reason, "the finish_reason of finalChatCompletion()");
      if (context.has("fixture")) expectEqual(content, "word0 word1 word2 word3 word4", "finalContent()");
    },
  },
  {
    id: "SDK-04",
    level: "MUST",
    requirement: "The events of `.stream()` come in their order, and none of them is an error.",
    source: "The SDK from 5: chunk, content.delta, content.done, finalChatCompletion, end",
    eachSdk: true,
    sdkMin: 5,
    finds: [
      "finish-missing",
      "finish-on-every-chunk",
      "first-event-ping",
      "chunk-choice-without-index",
      "role-missing",
    ],
    async run(context) {
      const events: string[] = [];
      let done: string | undefined;
      const stream = startStream(context);
      stream
        .on("chunk", () => events.push("chunk"))
        .on("content", () => events.push("content"))
        .on("content.delta", () => events.push("content.delta"))
        .on("content.done", ({ content }) => {
          events.push("content.done");
          done = content;
        })
        .on("finalChatCompletion", () => events.push("finalChatCompletion"))
        .on("error", (error) => events.push(`error ${error.message}`))
        .on("end", () => events.push("end"));
      const content = await settle(stream.finalContent(), "`.stream()` to come to its end");
      const order = events.filter((event, index) => events.indexOf(event) === index);
      const wanted = ["chunk", "content", "content.delta", "content.done", "finalChatCompletion", "end"];
      expectThat(
        wanted.every((event) => order.includes(event)) && order.length === wanted.length,
        `the events ${wanted.join(", ")} and no other`,
        order,
      );
      const last = ["content.done", "finalChatCompletion", "end"];
      const tail = events.filter((event) => last.includes(event));
      expectEqual(tail, last, "the last events, each once,");
      const isBefore = events.lastIndexOf("content.delta") < events.indexOf("content.done");
      expectThat(isBefore, "every content.delta before content.done", events);
      expectEqual(done, content, "the content of content.done");
    },
  },
  {
    id: "SDK-05",
    level: "MUST",
    requirement: "A stream that a server hands on with `toReadableStream()` gives the browser the same completion.",
    source: "The SDK from 5: ChatCompletionStream.fromReadableStream",
    eachSdk: true,
    sdkMin: 5,
    finds: [
      "finish-missing",
      "first-event-ping",
      "chunk-choice-without-index",
      "chunk-index-counts-chunks",
      "role-missing",
    ],
    async run(context) {
      const stream = startStream(context);
      const Copy = stream.constructor as typeof ChatCompletionStream;
      const copy = Copy.fromReadableStream(stream.toReadableStream());
      const [one, other] = await settle(
        Promise.all([stream.finalChatCompletion(), copy.finalChatCompletion()]),
        "both streams to come to their end",
      );
      const toFacts = ({ id, model, choices }: typeof one) => ({
        id,
        model,
        choices: choices.map(({ index, finish_reason, message: { role, content } }) => ({
          index,
          finish_reason,
          role,
          content,
        })),
      });
      expectEqual(toFacts(other), toFacts(one), "the completion of the copy");
      expectText(one.choices[0]?.message.content, "the content");
    },
  },
  {
    id: "SDK-06",
    level: "MUST",
    requirement: "`tee()` of a stream gives two streams with the same chunks.",
    source: "The SDK, every major",
    eachSdk: true,
    finds: [
      "events-single-newline",
      "keep-alive-comment-as-data",
      "done-in-lower-case",
      "stream-answered-whole",
      "chunk-error-object",
    ],
    async run(context) {
      const { sdk, signal } = context;
      const body = { ...toBody(context), stream: true as const };
      const read = async (): Promise<[unknown[], unknown[]]> => {
        const stream = await sdk.client.chat.completions.create(body, { signal });
        const [one, other] = stream.tee();
        return Promise.all([Array.fromAsync(one), Array.fromAsync(other)]);
      };
      const [one, other] = await settle(read(), "both streams of `tee()` to come to their end");
      expectThat(one.length > 0, "a chunk", one);
      expectEqual(other, one, "the chunks of the second stream");
    },
  },
]);

function toBody({ say, has }: CaseContext): ReturnType<CaseContext["say"]> {
  return say(has("fixture") ? "@@words 5" : "Reply with the words: one two three four five");
}

function startStream(context: CaseContext): ChatCompletionStream {
  return context.sdk.helpers.stream(toBody(context), { signal: context.signal });
}

function withoutHeader(answer: ProxiedAnswer, wanted: string): ProxiedAnswer {
  const headers = Object.entries(answer.headers).filter(([name]) => name !== wanted);
  return { ...answer, headers: Object.fromEntries(headers) };
}
