import type { Tool, ToolCall } from "./contract.ts";

/** A tool call of either kind. */
export interface NamedCall {
  readonly id: string;
  readonly name: string;
  /** The JSON arguments of a function, or the input of a custom tool, as the model wrote them. */
  readonly text: string;
}

export function toNamedCall(call: ToolCall): NamedCall {
  return call.type === "function"
    ? { id: call.id, name: call.function.name, text: call.function.arguments }
    : { id: call.id, name: call.custom.name, text: call.custom.input };
}

export function toToolName(tool: Tool): string {
  return tool.type === "function" ? tool.function.name : tool.custom.name;
}
