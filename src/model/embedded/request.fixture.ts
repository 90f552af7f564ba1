import type { Message } from "../../base/contract.ts";
import type { ModelEvent, ModelRequest } from "../model.ts";

/** A request of the model `assistant`; a text stands for one user message. */
export function toRequest(said: string | readonly Message[], more: Partial<ModelRequest> = {}): ModelRequest {
  const messages: readonly Message[] = typeof said === "string" ? [{ role: "user", content: said }] : said;
  return { model: "assistant", agentId: "main", messages, tools: [], settings: {}, ...more };
}

export function joinText(
  events: Iterable<ModelEvent | { type: "pause" }>,
  type: ModelEvent["type"] = "text-delta",
): string {
  let text = "";
  for (const event of events) if (event.type === type && "text" in event) text += event.text;
  return text;
}
