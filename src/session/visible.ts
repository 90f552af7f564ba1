import type { AssistantMessage, Message, ToolCall } from "../base/contract.ts";
import type { ServerToolMessage, StoredMessage } from "./store.ts";

/** One message as a chat client saw it. */
export interface VisibleMessage {
  readonly message: Message;
  /** The index in the stored transcript behind everything that the message stands for. */
  readonly end: number;
}

/**
 * A stored transcript as a chat client saw it: without the tools that ran inside the gateway, and what they gave.
 *
 * A client reads all that a run says until it ends as one answer, whether streamed or whole. So an answer that called
 * only such tools goes on in the next one, and their texts become one, as the deltas of a stream do. An answer with
 * calls for the client too ends the run; the results of its other calls stand directly behind it.
 */
export function toVisible(stored: readonly StoredMessage[]): readonly VisibleMessage[] {
  const visible: VisibleMessage[] = [];
  // No run writes a result without its call; one that stood first would belong to nothing.
  let index = listServerResults(stored, 0).length;
  for (let message = stored[index]; message !== undefined; message = stored[index]) {
    const span = message.role === "assistant" ? readAnswer(stored, index) : readOther(message, stored, index);
    visible.push(span);
    index = span.end;
  }
  return visible;
}

function readOther(message: Message, stored: readonly StoredMessage[], start: number): VisibleMessage {
  return { message, end: start + 1 + listServerResults(stored, start + 1).length };
}

/** Reads steps of one run, from the first until the one that the client answered, or that is the last. */
function readAnswer(stored: readonly StoredMessage[], start: number): VisibleMessage {
  const steps: AssistantMessage[] = [];
  let end = start;
  for (let step = stored[end]; step?.role === "assistant"; step = stored[end]) {
    const results = listServerResults(stored, end + 1);
    const calls = listClientCalls(step, results);
    const hidesCalls = calls.length < (step.tool_calls?.length ?? 0);
    end += 1 + results.length;
    if (!hidesCalls && steps.length === 0) return { message: step, end };
    steps.push(withCalls(step, calls));
    if (!hidesCalls || calls.length > 0) break;
  }
  return { message: joinSteps(steps), end };
}

function listServerResults(stored: readonly StoredMessage[], start: number): readonly StoredMessage[] {
  const results: StoredMessage[] = [];
  for (let next = stored[start]; next !== undefined && isServerResult(next); next = stored[start + results.length]) {
    results.push(next);
  }
  return results;
}

/** Ids are compared within one answer only: models use them again. */
function listClientCalls(step: AssistantMessage, results: readonly StoredMessage[]): readonly ToolCall[] {
  const { tool_calls: calls = [] } = step;
  if (results.length === 0) return calls;
  const answered = new Set(results.map((result) => (result.role === "tool" ? result.tool_call_id : undefined)));
  return calls.filter(({ id }) => !answered.has(id));
}

function withCalls(step: AssistantMessage, calls: readonly ToolCall[]): AssistantMessage {
  const { tool_calls: _, ...message } = step;
  return calls.length === 0 ? message : { ...message, tool_calls: [...calls] };
}

function joinSteps(steps: readonly AssistantMessage[]): AssistantMessage {
  const last: AssistantMessage = steps.at(-1) ?? { role: "assistant" };
  const text = steps.map(toText).join("");
  const refusal = steps.map((step) => step.refusal ?? "").join("");
  const isSilent = text === "" && (last.tool_calls !== undefined || refusal !== "");
  return { ...last, content: isSilent ? null : text, ...(refusal === "" ? {} : { refusal }) };
}

function toText({ content }: AssistantMessage): string {
  if (content == null || typeof content === "string") return content ?? "";
  return content.map((part) => (part.type === "text" ? part.text : "")).join("");
}

function isServerResult(message: StoredMessage): message is ServerToolMessage {
  return message.role === "tool" && "origin" in message && message.origin === "server";
}
