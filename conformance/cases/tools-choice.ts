import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectEqual, expectText, expectThat, Skip } from "../expect.ts";
import { toFinishReasons, toText } from "../lens/stream.ts";
import type { WireAnswer } from "../lens/wire.ts";
import { eachChoice, isFinish, toRefusal, withFields, without } from "../self-test/edit.ts";
import { changeCalls, changePieces, type Tree } from "../self-test/edits/tools.ts";
import { expectStatus, expectStream, toCalls, toChoice, toContent } from "./sdk-answer.ts";
import { askCalls, force, parseJson, time, toCallBody, toGroups, toPieces, toTool, weather } from "./tools-calls.ts";

/** Whether calls are made at all, and how the answer says so. */
export const toolChoiceCases = defineCases([
  {
    id: "TOOL-02",
    level: "MUST",
    requirement: "An answer that ends in tool calls has `finish_reason` `tool_calls`, streamed or not.",
    source:
      "OpenAI's document: CreateChatCompletionResponse.choices.finish_reason; agents end their loop on `stop`: Blaizzy/mlx-vlm#990, BerriAI/litellm#12862, ml-explore/mlx-lm#782; a forced named call may say stop, as OpenAI's own does: ENTERPILOT/GoModel#124",
    needs: ["tools"],
    limitMs: 30_000,
    finds: [
      "json-finish-null",
      "json-finish-of-anthropic",
      "finish-missing",
      "finish-missing-for-calls",
      "finish-twice",
      "finish-eos",
      "finish-on-every-chunk",
      "chunk-fields-camel-case",
    ],
    faults: [
      {
        id: "call-stream-finish-stop",
        what: "A stream of tool calls ends with `stop`: BerriAI/litellm#12862.",
        chunk: (chunk) =>
          isFinish(chunk) ? eachChoice(chunk, (choice) => ({ ...choice, finish_reason: "stop" })) : chunk,
      },
      {
        id: "call-finish-stop",
        what: "An answer with tool calls ends with `stop`, and agents end their loop: Blaizzy/mlx-vlm#990.",
        json: (body) => eachChoice(body, (choice) => ({ ...choice, finish_reason: "stop" })),
      },
    ],
    async run(context) {
      const text = context.has("fixture") ? "@@tool get_weather" : "What is the weather in Oslo? Call get_weather.";
      let seen = 0;
      for (const tool_choice of ["auto", "required"]) {
        const body = context.say(text, { tools: [weather], tool_choice });
        const answer = await context.chat(body);
        if (toCalls(answer).length > 0) {
          seen++;
          expectEqual(toChoice(answer)["finish_reason"], "tool_calls", `finish_reason with tool_choice ${tool_choice}`);
        }
        const reading = await context.stream(body);
        expectStream(reading);
        if (toPieces(reading).length > 0) {
          seen++;
          expectEqual(toFinishReasons(reading), ["tool_calls"], `streamed finish_reason for ${tool_choice}`);
        }
      }
      if (seen === 0) throw new Skip("the model made no call without being forced to a name");
      const named = toChoice(await askCalls(context))["finish_reason"];
      if (named !== "tool_calls") context.note(`a call that was forced by name ends with ${String(named)}`);
    },
  },
  {
    id: "TOOL-18",
    level: "SHOULD",
    requirement: '`tool_choice: "none"` prevents every tool call, `"required"` leads to at least one.',
    source: "OpenAI's document: ChatCompletionToolChoiceOption",
    needs: ["tools"],
    finds: ["tool-choice-ignored"],
    async run({ chat, say }) {
      const none = await chat(say("What is the weather in Oslo?", { tools: [weather], tool_choice: "none" }));
      expectEqual(toCalls(none).length, 0, "the number of calls with tool_choice none");
      const required = await chat(say("Good morning!", { tools: [weather], tool_choice: "required" }));
      expectThat(toCalls(required).length > 0, "a call with tool_choice required", required.text.slice(0, 300));
    },
  },
  {
    id: "TOOL-19",
    level: "SHOULD",
    requirement: "`parallel_tool_calls: false` gives at most one call in an answer, streamed or not.",
    source: "OpenAI's document: CreateChatCompletionRequest.parallel_tool_calls",
    needs: ["tools"],
    limitMs: 30_000,
    faults: [
      {
        id: "parallel-calls-despite-false",
        what: "`parallel_tool_calls: false` is ignored.",
        call: (call) => withFields(call, { parallel_tool_calls: undefined }),
      },
    ],
    async run(context) {
      const text = "What is the weather in Oslo and in Rome? Ask for both at once.";
      const body = context.has("fixture") ? toCallBody(context) : context.say(text, { tools: [weather] });
      const answer = await context.chat({ ...body, parallel_tool_calls: false });
      expectThat(toCalls(answer).length <= 1, "at most one call", toCalls(answer));
      const reading = await context.stream({ ...body, parallel_tool_calls: false });
      expectStream(reading);
      expectThat(toGroups(toPieces(reading)).length <= 1, "at most one streamed call", toPieces(reading));
    },
  },
  {
    id: "TOOL-23",
    level: "SHOULD",
    requirement: "An answer that the token limit cuts inside a call has `finish_reason` `length`, not `tool_calls`.",
    source:
      "OpenAI's document: finish_reason length; from 7.17.0 the SDK refuses to run a call that was cut (openai/openai-node#2716), if it is told",
    needs: ["tools", "fixture"],
    finds: ["json-finish-of-anthropic", "finish-missing-for-calls", "call-stream-finish-stop", "call-finish-stop"],
    faults: [
      {
        id: "call-finish-despite-limit",
        what: "A call that the token limit has cut ends with `tool_calls`, and the client runs it.",
        json: (body) =>
          // Servers leave out the call that was cut, or show what there is of it.
          eachChoice(body, (choice) =>
            /"content":(?:""|null)|"tool_calls":/.test(JSON.stringify(choice))
              ? { ...choice, finish_reason: "tool_calls" }
              : choice,
          ),
      },
    ],
    async run({ chat, stream, say }) {
      const words = Array.from({ length: 60 }, (_value, index) => `Oslo${index}`).join(" ");
      const fields = { tools: [weather], max_completion_tokens: 5 };
      const body = say(`@@tool get_weather ${JSON.stringify({ city: words })}`, fields);
      expectEqual(toChoice(await chat(body))["finish_reason"], "length", "finish_reason");
      const reading = await stream(body);
      expectStream(reading);
      expectEqual(toFinishReasons(reading), ["length"], "the streamed finish_reason");
    },
  },
  {
    id: "TOOL-24",
    level: "EXT",
    requirement: "Tools of the client reach the model, or the request is refused with 400 and `param` naming them.",
    source: "OpenClaw's own endpoint dropped them without a word: monoes/monomind#243",
    finds: ["tools-dropped"],
    async run(context) {
      if (context.subject.profile !== "gateway") throw new Skip("profile chat");
      const fields = { tools: [weather, time], tool_choice: force("get_weather") };
      const answer = await context.chat(context.say("What is the weather in Oslo?", fields));
      if (isRefusal(answer, /^tool/)) return context.note("tools are refused");
      expectThat(toCalls(answer).length > 0, "a call, or 400 with param tools", answer.text.slice(0, 300));
      if (!context.has("fixture")) return;
      const settings = parseJson(toContent(await context.chat(context.say("@@settings", { tools: [weather, time] }))));
      const { tools } = (settings ?? {}) as { tools?: unknown };
      expectEqual(tools, ["get_weather", "get_time"], "the tools that the model received");
    },
  },
  {
    id: "TOOL-25",
    level: "SHOULD",
    requirement: "128 tools, and a tool with a schema of 1 MB, are accepted or refused with a 4xx, never a 5xx.",
    source: "OpenAI's document: CreateChatCompletionRequest.tools (a maximum of 128 functions)",
    needs: ["tools"],
    limitMs: 30_000,
    faults: [
      {
        id: "many-tools-500",
        what: "More than 64 tools are a 500.",
        call: ({ body }) =>
          Array.isArray(body?.["tools"]) && body["tools"].length > 64 ? toRefusal(500, "too many tools") : undefined,
      },
    ],
    async run(context) {
      const many = Array.from({ length: 128 }, (_value, index) => toTool(`tool_${index}`, "A tool.", {}));
      const text = context.has("fixture") ? "@@settings" : "Good morning!";
      const answer = await context.chat(context.say(text, { tools: many }), { limitMs: 25_000 });
      expectServed(answer, "128 tools");
      if (answer.status === 200 && context.has("fixture")) {
        const { tools } = (parseJson(toContent(answer)) ?? {}) as { tools?: unknown[] };
        expectEqual(tools?.length, many.length, "the number of tools that the model received");
      }
      const huge = toTool("huge", "A tool.", { field: { type: "string", description: "x".repeat(1_000_000) } });
      const large = await context.chat(context.say("Good morning!", { tools: [huge] }), { limitMs: 25_000 });
      expectServed(large, "a schema of 1 MB");
      context.note(`128 tools: ${answer.status}, a schema of 1 MB: ${large.status}`);
    },
  },
  {
    id: "TOOL-21",
    level: "SHOULD",
    requirement:
      "A custom tool is called with `type` `custom` and its `custom.input` as a string, streamed too, or refused with 400.",
    source: "OpenAI's document: ChatCompletionMessageCustomToolCall; openai/openai-node#2023 for streams",
    faults: [
      {
        id: "call-delta-custom-input-as-arguments",
        what: "The input of a custom tool is streamed as a function's arguments.",
        chunk: changePieces((piece) =>
          "custom" in piece
            ? { ...without(piece, "custom"), function: { arguments: (piece["custom"] as Tree)["input"] } }
            : piece,
        ),
      },
      {
        id: "custom-call-as-function",
        what: "A custom tool is called as a function.",
        json: changeCalls((call) => ({ ...call, type: "function" })),
      },
    ],
    async run(context) {
      const tool = { type: "custom", custom: { name: "note", description: "Takes a note." } };
      const fields = { tools: [tool], tool_choice: { type: "custom", custom: { name: "note" } } };
      const input = "buy milk \u{1F95B}\n{not json";
      const text = context.has("fixture") ? `@@custom note ${JSON.stringify(input)}` : "Take a note: buy milk";
      const body = context.say(text, fields);
      const answer = await context.chat(body);
      if (answer.status === 400) return context.note("custom tools are refused");
      const [call] = toCalls(answer);
      expectCustom(call, context, input);
      const reading = await context.stream(body);
      expectStream(reading);
      const [first, ...later] = toPieces(reading);
      expectThat(first !== undefined, "a streamed call of the tool", toText(reading));
      const inputs = [first, ...later].map((piece) => (piece["custom"] as { input?: string } | undefined)?.input ?? "");
      const { name } = (first["custom"] ?? {}) as { name?: unknown };
      expectText(first["id"], "the id of the streamed call");
      expectCustom({ ...first, custom: { name, input: inputs.join("") } }, context, input);
    },
  },
]);

function expectCustom(call: Record<string, unknown> | undefined, context: CaseContext, input: string): void {
  expectThat(call !== undefined, "a call of the custom tool, or 400", call);
  expectEqual(call["type"], "custom", "the type of the call");
  const { name, input: given } = (call["custom"] ?? {}) as { name?: unknown; input?: unknown };
  expectEqual(name, "note", "custom.name");
  expectThat(typeof given === "string", "custom.input to be a string", call);
  if (context.has("fixture")) expectEqual(given, input, "custom.input");
}

/** A 400 whose `param` names what is not supported. */
function isRefusal({ status, json }: WireAnswer, param: RegExp): boolean {
  const { error } = (json ?? {}) as { error?: { param?: unknown } };
  return status === 400 && param.test(String(error?.param));
}

function expectServed(answer: WireAnswer, what: string): void {
  if (answer.status === 400 || answer.status === 413 || answer.status === 422) return;
  expectStatus(answer, 200, `the answer to ${what}`);
}
