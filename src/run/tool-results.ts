import type { Message } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";

/**
 * Every tool result must answer a call that stands before it. Providers refuse anything else, and a result bound to
 * no call would be text from nowhere. Throws `invalid_value` with the place in the client's own list.
 */
export function assertToolResultsBound(history: readonly Message[], sent: readonly Message[]): void {
  if (!history.some(({ role }) => role === "tool")) return;
  const called = new Set<string>();
  for (const message of history) {
    if (message.role === "assistant") for (const { id } of message.tool_calls ?? []) called.add(id);
    if (message.role !== "tool" || called.has(message.tool_call_id)) continue;
    const { tool_call_id: id } = message;
    const param = `messages[${sent.findIndex((one) => one.role === "tool" && one.tool_call_id === id)}].tool_call_id`;
    throw new GatewayError(
      "invalid_value",
      `Invalid value for '${param}': no earlier assistant message has a tool call with the id '${id.slice(0, 64)}'.`,
      { param },
    );
  }
}
