import { eachChoice, eachMessage, eachToolCall, toRefusal, without, withFields } from "../edit.ts";
import { defineMutants, type ProxiedCall } from "../mutant.ts";

type Tree = Readonly<Record<string, unknown>>;

/** Faults in tool calls of answers that are not streamed, and in what becomes of the client's tools. */
export const toolMutants = defineMutants([
  {
    id: "tool-choice-ignored",
    what: "`tool_choice` is ignored.",
    call: (call) => withFields(call, { tool_choice: undefined }),
    killedBy: ["TOOL-01", "TOOL-18"],
  },
  {
    id: "tools-dropped",
    what: "The client's tools are dropped without a word, as by OpenClaw's own endpoint: monoes/monomind#243.",
    call: (call) => withFields(call, { tools: undefined, tool_choice: undefined }),
    killedBy: ["TOOL-01", "TOOL-24", "TOOL-22"],
  },
  {
    id: "call-finish-stop",
    what: "An answer with tool calls ends with `stop`, and agents end their loop: Blaizzy/mlx-vlm#990.",
    json: (body) => eachChoice(body, (choice) => ({ ...choice, finish_reason: "stop" })),
    killedBy: ["TOOL-02", "TOOL-23", "SO-06"],
  },
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
    killedBy: ["TOOL-23"],
  },
  {
    id: "call-id-missing",
    what: "Tool calls have no id: openai/openai-node#1946.",
    json: changeCalls((call) => without(call, "id")),
    killedBy: ["TOOL-03", "SDK-12"],
  },
  {
    id: "call-id-blank",
    what: "The id of a tool call is a blank: vercel/ai#18440.",
    json: changeCalls((call) => ({ ...call, id: " " })),
    killedBy: ["TOOL-03"],
  },
  {
    id: "call-id-same-for-all",
    what: "All calls of an answer have one id.",
    json: changeCalls((call) => ({ ...call, id: "call_0" })),
    killedBy: ["TOOL-03"],
  },
  {
    id: "call-id-unique-in-answer-only",
    what: "Ids are `name:0` in every answer, which poisons the conversation: QwenLM/qwen-code#8382.",
    json: changeCalls((call) => ({ ...call, id: `${String((call["function"] as Tree)["name"])}:0` })),
    killedBy: ["TOOL-03"],
  },
  {
    id: "call-type-missing",
    what: "Tool calls have no `type`: vllm-project/vllm#16340.",
    json: changeCalls((call) => without(call, "type")),
    killedBy: ["TOOL-04", "SDK-08", "TOOL-16", "SDK-12"],
  },
  {
    id: "call-arguments-object",
    what: "Arguments are an object instead of a string: ggml-org/llama.cpp#20198.",
    json: changeFunctions((one) => ({ ...one, arguments: JSON.parse(String(one["arguments"])) as unknown })),
    killedBy: ["TOOL-05", "TOOL-06", "TOOL-15", "TOOL-16", "SDK-08"],
  },
  {
    id: "call-arguments-twice-encoded",
    what: "Arguments are a JSON string that holds JSON.",
    json: changeFunctions((one) => ({ ...one, arguments: JSON.stringify(one["arguments"]) })),
    killedBy: ["TOOL-05", "TOOL-06", "TOOL-15", "TOOL-16", "SDK-08", "SO-08"],
  },
  {
    id: "call-arguments-empty",
    what: "A call without arguments has an empty string: `runTools` never runs it, sigoden/aichat#1217.",
    json: changeFunctions((one) => (one["arguments"] === "{}" ? { ...one, arguments: "" } : one)),
    killedBy: ["TOOL-06"],
  },
  {
    id: "call-arguments-missing",
    what: "A call without arguments leaves them out: vercel/ai#6687.",
    json: changeFunctions((one) => (one["arguments"] === "{}" ? without(one, "arguments") : one)),
    killedBy: ["TOOL-06"],
  },
  {
    id: "call-arguments-rewritten",
    what: "Arguments are parsed and written again, and no longer what the model said.",
    json: changeFunctions((one) => ({ ...one, arguments: JSON.stringify(JSON.parse(String(one["arguments"]))) })),
    killedBy: ["SDK-08"],
  },
  {
    id: "call-arguments-beyond-schema",
    what: "Arguments have a field that the strict schema forbids.",
    json: changeFunctions((one) => ({ ...one, arguments: String(one["arguments"]).replace(/\}$/, ',"extra":1}') })),
    killedBy: ["TOOL-22", "TOOL-15"],
  },
  {
    id: "call-without-content",
    what: "A message with tool calls has no `content`: vercel/ai#13744.",
    json: (body) => eachMessage(body, (message) => ("tool_calls" in message ? without(message, "content") : message)),
    killedBy: ["TOOL-07", "SDK-12"],
  },
  {
    id: "call-with-words",
    what: "Words of explanation stand beside tool calls: `.parse()` throws on them.",
    json: (body) =>
      eachMessage(body, (message) => ("tool_calls" in message ? { ...message, content: "Let me see." } : message)),
    killedBy: ["SO-08"],
  },
  {
    id: "assistant-null-refused",
    what: "An assistant message with `content: null` is refused although the server sends it: mistralai/mistral-common#324.",
    call: (call) =>
      toMessages(call).some(({ role, content }) => role === "assistant" && content === null)
        ? toRefusal(400, "content must be a string", "messages")
        : undefined,
    killedBy: ["TOOL-03", "TOOL-16", "TOOL-20", "SDK-08"],
  },
  {
    id: "tool-results-dropped",
    what: "The results of tools do not reach the model.",
    call: (call) =>
      withFields(call, {
        messages: toMessages(call).map((one) => (one["role"] === "tool" ? { ...one, content: "" } : one)),
      }),
    killedBy: ["TOOL-16", "TOOL-17", "TOOL-20", "SDK-08"],
  },
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
    killedBy: ["TOOL-20"],
  },
  {
    id: "tool-result-parts-refused",
    what: "A tool message with parts is refused, which Qwen Code sends: Neroued/ninfer#56.",
    call: (call) =>
      toMessages(call).some(({ role, content }) => role === "tool" && Array.isArray(content))
        ? toRefusal(400, "content must be a string", "messages")
        : undefined,
    killedBy: ["TOOL-20"],
  },
  {
    id: "parallel-calls-despite-false",
    what: "`parallel_tool_calls: false` is ignored.",
    call: (call) => withFields(call, { parallel_tool_calls: undefined }),
    killedBy: ["TOOL-19"],
  },
  {
    id: "custom-call-as-function",
    what: "A custom tool is called as a function.",
    json: changeCalls((call) => ({ ...call, type: "function" })),
    killedBy: ["TOOL-21"],
  },
  {
    id: "many-tools-500",
    what: "More than 64 tools are a 500.",
    call: ({ body }) =>
      Array.isArray(body?.["tools"]) && body["tools"].length > 64 ? toRefusal(500, "too many tools") : undefined,
    killedBy: ["TOOL-25"],
  },
]);

function changeCalls(edit: (call: Tree) => unknown): (body: Record<string, unknown>) => unknown {
  return (body) => eachMessage(body, (message) => eachToolCall(message, edit));
}

function changeFunctions(edit: (one: Tree) => unknown): (body: Record<string, unknown>) => unknown {
  return changeCalls((call) => ("function" in call ? { ...call, function: edit(call["function"] as Tree) } : call));
}

function toMessages({ body }: ProxiedCall): readonly Tree[] {
  const messages = body?.["messages"];
  return Array.isArray(messages) ? (messages as Tree[]) : [];
}
