// Pieces of conversations that several cases send.

export const toolCall = {
  id: "call_1",
  type: "function",
  function: { name: "get_weather", arguments: '{"city":"Oslo"}' },
} as const;

export const weatherTool = {
  type: "function",
  function: {
    name: "get_weather",
    description: "The weather in a city.",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
} as const;

export function toText(text: string): { type: "text"; text: string } {
  return { type: "text", text };
}

/** A whole round with a tool; `assistant` and `tool` are added to or replace what the two messages have. */
export function toToolRound(question: string, assistant: object = {}, tool: object = {}): object[] {
  return [
    { role: "user", content: "What is the weather in Oslo?" },
    { role: "assistant", content: null, tool_calls: [toolCall], ...assistant },
    { role: "tool", tool_call_id: toolCall.id, content: "rain", ...tool },
    { role: "assistant", content: "It rains." },
    { role: "user", content: question },
  ];
}
