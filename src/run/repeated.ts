import { hash } from "node:crypto";
import type { ToolCall } from "../base/contract.ts";
import { toNamedCall } from "../base/tool-call.ts";
import type { Receipt } from "../session/store.ts";
import type { RunAnswer, RunEvent } from "./run-event.ts";

/** What tells one call of a session from another, so that a call which is sent again is not run again. */
export interface Attempt {
  /** Equal for equal calls: see `toDigest`. */
  readonly digest: string;
  /** The client says that it has sent this call before, and had no answer. */
  readonly again: boolean;
}

/** Goes up when `RunAnswer` changes: an answer of another version is none. */
const version = 1;

/** A short text for whatever makes a call what it is. */
export function toDigest(call: unknown): string {
  return hash("sha256", JSON.stringify([version, call]), "base64url");
}

export function toReceipt({ digest, again }: Attempt, answer: RunAnswer): Receipt {
  return { digest, again, answer: JSON.stringify(answer) };
}

/** Says once more what a run has answered, all of it at once. */
export function repeatAnswer(receipt: Receipt, emit: (event: RunEvent) => void): RunAnswer {
  // Written by this file, and guarded by a checksum since.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  const answer = { ...JSON.parse(receipt.answer), replayed: true } as RunAnswer;
  const { model, message, reasoning, logprobs } = answer;
  emit({ type: "model-start", model, replayed: true });
  if (reasoning !== "") emit({ type: "reasoning-delta", text: reasoning });
  if (typeof message.content === "string" && message.content !== "")
    emit({ type: "text-delta", text: message.content, ...(logprobs === undefined ? {} : { logprobs }) });
  if (message.refusal) emit({ type: "refusal-delta", text: message.refusal });
  for (const [index, call] of (message.tool_calls ?? []).entries()) repeatCall(call, index, emit);
  return answer;
}

function repeatCall(call: ToolCall, index: number, emit: (event: RunEvent) => void): void {
  const { name, text } = toNamedCall(call);
  emit({ type: "tool-call-start", index, id: call.id, kind: call.type, name });
  emit({ type: "tool-call-delta", index, kind: call.type, text });
}
