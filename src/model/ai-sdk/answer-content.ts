import type { LanguageModelV4Message, LanguageModelV4TextPart, LanguageModelV4ToolCallPart } from "@ai-sdk/provider";
import type { AssistantMessage, ToolCall } from "../../base/contract.ts";
import type { ReasoningDetail } from "../../base/model-state.ts";
import { type StateForm, toReasoningPart } from "./vendor-state.ts";

export type AnswerContent = Extract<LanguageModelV4Message, { role: "assistant" }>["content"];

/** What was said in an answer, in the words of `@ai-sdk`. */
interface Said {
  readonly texts: readonly LanguageModelV4TextPart[];
  /** Of the message's own calls first, then of a legacy one. */
  readonly calls: readonly LanguageModelV4ToolCallPart[];
}

/** Puts together again what the model has said and what it must get back, in the order in which it came. */
export function toAnswerContent(message: AssistantMessage, { texts, calls }: Said, form: StateForm): AnswerContent {
  const { tool_calls: own = [], reasoning_details: details } = message;
  const signedCalls = calls.map((call, index) => withExtra(call, own?.[index], form));
  const signedTexts = signLast(texts, message, form);
  const runs = toRuns(details ?? []);
  if (runs.length === 0) return [...signedTexts, ...signedCalls];

  const content: AnswerContent = [];
  const text = signedTexts.map((part) => part.text).join("");
  let rest: readonly LanguageModelV4TextPart[] = signedTexts;
  let textAt = 0;
  let callAt = 0;
  for (const { before, details: run } of runs) {
    const textEnd = before === undefined ? textAt : Math.max(textAt, text.length - before.text);
    const callEnd = before === undefined ? callAt : Math.max(callAt, calls.length - before.calls);
    const [head, tail] = cut(rest, textEnd - textAt);
    content.push(...head, ...signedCalls.slice(callAt, callEnd));
    [rest, textAt, callAt] = [tail, textEnd, callEnd];
    content.push(...form.toThoughts(run).map((thought) => toReasoningPart(form, thought)));
  }
  content.push(...rest, ...signedCalls.slice(callAt));
  return content;
}

function withExtra(
  part: LanguageModelV4ToolCallPart,
  call: ToolCall | undefined,
  form: StateForm,
): LanguageModelV4ToolCallPart {
  const options = call?.extra_content == null ? undefined : form.fromExtra(call.extra_content);
  return options === undefined ? part : { ...part, providerOptions: { [form.key]: options } };
}

/** Of several texts the last one is signed, or an empty one, as Gemini signs it. */
function signLast(
  texts: readonly LanguageModelV4TextPart[],
  { extra_content: extra }: AssistantMessage,
  form: StateForm,
): readonly LanguageModelV4TextPart[] {
  const options = extra == null ? undefined : form.fromExtra(extra);
  if (options === undefined) return texts;
  const last = texts.at(-1) ?? { type: "text", text: "" };
  return [...texts.slice(0, -1), { ...last, providerOptions: { [form.key]: options } }];
}

interface Place {
  readonly text: number;
  readonly calls: number;
}

interface Run {
  /** How much of the answer comes behind; undefined at its beginning. */
  readonly before: Place | undefined;
  readonly details: ReasoningDetail[];
}

/** Details that stand together, in their order. */
function toRuns(details: readonly ReasoningDetail[]): Run[] {
  const runs: Run[] = [];
  for (const detail of details) {
    const before = toPlace(detail["before"]);
    const last = runs.at(-1);
    if (last !== undefined && last.before?.text === before?.text && last.before?.calls === before?.calls) {
      last.details.push(detail);
    } else {
      runs.push({ before, details: [detail] });
    }
  }
  return runs;
}

function toPlace(value: unknown): Place | undefined {
  if (typeof value !== "object" || value === null || !("text" in value) || !("calls" in value)) return undefined;
  const { text, calls } = value;
  return typeof text === "number" && typeof calls === "number" ? { text, calls } : undefined;
}

/** The parts of the first `length` characters, and the rest. */
function cut(
  parts: readonly LanguageModelV4TextPart[],
  length: number,
): readonly [LanguageModelV4TextPart[], LanguageModelV4TextPart[]] {
  const head: LanguageModelV4TextPart[] = [];
  const tail: LanguageModelV4TextPart[] = [];
  let left = length;
  for (const part of parts) {
    const taken = Math.min(left, part.text.length);
    const isWhole = taken === part.text.length;
    // What belongs to a text stands with its end.
    if (taken > 0) head.push(isWhole ? part : { type: "text", text: part.text.slice(0, taken) });
    if (!isWhole || part.text === "") tail.push({ ...part, text: part.text.slice(taken) });
    left -= taken;
  }
  return [head, tail];
}
