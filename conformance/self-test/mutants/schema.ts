import { eachChoice, eachDelta, eachMessage, isFinish, toRefusal, withFields } from "../edit.ts";
import { defineMutants, type ProxiedCall } from "../mutant.ts";

/** Faults in structured output. */
export const schemaMutants = defineMutants([
  {
    id: "format-ignored",
    what: "`response_format` is ignored without a word, and the answer is text.",
    call: (call) => withFields(call, { response_format: undefined }),
    killedBy: ["SO-01", "SO-02", "SO-03", "SO-04", "SO-05", "SO-09", "SO-10"],
  },
  {
    id: "format-ignored-in-streams",
    what: "`response_format` is ignored where the answer is streamed.",
    call: (call) => (call.body?.["stream"] === true ? withFields(call, { response_format: undefined }) : undefined),
    killedBy: ["SO-03"],
  },
  {
    id: "schema-as-json-object",
    what: "A schema is taken for `json_object`: the answer is JSON, but not of that shape.",
    call: (call) => (isSchema(call) ? withFields(call, { response_format: { type: "json_object" } }) : undefined),
    killedBy: ["SO-01", "SO-03", "SO-04"],
  },
  {
    id: "json-in-fence",
    what: "The JSON stands in a Markdown fence: a SyntaxError in `.parse()`.",
    json: (body, { body: asked }) =>
      asked?.["response_format"]
        ? eachMessage(body, (message) => ({ ...message, content: `\`\`\`json\n${String(message["content"])}\n\`\`\`` }))
        : body,
    killedBy: ["SO-01", "SO-02", "SO-04", "SO-05", "SO-09", "SDK-07"],
  },
  {
    id: "json-with-preamble",
    what: "A sentence comes before the JSON.",
    json: (body, { body: asked }) =>
      asked?.["response_format"]
        ? eachMessage(body, (message) => ({ ...message, content: `Here it is: ${String(message["content"])}` }))
        : body,
    killedBy: ["SO-01", "SO-02", "SO-04", "SO-05", "SO-09", "SDK-07"],
  },
  {
    id: "json-as-array",
    what: "The JSON is put into an array.",
    json: (body, { body: asked }) =>
      asked?.["response_format"]
        ? eachMessage(body, (message) => ({ ...message, content: `[${String(message["content"])}]` }))
        : body,
    killedBy: ["SO-01", "SO-02", "SO-04", "SO-05", "SO-09", "SDK-07"],
  },
  {
    id: "json-stream-in-fence",
    what: "Streamed JSON begins with a Markdown fence.",
    chunk: (chunk, _index, { body: asked }) =>
      asked?.["response_format"]
        ? eachDelta(chunk, (delta) => ("role" in delta ? { ...delta, content: "```json\n" } : delta))
        : chunk,
    killedBy: ["SO-03"],
  },
  {
    id: "json-content-as-object",
    what: "The content is the object itself instead of its JSON.",
    json: (body, call) =>
      isSchema(call) ? eachMessage(body, (message) => ({ ...message, content: toValue(message["content"]) })) : body,
    killedBy: ["SO-01", "SO-02", "SO-04", "SO-09", "SDK-07"],
  },
  {
    id: "schema-refs-refused",
    what: "Schemas with `$ref` are refused.",
    call: (call) =>
      JSON.stringify(call.body?.["response_format"] ?? "").includes('"$ref"')
        ? toRefusal(400, "unsupported schema", "response_format")
        : undefined,
    killedBy: ["SO-04"],
  },
  {
    id: "schema-dialect-refused",
    what: "Schemas that name their dialect, as those of zod do, are refused.",
    call: (call) =>
      JSON.stringify(call.body?.["response_format"] ?? "").includes('"$schema"')
        ? toRefusal(400, "unsupported schema", "response_format")
        : undefined,
    killedBy: ["SO-04", "SDK-07"],
  },
  {
    id: "json-cut-says-stop",
    what: "JSON that the token limit has cut ends with `stop`: a SyntaxError hides the cause.",
    json: (body, call) =>
      isSchema(call) ? eachChoice(body, (choice) => ({ ...choice, finish_reason: "stop" })) : body,
    killedBy: ["SO-06"],
  },
  {
    id: "json-cut-says-stop-in-streams",
    what: "The same in streams.",
    chunk: (chunk, _index, call) =>
      isSchema(call) && isFinish(chunk) ? eachChoice(chunk, (choice) => ({ ...choice, finish_reason: "stop" })) : chunk,
    killedBy: ["SO-06"],
  },
  {
    id: "refusal-as-content",
    what: "A refusal stands in `content`, where `.parse()` takes it for JSON.",
    json: (body) =>
      eachMessage(body, (message) =>
        message["refusal"] ? { ...message, content: message["refusal"], refusal: null } : message,
      ),
    killedBy: ["SO-07"],
  },
  {
    id: "format-refused-without-param",
    what: "A server without structured output does not say which field it refuses.",
    call: (call) => (isSchema(call) ? toRefusal(400, "unsupported request") : undefined),
    killedBy: ["SO-09", "SO-01", "SO-03", "SDK-07"],
  },
  {
    id: "format-refused-with-501",
    what: "A server without structured output answers 501, which the SDK tries again.",
    call: (call) => (isSchema(call) ? toRefusal(501, "not implemented", "response_format") : undefined),
    killedBy: ["SO-09"],
  },
  {
    id: "schema-wrong-500",
    what: "A schema that is none is a 500.",
    call: (call) =>
      JSON.stringify(call.body?.["response_format"] ?? "").includes('"type":123')
        ? toRefusal(500, "internal error")
        : undefined,
    killedBy: ["SO-10"],
  },
]);

function isSchema({ body }: ProxiedCall): boolean {
  return JSON.stringify(body?.["response_format"] ?? "").includes("json_schema");
}

function toValue(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return text;
  }
}
