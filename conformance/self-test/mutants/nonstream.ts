import { eachChoice, eachMessage, without, withHeaders } from "../edit.ts";
import { defineMutants, type ProxiedAnswer } from "../mutant.ts";

/** Faults in the fields of an answer that is not streamed. */
export const nonStreamMutants = defineMutants([
  {
    id: "json-logprobs-missing",
    what: "`choices[0].logprobs` is left out.",
    json: (body) => eachChoice(body, (choice) => without(choice, "logprobs")),
    killedBy: ["NS-02", "NS-11", "SDK-12"],
  },
  {
    id: "json-logprobs-empty",
    what: "`choices[0].logprobs` is an empty object although nobody asked for them.",
    json: (body) => eachChoice(body, (choice) => ({ ...choice, logprobs: {} })),
    killedBy: ["NS-11"],
  },
  {
    id: "json-object-text-completion",
    what: "`object` is that of the older API.",
    json: (body) => ({ ...body, object: "text_completion" }),
    killedBy: ["NS-02", "NS-03", "SDK-12"],
  },
  {
    id: "json-id-constant",
    what: "Every answer has the same id.",
    json: (body) => ({ ...body, id: "chatcmpl-1" }),
    killedBy: ["NS-04", "CONC-01"],
  },
  {
    id: "json-id-empty",
    what: "The id is an empty string.",
    json: (body) => ({ ...body, id: "" }),
    killedBy: ["NS-04", "CONC-01"],
  },
  {
    id: "json-created-in-milliseconds",
    what: "`created` counts milliseconds: .NET and Go clients throw.",
    json: (body) => ({ ...body, created: Number(body["created"]) * 1000 }),
    killedBy: ["NS-05", "SS-29"],
  },
  {
    id: "json-created-with-fraction",
    what: "`created` is a float: typed clients refuse it.",
    json: (body) => ({ ...body, created: Number(body["created"]) + 0.25 }),
    killedBy: ["NS-05"],
  },
  {
    id: "json-created-null",
    what: "`created` is null: pydantic-ai refuses it.",
    json: (body) => ({ ...body, created: null }),
    killedBy: ["NS-02", "NS-05"],
  },
  {
    id: "json-created-at-build",
    what: "`created` is the time at which the server was built.",
    json: (body) => ({ ...body, created: 1_700_000_000 }),
    killedBy: ["NS-05"],
  },
  {
    id: "json-model-missing",
    what: "`model` is left out.",
    json: (body) => without(body, "model"),
    killedBy: ["NS-02", "NS-06", "SS-29"],
  },
  {
    id: "json-model-empty",
    what: "`model` is an empty string.",
    json: (body) => ({ ...body, model: "" }),
    killedBy: ["NS-06", "SS-29"],
  },
  {
    id: "json-choices-empty",
    what: "`choices` is empty: `choices[0]` crashes in every client.",
    json: (body) => ({ ...body, choices: [] }),
    killedBy: ["NS-07", "NS-08", "NS-12", "NS-14", "SDK-01", "TOOL-01", "SO-01"],
  },
  {
    id: "json-index-from-one",
    what: "Choices are counted from 1.",
    json: (body) => eachChoice(body, (choice) => ({ ...choice, index: 1 })),
    killedBy: ["NS-07"],
  },
  {
    id: "json-choice-twice",
    what: "The choice is given twice.",
    json: (body) => {
      const { choices } = body;
      return Array.isArray(choices)
        ? { ...body, choices: [...(choices as unknown[]), ...(choices as unknown[])] }
        : body;
    },
    killedBy: ["NS-07"],
  },
  {
    id: "json-role-model",
    what: "The role is Gemini's `model`.",
    json: (body) => eachMessage(body, (message) => ({ ...message, role: "model" })),
    killedBy: ["NS-02", "NS-08", "SDK-12"],
  },
  {
    id: "json-role-missing",
    what: "The message has no role.",
    json: (body) => eachMessage(body, (message) => without(message, "role")),
    killedBy: ["NS-02", "NS-08"],
  },
  {
    id: "json-content-missing",
    what: "The message has no `content`.",
    json: (body) => eachMessage(body, (message) => without(message, "content")),
    killedBy: ["NS-02", "NS-09", "NS-14", "TOOL-07"],
  },
  {
    id: "json-content-as-reasoning",
    what: "The text stands in `reasoning_content`, and `content` is empty, as some reasoning servers do.",
    json: (body) =>
      eachMessage(body, (message) => ({ ...message, content: "", reasoning_content: message["content"] })),
    killedBy: ["NS-09", "NS-14", "CONC-01", "SO-01", "SO-02", "SO-09"],
  },
  {
    id: "json-refusal-missing",
    what: "The message has no `refusal`.",
    json: (body) => eachMessage(body, (message) => without(message, "refusal")),
    killedBy: ["NS-02", "NS-10"],
  },
  {
    id: "json-refusal-empty",
    what: "`refusal` is an empty string where nothing is refused.",
    json: (body) => eachMessage(body, (message) => ({ ...message, refusal: "" })),
    killedBy: ["NS-10"],
  },
  {
    id: "json-finish-null",
    what: "`finish_reason` of a finished answer is null.",
    json: (body) => eachChoice(body, (choice) => ({ ...choice, finish_reason: null })),
    killedBy: ["NS-02", "NS-12", "TOOL-02", "SO-06"],
  },
  {
    id: "json-finish-of-anthropic",
    what: "`finish_reason` is `end_turn`: the AI SDK reports `other`.",
    json: (body) => eachChoice(body, (choice) => ({ ...choice, finish_reason: "end_turn" })),
    killedBy: ["NS-02", "NS-12", "TOOL-02", "TOOL-23", "SO-06"],
  },
  {
    id: "json-tool-calls-null",
    what: "A text answer has `tool_calls: null`.",
    json: (body) => eachMessage(body, (message) => ({ tool_calls: null, ...message })),
    killedBy: ["NS-02", "NS-13"],
  },
  {
    id: "json-content-as-parts",
    what: "`content` is an array of parts, as in vercel/ai#13703.",
    json: (body) =>
      eachMessage(body, (message) => ({ ...message, content: [{ type: "text", text: message["content"] }] })),
    killedBy: ["NS-02", "NS-09", "NS-14", "SS-20", "SO-09"],
  },
  {
    id: "json-content-as-parts-for-parts",
    what: "Whoever asks with an array of parts is answered with one.",
    json: (body, call) =>
      JSON.stringify(call.body?.["messages"]).includes('"content":[')
        ? eachMessage(body, (message) => ({ ...message, content: [{ type: "text", text: message["content"] }] }))
        : body,
    killedBy: ["NS-14"],
  },
  {
    id: "json-fingerprint-null",
    what: "`system_fingerprint` is null, which OpenAI's document does not allow.",
    json: (body) => ({ ...body, system_fingerprint: null }),
    killedBy: ["NS-21"],
  },
  {
    id: "json-vendor-fields",
    what: "The message is strewn with fields of the vendor's own.",
    json: (body) => eachMessage(body, (message) => ({ ...message, reasoning: "", thinking: "", cost: 0 })),
    killedBy: ["NS-22"],
  },
  {
    id: "silence-204",
    what: "An answer without text is a 204, which the SDK turns into null.",
    answer: (answer) => (isSilent(answer) ? { ...answer, status: 204, body: "" } : answer),
    killedBy: ["NS-18"],
  },
  {
    id: "silence-without-body",
    what: "An answer without text is a 200 with an empty body.",
    answer: (answer) => (isSilent(answer) ? withHeaders({ ...answer, body: "" }, {}) : answer),
    killedBy: ["NS-18"],
  },
]);

function isSilent({ status, body }: ProxiedAnswer): boolean {
  return status === 200 && String(body).includes('"content":""');
}
