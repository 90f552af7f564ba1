import type { Chunk, ProxiedAnswer, ProxiedCall } from "./mutant.ts";

type Tree = Record<string, unknown>;

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object without some of its keys. */
export function without(object: object, ...keys: readonly string[]): Tree {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

/** Changes every choice of a completion or a chunk. */
export function eachChoice(body: Tree, edit: (choice: Tree) => unknown): Tree {
  const { choices } = body;
  return Array.isArray(choices)
    ? { ...body, choices: choices.map((choice) => (isTree(choice) ? edit(choice) : choice)) }
    : body;
}

/** Changes the message of every choice of a completion. */
export function eachMessage(body: Tree, edit: (message: Tree) => unknown): Tree {
  return eachChoice(body, (choice) => ({
    ...choice,
    message: isTree(choice["message"]) ? edit(choice["message"]) : choice["message"],
  }));
}

/** Changes the delta of every choice of a chunk. */
export function eachDelta(chunk: Chunk, edit: (delta: Tree) => unknown): Chunk {
  return eachChoice(chunk, (choice) => ({
    ...choice,
    delta: isTree(choice["delta"]) ? edit(choice["delta"]) : choice["delta"],
  }));
}

/** Changes every tool call of a message or a delta. */
export function eachToolCall(holder: Tree, edit: (call: Tree) => unknown): Tree {
  const calls = holder["tool_calls"];
  return Array.isArray(calls)
    ? { ...holder, tool_calls: calls.map((call) => (isTree(call) ? edit(call) : call)) }
    : holder;
}

/** The deltas of a chunk's choices. */
export function toDeltas(chunk: Chunk): Tree[] {
  const { choices } = chunk;
  return Array.isArray(choices)
    ? choices.flatMap((choice) => (isTree(choice) && isTree(choice["delta"]) ? [choice["delta"]] : []))
    : [];
}

/** Whether a choice of the chunk says how it ended. */
export function isFinish(chunk: Chunk): boolean {
  const { choices } = chunk;
  return (
    Array.isArray(choices) && choices.some((choice) => isTree(choice) && typeof choice["finish_reason"] === "string")
  );
}

/** The request with other fields in its body; undefined leaves one out. Nothing if the body is not JSON. */
export function withFields(call: ProxiedCall, fields: Tree): Pick<ProxiedCall, "bytes"> | undefined {
  return call.body === undefined ? undefined : { bytes: Buffer.from(JSON.stringify({ ...call.body, ...fields })) };
}

/** A refusal with the envelope of OpenAI. */
export function toRefusal(status: number, message: string, param: string | null = null): ProxiedAnswer {
  const error = { message, type: "invalid_request_error", param, code: null };
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify({ error }) };
}

/** The same answer with other headers. */
export function withHeaders(answer: ProxiedAnswer, headers: Readonly<Record<string, string>>): ProxiedAnswer {
  return { ...answer, headers: { ...answer.headers, ...headers } };
}
