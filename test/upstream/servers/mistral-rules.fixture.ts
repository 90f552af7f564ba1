import { type ChatMessage, refuseChat } from "./openai-chat-rules.fixture.ts";
import type { Body } from "./script.fixture.ts";

/** Who may speak after whom. */
const followers: Readonly<Record<string, readonly string[]>> = {
  system: ["system", "user", "assistant"],
  user: ["system", "user", "assistant"],
  assistant: ["user", "assistant", "tool"],
  tool: ["assistant", "tool"],
};

/** The same of Mistral: https://github.com/mistralai/mistral-common, whose checks its API makes. */
export function refuseMistral(body: Body): string | undefined {
  const messages = body["messages"] as readonly ChatMessage[];
  return refuseForms(messages) ?? refuseOrder(messages) ?? refuseChat(body);
}

function refuseForms(messages: readonly ChatMessage[]): string | undefined {
  for (const { role, content, name, tool_calls: calls, tool_call_id: result } of messages) {
    if (name !== undefined) return `Extra inputs are not permitted: ${role}.name`;
    const isEmpty = content == null || content === "" || (Array.isArray(content) && content.length === 0);
    if (role === "assistant" && isEmpty && calls === undefined)
      return "Assistant message must have either content or tool_calls, but not none.";
    for (const id of [...(calls ?? []).map((call) => call.id), ...(result === undefined ? [] : [result])])
      if (!/^[a-zA-Z0-9]{9}$/.test(id)) return `Tool call id was ${id} but must be a-z, A-Z, 0-9, with a length of 9.`;
    if (calls?.some(({ type }) => type !== "function") === true) return "Input should be 'function': tool_calls.type";
  }
  return undefined;
}

function refuseOrder(messages: readonly ChatMessage[]): string | undefined {
  for (const [index, { role }] of messages.entries()) {
    const before = messages[index - 1]?.role;
    if (before !== undefined && followers[before]?.includes(role) !== true)
      return `Unexpected role '${role}' after role '${before}'`;
  }
  const last = messages.at(-1)?.role ?? "none";
  if (last === "user" || last === "tool") return undefined;
  return `Expected last role User or Tool (or Assistant with prefix True) for serving but got ${last}`;
}
