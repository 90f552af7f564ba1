import { defineCases } from "../case.ts";
import { expectEqual, expectObject, expectOneOf, expectThat, show } from "../expect.ts";
import { toText } from "../lens/stream.ts";
import { eachDelta, eachMessage, toRefusal, withFields } from "../self-test/edit.ts";
import { isSchema } from "../self-test/edits/requests.ts";
import {
  askFilmText,
  expectMatch,
  expectValid,
  film,
  filmFormat,
  filmPrompt,
  filmSchema,
  isBareObject,
  toFormat,
} from "./schema-film.ts";
import { expectStream, toContent, toMessage } from "./sdk-answer.ts";
import { settle } from "./sdk-settle.ts";
import { parseJson } from "./tools-calls.ts";

/** Structured output: JSON that a schema of the request describes. */
export const schemaCases = defineCases([
  {
    id: "SO-01",
    level: "MUST",
    requirement: "With `response_format` `json_schema` the content is JSON that the schema allows.",
    source: "OpenAI's document: ResponseFormatJsonSchema; `.parse()` of the SDK does no more than JSON.parse on it",
    needs: ["schema"],
    limitMs: 30_000,
    finds: ["json-as-text-plain", "json-choices-empty", "json-content-as-reasoning", "format-refused-without-param"],
    faults: [
      {
        id: "format-ignored",
        what: "`response_format` is ignored without a word, and the answer is text.",
        call: (call) => withFields(call, { response_format: undefined }),
      },
      {
        id: "schema-as-json-object",
        what: "A schema is taken for `json_object`: the answer is JSON, but not of that shape.",
        call: (call) => (isSchema(call) ? withFields(call, { response_format: { type: "json_object" } }) : undefined),
      },
      {
        id: "json-in-fence",
        what: "The JSON stands in a Markdown fence: a SyntaxError in `.parse()`.",
        json: (body, { body: asked }) =>
          asked?.["response_format"]
            ? eachMessage(body, (message) => ({
                ...message,
                content: `\`\`\`json\n${String(message["content"])}\n\`\`\``,
              }))
            : body,
      },
      {
        id: "json-with-preamble",
        what: "A sentence comes before the JSON.",
        json: (body, { body: asked }) =>
          asked?.["response_format"]
            ? eachMessage(body, (message) => ({ ...message, content: `Here it is: ${String(message["content"])}` }))
            : body,
      },
      {
        id: "json-as-array",
        what: "The JSON is put into an array.",
        json: (body, { body: asked }) =>
          asked?.["response_format"]
            ? eachMessage(body, (message) => ({ ...message, content: `[${String(message["content"])}]` }))
            : body,
      },
      {
        id: "json-content-as-object",
        what: "The content is the object itself instead of its JSON.",
        json: (body, call) =>
          isSchema(call)
            ? eachMessage(body, (message) => ({ ...message, content: toValue(message["content"]) }))
            : body,
      },
    ],
    async run({ sdk, say, signal, has }) {
      const ask = async (text: string): Promise<unknown> => {
        const body = say(text, { response_format: filmFormat });
        const answer = await settle(sdk.helpers.parse(body, { signal }), "a completion that `.parse()` can read");
        return (answer.choices[0]?.message as { parsed?: unknown } | undefined)?.parsed;
      };
      expectMatch(await ask(filmPrompt), filmSchema, "message.parsed");
      if (!has("fixture")) return;
      expectEqual(await ask(`@@echo ${JSON.stringify(JSON.stringify(film))}`), film, "message.parsed");
    },
  },
  {
    id: "SO-02",
    level: "MUST",
    requirement: "There is nothing around the JSON: no Markdown fence, no explanation.",
    source: "A fence is a SyntaxError in `.parse()` of every SDK major",
    needs: ["schema"],
    finds: [
      "json-content-as-reasoning",
      "format-ignored",
      "json-in-fence",
      "json-with-preamble",
      "json-as-array",
      "json-content-as-object",
    ],
    async run(context) {
      const text = await askFilmText(context);
      expectThat(isBareObject(text), "content that begins with { and ends with }", text);
    },
  },
  {
    id: "SO-03",
    level: "MUST",
    requirement: "Streamed, the pieces of the content join to JSON that the schema allows.",
    source: "`.stream()` of SDK 7 (from 7.5.0) parses the content at the end and throws if it is not JSON",
    needs: ["schema"],
    limitMs: 30_000,
    finds: ["format-ignored", "schema-as-json-object", "format-refused-without-param", "role-missing"],
    faults: [
      {
        id: "format-ignored-in-streams",
        what: "`response_format` is ignored where the answer is streamed.",
        call: (call) => (call.body?.["stream"] === true ? withFields(call, { response_format: undefined }) : undefined),
      },
      {
        id: "json-stream-in-fence",
        what: "Streamed JSON begins with a Markdown fence.",
        chunk: (chunk, _index, { body: asked }) =>
          asked?.["response_format"]
            ? eachDelta(chunk, (delta) => ("role" in delta ? { ...delta, content: "```json\n" } : delta))
            : chunk,
      },
    ],
    async run({ sdk, say, signal, stream, has }) {
      const reading = await stream(say(filmPrompt, { response_format: filmFormat }));
      expectStream(reading);
      expectValid(toText(reading), filmSchema, "the joined content");
      const text = has("fixture") ? `@@echo ${JSON.stringify(JSON.stringify(film))}` : filmPrompt;
      const body = say(text, { response_format: filmFormat });
      const helper = sdk.helpers.stream(body, { signal });
      const answer = await settle(helper.finalChatCompletion(), "a stream that `.stream()` can read");
      const value = expectValid(answer.choices[0]?.message.content, filmSchema, "the content that `.stream()` joins");
      if (has("fixture")) expectEqual(value, film, "the content that `.stream()` joins");
    },
  },
  {
    id: "SO-04",
    level: "MUST",
    requirement:
      "A schema may say `$schema`, `additionalProperties: false`, `anyOf` with null, and refer to itself by `$defs` and `$ref`.",
    source: "What `zodResponseFormat` of the SDK makes of nested, nullable and recursive types",
    needs: ["schema"],
    finds: [
      "format-ignored",
      "schema-as-json-object",
      "json-in-fence",
      "json-with-preamble",
      "json-as-array",
      "json-content-as-object",
    ],
    faults: [
      {
        id: "schema-refs-refused",
        what: "Schemas with `$ref` are refused.",
        call: (call) =>
          JSON.stringify(call.body?.["response_format"] ?? "").includes('"$ref"')
            ? toRefusal(400, "unsupported schema", "response_format")
            : undefined,
      },
      {
        id: "schema-dialect-refused",
        what: "Schemas that name their dialect, as those of zod do, are refused.",
        call: (call) =>
          JSON.stringify(call.body?.["response_format"] ?? "").includes('"$schema"')
            ? toRefusal(400, "unsupported schema", "response_format")
            : undefined,
      },
    ],
    async run({ chat, say }) {
      const answer = await chat(
        say("A folder with one file in it, as JSON.", { response_format: toFormat(tree, "tree") }),
      );
      expectValid(toContent(answer), tree, "the content");
    },
  },
  {
    id: "SO-05",
    level: "SHOULD",
    requirement: "With `response_format` `json_object` the content is a JSON object, and nothing else.",
    source: "OpenAI's document: ResponseFormatJsonObject",
    needs: ["schema"],
    finds: ["format-ignored", "json-in-fence", "json-with-preamble", "json-as-array"],
    async run({ chat, say }) {
      const answer = await chat(say("Name a colour, as a JSON object.", { response_format: { type: "json_object" } }));
      const text = toContent(answer);
      expectObject(parseJson(text), `the content ${show(text)}, parsed as JSON,`);
    },
  },
  {
    id: "SO-09",
    level: "MUST",
    requirement:
      "A server without structured output refuses `json_schema` with 400 and `param` `response_format`; it never answers 200 with plain text.",
    source:
      "OpenAI's document: ResponseFormatJsonSchema; `.parse()` of the SDK throws a SyntaxError on text, far away from its cause",
    finds: [
      "json-content-as-reasoning",
      "json-content-as-parts",
      "format-ignored",
      "json-in-fence",
      "json-with-preamble",
      "json-as-array",
      "json-content-as-object",
    ],
    faults: [
      {
        id: "format-refused-without-param",
        what: "A server without structured output does not say which field it refuses.",
        call: (call) => (isSchema(call) ? toRefusal(400, "unsupported request") : undefined),
      },
      {
        id: "format-refused-with-501",
        what: "A server without structured output answers 501, which the SDK tries again.",
        call: (call) => (isSchema(call) ? toRefusal(501, "not implemented", "response_format") : undefined),
      },
    ],
    async run(context) {
      const answer = await context.chat(context.say(filmPrompt, { response_format: filmFormat }));
      if (answer.status !== 200) {
        expectEqual(answer.status, 400, "the status");
        const { error } = (answer.json ?? {}) as { error?: { param?: unknown } };
        expectThat(String(error?.param).startsWith("response_format"), "error.param response_format", error);
        return context.note("structured output is refused");
      }
      const { content, refusal } = toMessage(answer);
      if (typeof refusal === "string" && refusal !== "") return context.note("the model refused");
      expectThat(typeof content === "string" && isBareObject(content), "JSON, or status 400", content);
    },
  },
  {
    id: "SO-10",
    level: "SHOULD",
    requirement: "A schema that is no JSON Schema is refused with 400.",
    source: "JSON Schema 2020-12, validation, section 6.1.1: type is a string or an array of strings",
    needs: ["schema"],
    finds: ["format-ignored"],
    faults: [
      {
        id: "schema-wrong-500",
        what: "A schema that is none is a 500.",
        call: (call) =>
          JSON.stringify(call.body?.["response_format"] ?? "").includes('"type":123')
            ? toRefusal(500, "internal error")
            : undefined,
      },
    ],
    async run(context) {
      const body = context.say(filmPrompt, { response_format: toFormat({ type: 123 }) });
      const { status, text } = await context.chat(body);
      expectOneOf(status, [400, 422], `the status (${text.slice(0, 100)})`);
      if (status === 422) context.note("422 instead of 400");
    },
  },
]);

const tree = {
  $schema: "http://json-schema.org/draft-07/schema#",
  type: "object",
  properties: {
    root: { $ref: "#/$defs/node" },
    comment: { anyOf: [{ type: "string" }, { type: "null" }] },
  },
  required: ["root", "comment"],
  additionalProperties: false,
  $defs: {
    node: {
      type: "object",
      properties: {
        name: { type: "string" },
        size: { anyOf: [{ type: "integer" }, { type: "null" }] },
        children: { type: "array", items: { $ref: "#/$defs/node" } },
      },
      required: ["name", "size", "children"],
      additionalProperties: false,
    },
  },
};

function toValue(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return text;
  }
}
