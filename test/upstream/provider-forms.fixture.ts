import type { FunctionTool, Message } from "../../src/base/contract.ts";
import type { ModelRequest } from "../../src/model/model.ts";
import type { RemoteSubject } from "./provider-subjects.fixture.ts";

type Api = RemoteSubject["api"];
/** What each vendor's request must hold; a key that is not named may be there. */
type Forms = Readonly<Record<Api, object>>;

export const weather: FunctionTool = {
  type: "function",
  function: {
    name: "get_weather",
    description: "The weather",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};
export const clock: FunctionTool = { type: "function", function: { name: "get_time" } };

/** Of a PNG, the beginning: nobody here looks further. */
const image = "iVBORw0KGgo=";

export const called: readonly Message[] = [
  { role: "user", content: "Oslo and Rome?" },
  {
    role: "assistant",
    content: null,
    tool_calls: [
      { id: "call_a", type: "function", function: { name: "get_weather", arguments: '{"city":"Oslo"}' } },
      { id: "call_b", type: "function", function: { name: "get_time", arguments: "" } },
    ],
  },
  { role: "tool", tool_call_id: "call_a", content: "snow" },
  { role: "tool", tool_call_id: "call_b", content: [{ type: "text", text: "12:00" }] },
];

/** One thing to say, and how each vendor wants to hear it. */
export interface Form {
  readonly what: string;
  readonly messages?: readonly Message[];
  readonly request?: Partial<ModelRequest>;
  readonly want: Forms;
}

export const forms: readonly Form[] = [
  {
    what: "instructions and a conversation",
    messages: [
      { role: "system", content: "Be brief." },
      { role: "developer", content: [{ type: "text", text: "Be kind." }] },
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Hello." },
      { role: "user", content: [{ type: "text", text: "Who are you?" }] },
    ],
    want: {
      "openai-completions": {
        messages: [
          { role: "system", content: "Be brief.\n\nBe kind." },
          { role: "user", content: "Hi" },
          { role: "assistant", content: "Hello." },
          { role: "user", content: [{ type: "text", text: "Who are you?" }] },
        ],
        stream: true,
      },
      "openai-responses": {
        input: [
          { role: "system", content: "Be brief." },
          { role: "system", content: "Be kind." },
          { role: "user", content: [{ type: "input_text", text: "Hi" }] },
          { role: "assistant" },
          { role: "user", content: [{ type: "input_text", text: "Who are you?" }] },
        ],
        stream: true,
        store: false,
      },
      "anthropic-messages": {
        system: [
          { type: "text", text: "Be brief." },
          { type: "text", text: "Be kind." },
        ],
        messages: [
          { role: "user", content: [{ type: "text", text: "Hi" }] },
          { role: "assistant", content: [{ type: "text", text: "Hello." }] },
          { role: "user", content: [{ type: "text", text: "Who are you?" }] },
        ],
        stream: true,
      },
      "google-generative-ai": {
        systemInstruction: { parts: [{ text: "Be brief." }, { text: "Be kind." }] },
        contents: [
          { role: "user", parts: [{ text: "Hi" }] },
          { role: "model", parts: [{ text: "Hello." }] },
          { role: "user", parts: [{ text: "Who are you?" }] },
        ],
      },
    },
  },
  {
    what: "tool results, bound to their calls by the same ids",
    messages: called,
    request: { tools: [weather, clock] },
    want: {
      "openai-completions": {
        messages: [
          { role: "user" },
          {
            role: "assistant",
            tool_calls: [
              { id: "call_a", function: { name: "get_weather", arguments: '{"city":"Oslo"}' } },
              { id: "call_b" },
            ],
          },
          { role: "tool", tool_call_id: "call_a", content: "snow" },
          { role: "tool", tool_call_id: "call_b" },
        ],
      },
      "openai-responses": {
        input: [
          { role: "user" },
          { type: "function_call", call_id: "call_a", name: "get_weather", arguments: '{"city":"Oslo"}' },
          { type: "function_call", call_id: "call_b", name: "get_time", arguments: "{}" },
          { type: "function_call_output", call_id: "call_a", output: "snow" },
          { type: "function_call_output", call_id: "call_b", output: "12:00" },
        ],
      },
      "anthropic-messages": {
        messages: [
          { role: "user" },
          {
            role: "assistant",
            content: [
              { type: "tool_use", id: "call_a", name: "get_weather", input: { city: "Oslo" } },
              { type: "tool_use", id: "call_b", name: "get_time", input: {} },
            ],
          },
          {
            role: "user",
            content: [
              { type: "tool_result", tool_use_id: "call_a", content: "snow" },
              { type: "tool_result", tool_use_id: "call_b", content: "12:00" },
            ],
          },
        ],
      },
      "google-generative-ai": {
        contents: [
          { role: "user" },
          {
            role: "model",
            parts: [
              { functionCall: { id: "call_a", name: "get_weather", args: { city: "Oslo" } } },
              { functionCall: { id: "call_b", name: "get_time", args: {} } },
            ],
          },
          {
            role: "user",
            parts: [
              { functionResponse: { id: "call_a", name: "get_weather", response: { content: "snow" } } },
              { functionResponse: { id: "call_b", name: "get_time", response: { content: "12:00" } } },
            ],
          },
        ],
      },
    },
  },
  {
    what: "the results of legacy function calls",
    messages: [
      { role: "user", content: "Time?" },
      { role: "assistant", content: null, function_call: { name: "get_time", arguments: "{}" } },
      { role: "function", name: "get_time", content: "12:00" },
    ],
    request: { tools: [clock] },
    want: {
      "openai-completions": {
        messages: [
          { role: "user" },
          { role: "assistant", tool_calls: [{ id: "call_function_1", function: { name: "get_time" } }] },
          { role: "tool", tool_call_id: "call_function_1", content: "12:00" },
        ],
      },
      "openai-responses": {
        input: [
          { role: "user" },
          { type: "function_call", call_id: "call_function_1", name: "get_time" },
          { type: "function_call_output", call_id: "call_function_1", output: "12:00" },
        ],
      },
      "anthropic-messages": {
        messages: [
          { role: "user" },
          { role: "assistant", content: [{ type: "tool_use", id: "call_function_1", name: "get_time", input: {} }] },
          { role: "user", content: [{ type: "tool_result", tool_use_id: "call_function_1", content: "12:00" }] },
        ],
      },
      "google-generative-ai": {
        contents: [
          { role: "user" },
          { role: "model", parts: [{ functionCall: { id: "call_function_1", name: "get_time" } }] },
          { role: "user", parts: [{ functionResponse: { id: "call_function_1", name: "get_time" } }] },
        ],
      },
    },
  },
  {
    what: "an image",
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "What is it?" },
          { type: "image_url", image_url: { url: `data:image/png;base64,${image}`, detail: "low" } },
        ],
      },
    ],
    want: {
      "openai-completions": {
        messages: [
          {
            content: [
              { type: "text", text: "What is it?" },
              { type: "image_url", image_url: { url: `data:image/png;base64,${image}`, detail: "low" } },
            ],
          },
        ],
      },
      "openai-responses": {
        input: [
          {
            content: [
              { type: "input_text", text: "What is it?" },
              { type: "input_image", image_url: `data:image/png;base64,${image}`, detail: "low" },
            ],
          },
        ],
      },
      "anthropic-messages": {
        messages: [
          {
            content: [
              { type: "text", text: "What is it?" },
              { type: "image", source: { type: "base64", media_type: "image/png", data: image } },
            ],
          },
        ],
      },
      "google-generative-ai": {
        contents: [{ parts: [{ text: "What is it?" }, { inlineData: { mimeType: "image/png", data: image } }] }],
      },
    },
  },
  {
    what: "tools, and which of them must be called",
    request: {
      tools: [weather, clock],
      settings: { tool_choice: { type: "function", function: { name: "get_time" } } },
    },
    want: {
      "openai-completions": {
        tools: [weather, clock],
        tool_choice: { type: "function", function: { name: "get_time" } },
      },
      "openai-responses": {
        tools: [
          { type: "function", name: "get_weather", parameters: weather.function.parameters },
          { type: "function", name: "get_time" },
        ],
        tool_choice: { type: "function", name: "get_time" },
      },
      "anthropic-messages": {
        tools: [
          { name: "get_weather", description: "The weather", input_schema: weather.function.parameters },
          { name: "get_time", input_schema: { type: "object" } },
        ],
        tool_choice: { type: "tool", name: "get_time" },
      },
      "google-generative-ai": {
        tools: [{ functionDeclarations: [{ name: "get_weather", description: "The weather" }, { name: "get_time" }] }],
        toolConfig: { functionCallingConfig: { mode: "ANY", allowedFunctionNames: ["get_time"] } },
      },
    },
  },
  ...(["required", "none"] as const).map((choice) => ({
    what: `the tool choice ${choice}`,
    request: { tools: [clock], settings: { tool_choice: choice } },
    want: {
      "openai-completions": { tool_choice: choice },
      "openai-responses": { tool_choice: choice },
      "anthropic-messages": { tool_choice: { type: choice === "required" ? "any" : "none" } },
      "google-generative-ai": {
        toolConfig: { functionCallingConfig: { mode: choice === "required" ? "ANY" : "NONE" } },
      },
    },
  })),
  {
    what: "a JSON schema for the answer",
    request: {
      settings: {
        response_format: {
          type: "json_schema",
          json_schema: {
            name: "city",
            strict: true,
            schema: {
              type: "object",
              properties: { name: { type: "string" } },
              required: ["name"],
              additionalProperties: false,
            },
          },
        },
      },
    },
    want: {
      "openai-completions": { response_format: { type: "json_schema", json_schema: { name: "city", strict: true } } },
      "openai-responses": {
        text: { format: { type: "json_schema", name: "city", strict: true, schema: { required: ["name"] } } },
      },
      "anthropic-messages": { output_config: { format: { type: "json_schema", schema: { required: ["name"] } } } },
      "google-generative-ai": {
        generationConfig: { responseMimeType: "application/json", responseJsonSchema: { required: ["name"] } },
      },
    },
  },
  {
    what: "the settings that the vendor knows",
    request: {
      tools: [clock],
      settings: {
        max_completion_tokens: 321,
        temperature: 0.5,
        top_p: 0.9,
        stop: ["END", ""],
        seed: 7,
        parallel_tool_calls: false,
        safety_identifier: "someone",
        logit_bias: { "1": 1 },
        service_tier: "scale",
      },
    },
    want: {
      "openai-completions": { max_tokens: 321, temperature: 0.5, top_p: 0.9, seed: 7, parallel_tool_calls: false },
      "openai-responses": {
        max_output_tokens: 321,
        temperature: 0.5,
        top_p: 0.9,
        parallel_tool_calls: false,
        safety_identifier: "someone",
      },
      "anthropic-messages": {
        max_tokens: 321,
        temperature: 0.5,
        stop_sequences: ["END"],
        tool_choice: { type: "auto", disable_parallel_tool_use: true },
        metadata: { user_id: "someone" },
      },
      "google-generative-ai": {
        generationConfig: { maxOutputTokens: 321, temperature: 0.5, topP: 0.9, seed: 7, stopSequences: ["END"] },
      },
    },
  },
];
