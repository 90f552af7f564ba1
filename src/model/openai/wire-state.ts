import type { AssistantMessage, ToolCall } from "../../base/contract.ts";
import { type StateField, stateFields, toStateOwner } from "../../base/model-state.ts";
import type { Quirks } from "./quirks.ts";

interface StateQuirks extends Pick<Quirks, "replays" | "requiresReasoningContent" | "signed"> {
  readonly model: string;
}

/** Kimi takes an empty text for none. */
const noReasoning = " ";
/** https://ai.google.dev/gemini-api/docs/thought-signatures */
const noSignature = { google: { thought_signature: "skip_thought_signature_validator" } };

export type WireState = { readonly [F in StateField]?: unknown };

/**
 * What an answer brings back to its model. A server gets back all that it has given itself; of what a client tells
 * without saying whose it is, only the fields that the server is known to take: many refuse the others.
 */
export function toWireState(message: AssistantMessage, { replays, requiresReasoningContent }: StateQuirks): WireState {
  const known: readonly StateField[] = toStateOwner(message) === undefined ? replays : stateFields;
  const state: Partial<Record<StateField, unknown>> = {};
  for (const field of stateFields) {
    const name = known.includes(field) ? field : toOtherName(field);
    if (message[field] != null && name !== undefined && known.includes(name)) state[name] ??= message[field];
  }
  if (requiresReasoningContent) state.reasoning_content ??= noReasoning;
  return state;
}

/** Of reasoning, the fields of which such an answer brings back nothing. */
export function listDroppedFields({ replays }: Pick<Quirks, "replays">): StateField[] {
  const isTaken = (field: StateField | undefined): boolean => field !== undefined && replays.includes(field);
  // What else a vendor has is not looked at here: of `extra_content` some take parts.
  return stateFields.filter((field) => field !== "extra_content" && !isTaken(field) && !isTaken(toOtherName(field)));
}

/** Reasoning text has two names, and a server knows one or both. */
function toOtherName(field: StateField): StateField | undefined {
  if (field === "reasoning_content") return "reasoning";
  return field === "reasoning" ? "reasoning_content" : undefined;
}

/** What a call of this answer brings back. */
export function toWireExtra(
  call: ToolCall,
  message: AssistantMessage,
  { replays, signed, model }: StateQuirks,
): { readonly extra_content?: unknown } {
  const isTaken = toStateOwner(message) !== undefined || replays.includes("extra_content");
  const { tool_calls: calls } = message;
  if (isTaken && call.extra_content != null) return { extra_content: call.extra_content };
  // Of calls made together the first one alone is signed.
  const isUnsigned = calls?.[0] === call && !calls.some(({ extra_content: extra }) => isTaken && extra != null);
  return isUnsigned && signed?.test(model) === true ? { extra_content: noSignature } : {};
}
