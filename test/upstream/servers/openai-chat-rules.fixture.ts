import type { Body } from "./script.fixture.ts";

export interface ChatMessage {
  readonly role: string;
  readonly content?: unknown;
  readonly name?: string;
  readonly tool_call_id?: string;
  readonly tool_calls?: readonly {
    readonly id: string;
    readonly type: string;
    readonly function?: { readonly name: string; readonly arguments: string };
    readonly custom?: { readonly name: string };
  }[];
}

const roles: ReadonlySet<string> = new Set(["system", "developer", "user", "assistant", "tool", "function"]);
const toolName = /^[a-zA-Z0-9_-]{1,64}$/;

/** What OpenAI's Chat Completions says to a request whose form is wrong; undefined if it is right. */
export function refuseChat(body: Body): string | undefined {
  const messages = body["messages"] as readonly ChatMessage[] | undefined;
  if (messages === undefined) return "Missing required parameter: 'messages'.";
  return refuseToolFields(body) ?? refuseMessages(messages) ?? refusePairs(messages);
}

function refuseToolFields(body: Body): string | undefined {
  const tools = body["tools"] as readonly unknown[] | undefined;
  if (tools?.length === 0)
    return "Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty array instead.";
  for (const name of ["tool_choice", "parallel_tool_calls"])
    if (tools === undefined && name in body)
      return `Invalid value for '${name}': '${name}' is only allowed when 'tools' are specified.`;
  return "function_call" in body && !("functions" in body)
    ? "Invalid value for 'function_call': 'function_call' is only allowed when 'functions' are specified."
    : undefined;
}

function refuseMessages(messages: readonly ChatMessage[]): string | undefined {
  if (messages.length === 0) return "Invalid 'messages': empty array. Expected an array with minimum length 1.";
  for (const [index, { role, content, name, tool_calls: calls }] of messages.entries()) {
    const at = `messages[${index}]`;
    if (!roles.has(role)) return `Invalid value: '${role}'. Supported values are: 'system', 'assistant', 'user', …`;
    if (content == null && role !== "assistant" && role !== "function")
      return `Invalid value for 'content': expected a string, got null. (${at})`;
    if (Array.isArray(content) && content.length === 0) return `Invalid '${at}.content': empty array.`;
    if (name !== undefined && !/^[^\s<|\\/>]{1,64}$/.test(name))
      return `Invalid '${at}.name': string does not match pattern. Expected a string that matches '^[^\\s<|\\\\/>]+$'.`;
    if (calls?.length === 0) return `Invalid '${at}.tool_calls': empty array. Expected an array with minimum length 1.`;
    for (const call of calls ?? []) {
      if (call.id.length > 40)
        return `Invalid '${at}.tool_calls[0].id': string too long. Expected a string with maximum length 40, but got a string with length ${call.id.length} instead.`;
      if (!toolName.test((call.function ?? call.custom)?.name ?? ""))
        return `Invalid '${at}.tool_calls[0].function.name': string does not match pattern '^[a-zA-Z0-9_-]+$'.`;
    }
  }
  return undefined;
}

function refusePairs(messages: readonly ChatMessage[]): string | undefined {
  let owed = new Set<string>();
  const unanswered = (): string =>
    `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${[...owed].join(", ")}`;
  for (const { role, tool_call_id: id, tool_calls: calls } of messages) {
    if (role === "tool") {
      if (!owed.delete(id ?? ""))
        return "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.";
      continue;
    }
    if (owed.size > 0) return unanswered();
    owed = new Set(calls?.map((call) => call.id));
    if (owed.size < (calls?.length ?? 0)) return "Invalid 'messages': duplicate tool call ids in one message.";
  }
  return owed.size > 0 ? unanswered() : undefined;
}
