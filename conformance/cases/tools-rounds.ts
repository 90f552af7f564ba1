import { Ajv2020 } from "ajv/dist/2020.js";
import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectEqual, expectText, expectThat, Failure, show, Skip } from "../expect.ts";
import { toRefusal, withFields } from "../self-test/edit.ts";
import { changeFunctions, toMessages } from "../self-test/edits/tools.ts";
import { toCalls, toContent, toFunction } from "./sdk-answer.ts";
import { settle } from "./sdk-settle.ts";
import { force, parseJson, weather } from "./tools-calls.ts";

/** How many forced calls are held against their schema. */
const forcedCalls = 10;
/** Two answers of a real model. */
const roundsMsMax = 25_000;

/** From the call over its result to the answer. */
export const toolRoundCases = defineCases([
  {
    id: "TOOL-16",
    level: "MUST",
    requirement:
      "The round trip works: the model's call, the client's message with the result, and an answer that uses it.",
    source: "`runTools` of the SDK, every major; OpenAI's document: ChatCompletionRequestToolMessage",
    needs: ["tools"],
    eachSdk: true,
    limitMs: 30_000,
    finds: ["call-type-missing", "call-arguments-object", "call-arguments-twice-encoded", "assistant-null-refused"],
    faults: [
      {
        id: "tool-results-dropped",
        what: "The results of tools do not reach the model.",
        call: (call) =>
          withFields(call, {
            messages: toMessages(call).map((one) => (one["role"] === "tool" ? { ...one, content: "" } : one)),
          }),
      },
    ],
    run: (context) => runWeatherTool(context, false),
  },
  {
    id: "TOOL-17",
    level: "MUST",
    requirement: "The same round trip works with streamed answers.",
    source: "`runTools({ stream: true })` of the SDK, every major",
    needs: ["tools"],
    eachSdk: true,
    limitMs: 30_000,
    finds: [
      "finish-missing",
      "finish-missing-for-calls",
      "role-missing",
      "role-chunk-dropped-for-calls",
      "call-delta-without-index",
      "call-delta-index-in-first-only",
      "call-delta-index-from-one",
      "call-delta-without-type",
      "call-delta-without-name",
      "call-delta-name-in-pieces",
      "call-delta-arguments-object",
      "tool-results-dropped",
    ],
    run: (context) => runWeatherTool(context, true),
  },
  {
    id: "TOOL-20",
    level: "SHOULD",
    requirement: "The content of a tool message may be an array of text parts, and the model reads their text.",
    source:
      "OpenAI's document: ChatCompletionRequestToolMessage.content; Neroued/ninfer#56, InsForge/InsForge#1787 (parts as JSON in the prompt)",
    needs: ["tools"],
    finds: ["assistant-null-refused", "tool-results-dropped"],
    faults: [
      {
        id: "tool-result-parts-as-json",
        what: "The parts of a tool's result reach the model as JSON: InsForge/InsForge#1787.",
        call: (call) =>
          withFields(call, {
            messages: toMessages(call).map((one) =>
              one["role"] === "tool" && Array.isArray(one["content"])
                ? { ...one, content: JSON.stringify(one["content"]) }
                : one,
            ),
          }),
      },
      {
        id: "tool-result-parts-refused",
        what: "A tool message with parts is refused, which Qwen Code sends: Neroued/ninfer#56.",
        call: (call) =>
          toMessages(call).some(({ role, content }) => role === "tool" && Array.isArray(content))
            ? toRefusal(400, "content must be a string", "messages")
            : undefined,
      },
    ],
    async run(context) {
      const id = "call_0123456789abcdef01234567";
      const text = context.has("fixture") ? "@@tool get_weather\n@@then {result}" : "What is the weather in Oslo?";
      const call = { id, type: "function", function: { name: "get_weather", arguments: '{"city":"Oslo"}' } };
      const parts = ["7 degrees", "and rain"].map((part) => ({ type: "text", text: part }));
      const answer = await context.chat({
        tools: [weather],
        messages: [
          { role: "user", content: text },
          { role: "assistant", content: null, tool_calls: [call] },
          { role: "tool", tool_call_id: id, content: parts },
        ],
      });
      if (!context.has("fixture")) {
        expectEqual(answer.status, 200, "the status");
        return;
      }
      const content = toContent(answer);
      expectThat(content.includes("7 degrees") && content.includes("and rain"), "both texts of the result", content);
      expectThat(!content.includes('"type"'), "the result as text, not as JSON of its parts", content);
    },
  },
  {
    id: "TOOL-22",
    level: "SHOULD",
    requirement: "The arguments of a call are valid for the tool's schema when it is `strict: true`.",
    source: "OpenAI's document: FunctionObject.strict (the model follows the exact schema)",
    needs: ["tools"],
    limitMs: 60_000,
    finds: ["tools-dropped"],
    faults: [
      {
        id: "call-arguments-beyond-schema",
        what: "Arguments have a field that the strict schema forbids.",
        json: changeFunctions((one) => ({ ...one, arguments: String(one["arguments"]).replace(/\}$/, ',"extra":1}') })),
      },
    ],
    async run({ chat, say, random }) {
      const validate = new Ajv2020({ strict: false }).compile(booking.function.parameters);
      for (let at = 0; at < forcedCalls; at++) {
        const guests = 1 + Math.floor(random() * 20);
        const text = `Book a table for ${guests} on day ${at % 7} of the week, with "${"window".repeat(at % 3)}" as the wish.`;
        const calls = toCalls(await chat(say(text, { tools: [booking], tool_choice: force("book_table") })));
        expectThat(calls.length > 0, "a call of book_table", calls);
        for (const call of calls) {
          const given = toFunction(call)["arguments"];
          const [finding] = validate(parseJson(given)) ? [] : (validate.errors ?? []);
          if (finding !== undefined)
            throw new Failure(
              "arguments that the schema allows",
              `${show(given)}: ${finding.instancePath} ${finding.message}`,
            );
        }
      }
    },
  },
]);

const booking = {
  type: "function",
  function: {
    name: "book_table",
    description: "Books a table.",
    strict: true,
    parameters: {
      type: "object",
      properties: {
        guests: { type: "integer", minimum: 1, maximum: 20 },
        day: { type: "string", enum: ["mo", "tu", "we", "th", "fr", "sa", "su"] },
        wish: { anyOf: [{ type: "string" }, { type: "null" }] },
        names: { type: "array", items: { $ref: "#/$defs/person" } },
      },
      required: ["guests", "day", "wish", "names"],
      additionalProperties: false,
      $defs: {
        person: {
          type: "object",
          properties: { name: { type: "string" }, child: { type: "boolean" } },
          required: ["name", "child"],
          additionalProperties: false,
        },
      },
    },
  },
};

/** One call, its result, one answer; decided exactly where the fixture says both. */
async function runWeatherTool(context: CaseContext, stream: boolean): Promise<void> {
  const { sdk, say, signal } = context;
  const exact = context.has("fixture");
  const given: unknown[] = [];
  const tool = {
    type: "function" as const,
    function: {
      name: "get_weather",
      description: "The weather in a city.",
      parameters: weather.function.parameters,
      parse: (text: string) => JSON.parse(text) as object,
      function: (value: object) => {
        given.push(value);
        return "7 degrees";
      },
    },
  };
  const text = exact
    ? '@@tool get_weather {"city":"Oslo"}\n@@then It is {result} there.'
    : "What is the weather in Oslo? Call get_weather, then answer.";
  const body = { ...say(text), tools: [tool] };
  const options = { signal, maxChatCompletions: 4 };
  const runner = stream
    ? sdk.helpers.runTools({ ...body, stream: true }, options)
    : sdk.helpers.runTools({ ...body, stream: false }, options);
  const content = await settle(runner.finalContent(), "runTools to come to a final answer", roundsMsMax);
  if (!exact) {
    if (given.length === 0) throw new Skip("the model made no call");
    expectText(content, "the final content");
    return;
  }
  expectEqual(given, [{ city: "Oslo" }], "what the callback was called with");
  expectEqual(content, "It is 7 degrees there.", "the final content");
}
