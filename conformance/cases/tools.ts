import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectEqual, expectObject, expectOneOf, expectText, expectThat, isObject, show } from "../expect.ts";
import { eachMessage, toRefusal, withFields, without } from "../self-test/edit.ts";
import {
  changeCalls,
  changeFunctions,
  changePieces,
  toArguments,
  toChunkPieces,
  toMessages,
  toName,
  type Tree,
} from "../self-test/edits/tools.ts";
import type { ProxiedCall } from "../self-test/mutant.ts";
import { expectStream, toCalls, toFunction, toMessage } from "./sdk-answer.ts";
import { settle } from "./sdk-settle.ts";
import {
  askCalls,
  askCallStream,
  force,
  parseJson,
  ping,
  time,
  toCallBody,
  toGroups,
  toJoined,
  toPieces,
  weather,
} from "./tools-calls.ts";

/** The shape of a tool call in an answer, whichever way it comes. */
export const toolCases = defineCases([
  {
    id: "TOOL-01",
    level: "MUST",
    requirement: "`tool_choice` with the name of a function makes the answer a call of that function and of no other.",
    source: "OpenAI's document: ChatCompletionNamedToolChoice (forces the model to call that function)",
    needs: ["tools"],
    finds: ["json-as-text-plain", "json-choices-empty"],
    faults: [
      {
        id: "tool-choice-ignored",
        what: "`tool_choice` is ignored.",
        call: (call) => withFields(call, { tool_choice: undefined }),
      },
      {
        id: "tools-dropped",
        what: "The client's tools are dropped without a word, as by OpenClaw's own endpoint: monoes/monomind#243.",
        call: (call) => withFields(call, { tools: undefined, tool_choice: undefined }),
      },
    ],
    async run({ sdk, say, signal }) {
      // The question is about the other tool, so that obeying and guessing differ.
      const body = say("What is the weather in Oslo?", { tools: [weather, time], tool_choice: force("get_time") });
      const answer = await settle(sdk.client.chat.completions.create(body, { signal }), "a completion");
      const calls = answer.choices?.[0]?.message?.tool_calls ?? [];
      expectThat(calls.length > 0, "a call of get_time", answer.choices);
      for (const call of calls)
        expectEqual("function" in call ? call.function?.name : call, "get_time", "tool_calls[].function.name");
    },
  },
  {
    id: "TOOL-03",
    level: "MUST",
    requirement:
      "Every tool call has a non-empty `id` that no other call of the answer and of the conversation has, streamed or not.",
    source:
      "OpenAI's document: ChatCompletionMessageToolCall.id (required); without one `.stream()` of SDK 4 and 5 throws and LangChain marks the call invalid; openai/openai-node#1946, microsoft/autogen#5509, vercel/ai#18440; ids that repeat over a conversation: open-webui/open-webui#28570, QwenLM/qwen-code#8382",
    needs: ["tools"],
    limitMs: 30_000,
    finds: ["stream-by-default"],
    faults: [
      {
        id: "call-delta-without-id",
        what: "The first delta of a call has no id: microsoft/autogen#5509.",
        chunk: changePieces((piece) => without(piece, "id")),
      },
      {
        id: "call-id-missing",
        what: "Tool calls have no id: openai/openai-node#1946.",
        json: changeCalls((call) => without(call, "id")),
      },
      {
        id: "call-id-blank",
        what: "The id of a tool call is a blank: vercel/ai#18440.",
        json: changeCalls((call) => ({ ...call, id: " " })),
      },
      {
        id: "call-id-same-for-all",
        what: "All calls of an answer have one id.",
        json: changeCalls((call) => ({ ...call, id: "call_0" })),
      },
      {
        id: "call-id-unique-in-answer-only",
        what: "Ids are `name:0` in every answer, which poisons the conversation: QwenLM/qwen-code#8382.",
        json: changeCalls((call) => ({ ...call, id: `${String((call["function"] as Tree)["name"])}:0` })),
      },
      {
        id: "assistant-null-refused",
        what: "An assistant message with `content: null` is refused although the server sends it: mistralai/mistral-common#324.",
        call: (call) =>
          toMessages(call).some(({ role, content }) => role === "assistant" && content === null)
            ? toRefusal(400, "content must be a string", "messages")
            : undefined,
      },
    ],
    async run(context) {
      const first = await askCalls(context);
      const streamed = toGroups(toPieces(await askCallStream(context))).map(({ pieces }) => pieces[0]?.["id"]);
      const ids = toCalls(first).map(({ id }) => id);
      for (const id of [...ids, ...streamed]) expectId(id);
      expectDistinct(streamed, "in a stream");
      const second = await context.chat(toNextRound(context, toMessage(first)));
      const later = toCalls(second, "the second round").map(({ id }) => id);
      expectThat(later.length > 0, "tool calls in the second round", second.text.slice(0, 300));
      for (const id of later) expectId(id);
      expectDistinct([...ids, ...later], "over two rounds");
    },
  },
  {
    id: "TOOL-04",
    level: "MUST",
    requirement: "Every tool call says its `type`, `function` or `custom`, streamed or not.",
    source:
      "OpenAI's document: ChatCompletionMessageToolCall.type; without it `.stream()` throws in every SDK major and parse and runTools in 5 to 7; vllm-project/vllm#16340, vercel/ai#12901, alibaba/higress#3984",
    needs: ["tools"],
    faults: [
      {
        id: "call-delta-without-type",
        what: "The first delta of a call has no type: vercel/ai#12901.",
        chunk: changePieces((piece) => without(piece, "type")),
      },
      {
        id: "call-type-missing",
        what: "Tool calls have no `type`: vllm-project/vllm#16340.",
        json: changeCalls((call) => without(call, "type")),
      },
    ],
    async run(context) {
      for (const { type } of toCalls(await askCalls(context)))
        expectOneOf(type, ["function", "custom"], "tool_calls[].type");
      for (const { pieces } of toGroups(toPieces(await askCallStream(context))))
        expectOneOf(
          pieces[0]?.["type"],
          ["function", "custom"],
          "delta.tool_calls[].type of the first delta of a call",
        );
    },
  },
  {
    id: "TOOL-05",
    level: "MUST",
    requirement:
      "`function.arguments` is a string that holds a JSON object, never the object itself; streamed, its pieces join to one.",
    source:
      "OpenAI's document: ChatCompletionMessageToolCall.function.arguments (string); an object becomes `[object Object]` in the SDK; ggml-org/llama.cpp#20198, huggingface/text-generation-inference#2136",
    needs: ["tools"],
    faults: [
      {
        id: "call-delta-arguments-object",
        what: "The arguments of a delta are an object: huggingface/text-generation-inference#2136.",
        chunk: changePieces((piece) => ({ ...piece, function: { ...(piece["function"] as Tree), arguments: {} } })),
      },
      {
        id: "call-delta-arguments-null-first",
        what: "The first delta of a call has `arguments: null`.",
        chunk: changePieces((piece) =>
          "id" in piece ? { ...piece, function: { ...(piece["function"] as Tree), arguments: null } } : piece,
        ),
      },
      {
        id: "call-delta-last-lost",
        what: "The closing brace of the arguments is lost.",
        chunk: (chunk) => (toChunkPieces(chunk).some((piece) => toArguments(piece) === "}") ? undefined : chunk),
      },
      {
        id: "call-arguments-object",
        what: "Arguments are an object instead of a string: ggml-org/llama.cpp#20198.",
        json: changeFunctions((one) => ({ ...one, arguments: JSON.parse(String(one["arguments"])) as unknown })),
      },
      {
        id: "call-arguments-twice-encoded",
        what: "Arguments are a JSON string that holds JSON.",
        json: changeFunctions((one) => ({ ...one, arguments: JSON.stringify(one["arguments"]) })),
      },
    ],
    async run(context) {
      for (const call of toCalls(await askCalls(context))) expectArguments(toFunction(call)["arguments"]);
      const pieces = toPieces(await askCallStream(context));
      for (const { function: part } of pieces) {
        const text = isObject(part) ? part["arguments"] : undefined;
        expectThat(text === undefined || typeof text === "string", "arguments in a delta to be a string", text);
      }
      for (const group of toGroups(pieces)) expectArguments(toJoined(group).arguments);
    },
  },
  {
    id: "TOOL-06",
    level: "MUST",
    requirement: "A call of a tool without parameters has the arguments `{}`: not an empty string, null or nothing.",
    source:
      'runTools of every SDK major never runs the callback for `""` where a parser is given, and strict tools throw; sigoden/aichat#1217, vercel/ai#6687, OpenRouterTeam/ai-sdk-provider#287',
    needs: ["tools"],
    finds: ["call-delta-arguments-object", "call-arguments-object", "call-arguments-twice-encoded"],
    faults: [
      {
        id: "call-delta-arguments-empty",
        what: "A streamed call without arguments stays empty: OpenRouterTeam/ai-sdk-provider#287.",
        chunk: (chunk, _index, call) =>
          isPing(call) && toChunkPieces(chunk).length > 0 && toName(chunk) === undefined ? undefined : chunk,
      },
      {
        id: "call-arguments-empty",
        what: "A call without arguments has an empty string: `runTools` never runs it, sigoden/aichat#1217.",
        json: changeFunctions((one) => (one["arguments"] === "{}" ? { ...one, arguments: "" } : one)),
      },
      {
        id: "call-arguments-missing",
        what: "A call without arguments leaves them out: vercel/ai#6687.",
        json: changeFunctions((one) => (one["arguments"] === "{}" ? without(one, "arguments") : one)),
      },
    ],
    async run(context) {
      const text = context.has("fixture") ? "@@tool ping" : "Call the tool ping.";
      const body = context.say(text, { tools: [ping], tool_choice: force("ping") });
      const calls = toCalls(await context.chat(body));
      expectThat(calls.length > 0, "a call of ping", calls);
      for (const call of calls) expectArguments(toFunction(call)["arguments"]);
      const reading = await context.stream(body);
      expectStream(reading);
      const groups = toGroups(toPieces(reading));
      expectThat(groups.length > 0, "a streamed call of ping", reading.answer.text.slice(0, 300));
      for (const group of groups) expectArguments(toJoined(group).arguments);
    },
  },
  {
    id: "TOOL-07",
    level: "DOC",
    requirement: "A message with tool calls still has `content`: null, or text.",
    source: "OpenAI's document: ChatCompletionResponseMessage requires content (nullable); vercel/ai#13744",
    needs: ["tools"],
    finds: ["json-content-missing"],
    faults: [
      {
        id: "call-without-content",
        what: "A message with tool calls has no `content`: vercel/ai#13744.",
        json: (body) =>
          eachMessage(body, (message) => ("tool_calls" in message ? without(message, "content") : message)),
      },
    ],
    async run(context) {
      const message = toMessage(await askCalls(context));
      expectThat(Object.hasOwn(message, "content"), "content beside tool_calls", Object.keys(message));
      const { content } = message;
      expectThat(content === null || typeof content === "string", "content to be null or a string", content);
    },
  },
]);

function expectId(id: unknown): void {
  expectText(id, "the id of a tool call");
  expectThat(id.trim() !== "", "the id of a tool call to be more than blanks", id);
}

function expectDistinct(ids: readonly unknown[], where: string): void {
  expectThat(new Set(ids).size === ids.length, `distinct ids of tool calls ${where}`, ids);
}

function expectArguments(text: unknown): void {
  expectThat(typeof text === "string", "function.arguments to be a string", text);
  expectObject(parseJson(text), `function.arguments ${show(text)}, parsed as JSON,`);
}

/** The same question again, after the first round and the results of its calls. */
function toNextRound(context: CaseContext, message: Record<string, unknown>): object {
  const body = toCallBody(context) as { messages: object[] };
  const calls = (message["tool_calls"] as Record<string, unknown>[]).map(({ id }) => id);
  const results = calls.map((id) => ({ role: "tool", tool_call_id: id, content: "7 degrees" }));
  const { content = null, tool_calls } = message;
  const turn = { role: "assistant", content, tool_calls };
  const between = { role: "assistant", content: "It is 7 degrees." };
  return { ...body, messages: [...body.messages, turn, ...results, between, ...body.messages] };
}

function isPing({ body }: ProxiedCall): boolean {
  return JSON.stringify(body?.["messages"]).includes("@@tool ping");
}
