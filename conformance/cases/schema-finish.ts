import { defineCases } from "../case.ts";
import { expectEqual, expectOneOf, expectRejection, expectText, expectThat } from "../expect.ts";
import { toDeltas, toFinishReasons, toText } from "../lens/stream.ts";
import { eachChoice, eachDelta, eachMessage, isFinish, without } from "../self-test/edit.ts";
import { isSchema } from "../self-test/edits/requests.ts";
import { film, filmFormat } from "./schema-film.ts";
import { expectStream, toChoice, toMessage } from "./sdk-answer.ts";
import { settle } from "./sdk-settle.ts";
import { force, weather } from "./tools-calls.ts";

/** Structured output that does not come to its end, or is something else. */
export const schemaFinishCases = defineCases([
  {
    id: "SO-06",
    level: "MUST",
    requirement: "JSON that the token limit cuts comes with `finish_reason` `length`, streamed or not.",
    source: "`.parse()` of the SDK throws LengthFinishReasonError then; otherwise a SyntaxError hides the cause",
    needs: ["schema", "fixture"],
    finds: [
      "json-finish-null",
      "json-finish-of-anthropic",
      "finish-missing",
      "finish-twice",
      "finish-eos",
      "finish-on-every-chunk",
      "chunk-fields-camel-case",
      "call-stream-finish-stop",
      "call-finish-stop",
    ],
    faults: [
      {
        id: "json-cut-says-stop",
        what: "JSON that the token limit has cut ends with `stop`: a SyntaxError hides the cause.",
        json: (body, call) =>
          isSchema(call) ? eachChoice(body, (choice) => ({ ...choice, finish_reason: "stop" })) : body,
      },
      {
        id: "json-cut-says-stop-in-streams",
        what: "The same in streams.",
        chunk: (chunk, _index, call) =>
          isSchema(call) && isFinish(chunk)
            ? eachChoice(chunk, (choice) => ({ ...choice, finish_reason: "stop" }))
            : chunk,
      },
    ],
    async run({ sdk, chat, stream, say, signal }) {
      const text = `@@echo ${JSON.stringify(JSON.stringify(film))}`;
      const body = say(text, { response_format: filmFormat, max_completion_tokens: 3 });
      expectEqual(toChoice(await chat(body))["finish_reason"], "length", "finish_reason");
      const reading = await stream(body);
      expectStream(reading);
      expectEqual(toFinishReasons(reading), ["length"], "the streamed finish_reason");
      const error = await expectRejection(sdk.helpers.parse(body, { signal }), "the cut answer");
      expectEqual(error.constructor.name, "LengthFinishReasonError", "what `.parse()` throws");
    },
  },
  {
    id: "SO-07",
    level: "SHOULD",
    requirement: "A refusal stands in `message.refusal` with `content` null, streamed in `delta.refusal`.",
    source: "OpenAI's document: ChatCompletionResponseMessage.refusal; `.parse()` of the SDK gives parsed null then",
    needs: ["schema", "fixture"],
    faults: [
      {
        id: "refusal-as-content",
        what: "A refusal stands in `content`, where `.parse()` takes it for JSON.",
        json: (body) =>
          eachMessage(body, (message) =>
            message["refusal"] ? { ...message, content: message["refusal"], refusal: null } : message,
          ),
      },
      {
        id: "refusal-said-as-text",
        what: "A refusal is streamed as ordinary text.",
        chunk: (chunk) =>
          eachDelta(chunk, (delta) =>
            "refusal" in delta ? { ...without(delta, "refusal"), content: delta["refusal"] } : delta,
          ),
      },
    ],
    async run({ sdk, chat, stream, say, signal }) {
      const refusal = "I will not describe that film.";
      const body = say(`@@refuse ${refusal}`, { response_format: filmFormat });
      const message = toMessage(await chat(body));
      expectEqual(message["refusal"], refusal, "message.refusal");
      expectEqual(message["content"], null, "message.content");
      const reading = await stream(body);
      expectStream(reading);
      const pieces = toDeltas(reading).map(({ refusal: piece }) => (typeof piece === "string" ? piece : ""));
      expectEqual(pieces.join(""), refusal, "the joined delta.refusal");
      expectEqual(toText(reading), "", "the joined content");
      const parsed = await settle(sdk.helpers.parse(body, { signal }), "a refusal that `.parse()` can read");
      const read = parsed.choices[0]?.message as { parsed?: unknown; refusal?: unknown } | undefined;
      expectEqual([read?.parsed ?? null, read?.refusal], [null, refusal], "parsed and refusal");
    },
  },
  {
    id: "SO-08",
    level: "SHOULD",
    requirement:
      "Where tools and a schema are given and a tool is called, `content` is null or empty, and the arguments parse.",
    source: "`.parse()` of the SDK parses any text beside the calls by the schema, and throws if it is not JSON",
    needs: ["schema", "tools"],
    finds: ["call-arguments-twice-encoded"],
    faults: [
      {
        id: "call-with-words",
        what: "Words of explanation stand beside tool calls: `.parse()` throws on them.",
        json: (body) =>
          eachMessage(body, (message) => ("tool_calls" in message ? { ...message, content: "Let me see." } : message)),
      },
    ],
    async run({ sdk, say, signal, has }) {
      const fields = { response_format: filmFormat, tools: [weather], tool_choice: force("get_weather") };
      const text = has("fixture") ? '@@tool get_weather {"city":"Oslo"}' : "What is the weather in Oslo?";
      const answer = await settle(sdk.helpers.parse(say(text, fields), { signal }), "calls that `.parse()` can read");
      const message = answer.choices[0]?.message;
      expectOneOf(message?.content, [null, ""], "message.content");
      const [call] = message?.tool_calls ?? [];
      expectThat(call !== undefined && "function" in call, "a call of get_weather", message);
      const { city } = (call.function.parsed_arguments ?? {}) as { city?: unknown };
      expectText(city, "parsed_arguments.city");
      if (has("fixture")) expectEqual(city, "Oslo", "parsed_arguments.city");
    },
  },
]);
