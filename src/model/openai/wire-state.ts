import type { AssistantMessage, ToolCall } from "../../base/contract.ts";
import { type StateField, stateFields, toStateOwner } from "../../base/model-state.ts";
import type { Quirks } from "./quirks.ts";

type Replays = Pick<Quirks, "replays">;

export type WireState = { readonly [F in StateField]?: unknown };

/**
 * What an answer brings back to its model. A server gets back all that it has given itself; of what a client tells
 * without saying whose it is, only the fields that the server is known to take: many refuse the others.
 */
export function toWireState(message: AssistantMessage, { replays }: Replays): WireState {
  const known: readonly StateField[] = toStateOwner(message) === undefined ? replays : stateFields;
  const state: Partial<Record<StateField, unknown>> = {};
  for (const field of stateFields) {
    const name = known.includes(field) ? field : toOtherName(field);
    if (message[field] != null && name !== undefined && known.includes(name)) state[name] ??= message[field];
  }
  return state;
}

/** Reasoning text has two names, and a server knows one or both. */
function toOtherName(field: StateField): StateField | undefined {
  if (field === "reasoning_content") return "reasoning";
  return field === "reasoning" ? "reasoning_content" : undefined;
}

/** What a call of this answer brings back. */
export function toWireExtra(
  { extra_content }: ToolCall,
  message: AssistantMessage,
  { replays }: Replays,
): { readonly extra_content?: unknown } {
  const isTaken = toStateOwner(message) !== undefined || replays.includes("extra_content");
  return extra_content != null && isTaken ? { extra_content } : {};
}
