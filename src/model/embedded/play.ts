import type { FinishReason, Usage } from "../../base/contract.ts";
import type { ModelEnd, ModelEvent, ModelRequest } from "../model.ts";
import { toBeats, type Beat } from "./beat.ts";
import { capTokens, cutAtStop, type Spent } from "./cap.ts";
import type { FileStep, ScriptedUsage } from "./scenario-step.ts";
import { toStopSequences } from "../stop.ts";
import { countInSlices, countPromptTokens } from "../tokens.ts";

/** A model event, or a time to wait before the next one: at least a turn of the event loop. */
export type Moment = ModelEvent | { readonly type: "pause"; readonly ms: number };

/**
 * Plays the steps as a model that obeys `stop`, `max_completion_tokens`, `tool_choice: "none"` and
 * `parallel_tool_calls`, and returns how it ended. It is synchronous, so that a fast answer costs no promises: whoever
 * reads it waits at the pauses. Throws what the steps say that the model throws.
 */
export function* play(steps: readonly FileStep[], request: ModelRequest): Generator<Moment, ModelEnd, undefined> {
  const spent: Spent = { total: 0, reasoning: 0 };
  let accepted = false;
  let calls = 0;
  let finish: FinishReason | undefined;
  let reasoned = false;
  for (const beat of limitedBeats(steps, request, spent)) {
    if (!accepted && beat.type !== "pause") {
      accepted = true;
      yield { type: "start" };
    }
    if (beat.type === "call") calls += 1;
    if (beat.type === "reasoning") reasoned = true;
    if (beat.type === "finish") finish = beat.reason;
    else if (beat.type !== "accept") yield toMoment(beat, calls - 1);
  }
  if (!accepted) yield { type: "start" };
  const scripted = scriptedUsage(steps);
  const prompt = scripted.promptTokens ?? (yield* countPrompt(request));
  return {
    finishReason: finish ?? (calls > 0 ? "tool_calls" : "stop"),
    usage: toUsage(prompt, spent, scripted),
    // It needs nothing back; but it is what an agent's way through a thinking model can be tried with.
    state: reasoned ? { reasoningField: "reasoning_content" } : undefined,
  };
}

function limitedBeats(steps: readonly FileStep[], request: ModelRequest, spent: Spent): Iterable<Beat> {
  const { settings } = request;
  const sequences = toStopSequences(settings.stop);
  const beats = toBeats(steps, settings);
  const cut = sequences.length > 0 ? cutAtStop(beats, sequences) : beats;
  return capTokens(cut, settings.max_completion_tokens ?? Infinity, spent);
}

function toMoment(beat: Exclude<Beat, { type: "accept" | "finish" }>, index: number): Moment {
  switch (beat.type) {
    case "pause":
      return beat;
    case "text":
      return { type: "text-delta", text: beat.text };
    case "reasoning":
      return { type: "reasoning-delta", text: beat.text };
    case "refusal":
      return { type: "refusal-delta", text: beat.text };
    case "call":
      return { type: "tool-call-start", index, id: beat.id, kind: beat.kind, name: beat.name };
    case "arguments":
      return { type: "tool-call-delta", index, kind: beat.kind, text: beat.text };
  }
}

function scriptedUsage(steps: readonly FileStep[]): ScriptedUsage {
  let scripted: ScriptedUsage = {};
  for (const step of steps) if (step.usage) scripted = step.usage;
  return scripted;
}

/** Of a long one with turns for others in between. */
function* countPrompt({ messages, tools }: ModelRequest): Generator<Moment, number, undefined> {
  const count = countPromptTokens(messages, tools);
  if (count !== undefined) return count;
  const counting = countInSlices(messages, tools);
  for (;;) {
    // Before the first one too: to find out that it is long took as long as a slice.
    yield { type: "pause", ms: 0 };
    const { done, value } = counting.next();
    if (done === true) return value;
  }
}

function toUsage(prompt: number, spent: Spent, scripted: ScriptedUsage): Usage {
  const completion = scripted.completionTokens ?? spent.total;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: scripted.cachedTokens ?? 0 },
    completion_tokens_details: { reasoning_tokens: scripted.reasoningTokens ?? spent.reasoning },
  };
}
