import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectEqual, expectThat, isObject } from "../expect.ts";
import { toDeltas } from "../lens/stream.ts";
import { eachDelta, eachMessage } from "../self-test/edit.ts";
import { editBody, refuse } from "../self-test/edits/requests.ts";
import { expectStatus, expectStream, toContent, toMessage } from "./sdk-answer.ts";
import { weather } from "./tools-calls.ts";

const isSaid = (content: unknown): content is string => typeof content === "string" && content !== "";

/** The names under which servers show what a model has thought. */
const names = ["reasoning_content", "reasoning"] as const;
const thought = "The user wants to know about Oslo, so I look it up.";
/** A model that thinks does so before its answer. */
const limitMs = 60_000;

/** What models have thought: where it is shown, and how it comes back. */
export const reasoningCases = defineCases([
  {
    id: "REAS-01",
    level: "SHOULD",
    requirement: "What the model has thought is no part of `content`: there is no `<think>` in it, whole or streamed.",
    source:
      "Clients show `content` to their users, and send it back as what was said; vLLM and SGLang have reasoning parsers for it",
    limitMs,
    faults: [
      {
        id: "thoughts-in-content",
        what: "What the model has thought stands in front of what it says.",
        json: (body) =>
          eachMessage(body, (message) =>
            isSaid(message["content"])
              ? { ...message, content: `<think>Six sevens.</think>${message["content"]}` }
              : message,
          ),
      },
      {
        id: "thoughts-in-streamed-content",
        what: "What the model has thought stands in the first words of a stream.",
        chunk: (chunk) =>
          eachDelta(chunk, (delta) =>
            "role" in delta ? { ...delta, content: "<thinking>Six sevens.</thinking>" } : delta,
          ),
      },
    ],
    async run(context) {
      const { message, content } = await think(context);
      const whole = typeof message["content"] === "string" ? message["content"] : "";
      for (const said of [whole, content])
        expectThat(!/<\/?think(?:ing)?>/i.test(said), "content without <think>", said);
    },
  },
  {
    id: "REAS-02",
    level: "SHOULD",
    requirement:
      "Reasoning that is shown is a text, `reasoning_content` or `reasoning`, in a whole answer as in a stream, under the same name.",
    source:
      "AI SDK, @ai-sdk/openai-compatible: reads `reasoning_content` or `reasoning` of message and delta as strings; Zed and Qwen Code read the first",
    limitMs,
    faults: [
      {
        id: "thoughts-streamed-only",
        what: "A stream shows reasoning, a whole answer has none.",
        chunk: (chunk) =>
          eachDelta(chunk, (delta) => ("role" in delta ? { ...delta, reasoning_content: "Six sevens." } : delta)),
      },
      {
        id: "thoughts-as-object",
        what: "The reasoning of a message is an object.",
        json: (body) => eachMessage(body, (message) => ({ ...message, reasoning: { text: "Six sevens." } })),
      },
    ],
    async run(context) {
      const { message, deltas } = await think(context);
      for (const name of names) {
        const shown = message[name] ?? null;
        expectThat(shown === null || typeof shown === "string", `${name} of the message to be a text`, shown);
        const streamed = deltas.flatMap((delta) => (delta[name] == null ? [] : [delta[name]]));
        for (const one of streamed) expectThat(typeof one === "string", `${name} of a delta to be a text`, one);
        const isStreamed = streamed.some((one) => one !== "");
        expectEqual(
          isStreamed,
          typeof shown === "string" && shown !== "",
          `whether a stream shows ${name}, as a message does,`,
        );
      }
    },
  },
  {
    id: "REAS-03",
    level: "SHOULD",
    requirement:
      "Reasoning comes back with the call that it led to: the request is taken, and none of it is in the answer.",
    source:
      "Clients give back what they were shown, as DeepSeek and Kimi demand: badlogic/pi-mono#3636, openclaw/openclaw#73417, openai/openai-agents-python#2155",
    needs: ["tools"],
    limitMs,
    faults: [
      {
        id: "thoughts-refused",
        what: "A message that brings its reasoning back is refused.",
        call: ({ body }) => (hasThoughts(body?.["messages"]) ? refuse(400, { param: "messages" }) : undefined),
      },
      {
        id: "thoughts-become-results",
        what: "What was thought with a call is told to the model as what the tool has given back.",
        call: editBody(({ messages, ...rest }) => {
          const thoughts = Array.isArray(messages) ? messages.flatMap(toThoughts).join(" ") : "";
          if (!Array.isArray(messages) || thoughts === "") return undefined;
          const told = messages.map((one: unknown) =>
            isObject(one) && one["role"] === "tool"
              ? { ...one, content: `${thoughts} ${String(one["content"])}` }
              : one,
          );
          return { ...rest, messages: told };
        }),
      },
    ],
    async run(context) {
      const id = "call_0123456789abcdef01234567";
      const text = context.has("fixture") ? "@@tool get_weather\n@@then {result}" : "What is the weather in Oslo?";
      const call = { id, type: "function", function: { name: "get_weather", arguments: '{"city":"Oslo"}' } };
      for (const name of names) {
        const answer = await context.chat({
          ...context.say(text, { tools: [weather] }),
          messages: [
            { role: "user", content: text },
            { role: "assistant", content: null, [name]: thought, tool_calls: [call] },
            { role: "tool", tool_call_id: id, content: "7 degrees" },
          ],
        });
        expectStatus(answer, 200, `the answer to a call with its ${name}`);
        if (!context.has("fixture")) continue;
        const content = toContent(answer);
        expectThat(content.includes("7 degrees"), "an answer with the result", content);
        expectThat(!content.includes(thought), "an answer without what was thought before", content);
      }
    },
  },
]);

/** One answer that takes some thought, whole and streamed; asked once for all cases. */
function think(context: CaseContext) {
  const body = context.say("What is 6 times 7?");
  return context.once("thought", async () => {
    const message = toMessage(await context.chat(body));
    const reading = await context.stream(body);
    expectStream(reading);
    const deltas = toDeltas(reading);
    const content = deltas.map((delta) => (typeof delta["content"] === "string" ? delta["content"] : "")).join("");
    return { message, deltas, content };
  });
}

function hasThoughts(messages: unknown): boolean {
  return Array.isArray(messages) && messages.some((one) => toThoughts(one).length > 0);
}

function toThoughts(message: unknown): string[] {
  if (!isObject(message)) return [];
  return ["reasoning_content", "reasoning"].flatMap((name) => (isSaid(message[name]) ? [message[name]] : []));
}
